"""What is told about escalations, grants and holdbacks, by the kind of the notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.composed import Composed, Composer
from bot.slack.identity import Readers
from bot.slack.views.blocks import Message
from bot.slack.views.escalation import (
    answer_message,
    grant_ended_message,
    holdback_message,
    question_message,
    reminder_message,
    unreached_question,
)
from bot.slack.views.mrkdwn import is_user
from core.services.ask_for_more import HOLDBACK
from core.services.escalate import ANSWER, ESCALATION, REMINDER, UNREACHED
from core.services.keep_promises import GRANT_ENDED
from core.store.outbox import Notice

_PLAIN: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    ANSWER: answer_message, REMINDER: reminder_message, GRANT_ENDED: grant_ended_message,
    HOLDBACK: holdback_message,
}  # fmt: skip


def response_composers(readers: Readers, zone: ZoneInfo) -> Mapping[str, Composer]:
    """One composer a kind; `zone` is for channels, that many people read: the books' own."""

    async def question(notice: Notice) -> Composed:
        reader = await readers.zone_of(notice.recipient) if is_user(notice.recipient) else zone
        return Composed(lambda _: question_message(notice.facts, reader=reader, to=notice.recipient))

    async def unreached(notice: Notice) -> Composed:
        reader = await readers.zone_of(notice.recipient)
        return Composed(lambda _: unreached_question(notice.facts, reader=reader))

    async def plain(notice: Notice) -> Composed:
        return Composed(lambda _: _PLAIN[notice.kind](notice.facts))

    return {ESCALATION: question, UNREACHED: unreached, **dict.fromkeys(_PLAIN, plain)}
