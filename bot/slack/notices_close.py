"""What the close's notices look like, by their kind."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.composed import Composed, Composer
from bot.slack.views.close import close_message, discuss_message
from core.services.propose_envelopes import DISCUSS
from core.services.tell_close import KIND
from core.store.outbox import Notice


def close_composers(zone: ZoneInfo) -> Mapping[str, Composer]:
    """`zone` is the books': the month ends in it, and so do its days of grace."""

    async def close(notice: Notice) -> Composed:
        return Composed(lambda _: close_message(notice.facts, zone))

    async def call(notice: Notice) -> Composed:
        return Composed(lambda _: discuss_message(notice.facts))

    return {KIND: close, DISCUSS: call}
