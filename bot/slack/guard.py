"""The one guard that every listener wears: a refusal becomes a sentence, anything else a reference number and a traceback.

A Bolt listener that raises just after `ack()` costs three seconds and a 404 (slack_bolt 1.30), so nothing gets out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot import request_id
from bot.request_id import new_reference
from bot.slack.views.blocks import Message
from bot.slack.views.refusal import reference_message, refusal_message
from core.errors import BudgetError

log = logging.getLogger(__name__)

Tell = Callable[[Message], Awaitable[None]]


async def guarded(act: str, tell: Tell, body: Callable[[], Awaitable[None]]) -> None:
    """Run `body`; whatever it raises is told to the person and never raised again.

    Args:
      act: what the listener does, for the log.
      tell: shows a message to the person who acted; when it fails too, that is logged.
    """
    reference = new_reference()
    known = request_id.current.set(reference)
    try:
        await body()
    except BudgetError as refusal:
        log.info("refused", extra={"act": act, "kind": type(refusal).__name__})
        await _told(act, tell, refusal_message(refusal))
    except Exception:
        log.exception("listener_failed", extra={"act": act, "reference": reference})
        await _told(act, tell, reference_message(reference))
    finally:
        request_id.current.reset(known)


async def _told(act: str, tell: Tell, message: Message) -> None:
    try:
        await tell(message)
    except Exception:
        log.exception("answer_lost", extra={"act": act})
