"""The one guard that every listener wears: a refusal becomes a sentence, anything else a reference number and a traceback.

A Bolt listener that raises just after `ack()` costs three seconds and a 404 (slack_bolt 1.30), so nothing gets out.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from bot.slack.views.blocks import Message
from bot.slack.views.refusal import reference_message, refusal_message
from core.errors import BudgetError

log = logging.getLogger(__name__)

Tell = Callable[[Message], Awaitable[None]]
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are mistaken for each other when somebody reads a reference out."""


async def guarded(act: str, tell: Tell, body: Callable[[], Awaitable[None]]) -> None:
    """Run `body`; whatever it raises is told to the person and never raised again.

    Args:
      act: what the listener does, for the log.
      tell: shows a message to the person who acted; when it fails too, that is logged.
    """
    try:
        await body()
    except BudgetError as refusal:
        log.info("refused", extra={"act": act, "kind": type(refusal).__name__})
        await _told(act, tell, refusal_message(refusal))
    except Exception:
        reference = new_reference()
        log.exception("listener_failed", extra={"act": act, "reference": reference})
        await _told(act, tell, reference_message(reference))


async def _told(act: str, tell: Tell, message: Message) -> None:
    try:
        await tell(message)
    except Exception:
        log.exception("answer_lost", extra={"act": act})


def new_reference() -> str:
    """Eight characters that find one traceback in the log, such as `7KQ2-M9XB`."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{word[:4]}-{word[4:]}"
