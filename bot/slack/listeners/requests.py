"""Approve and Decline on a sponsor's message. The button names the request; authority is read again with it."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError

from bot.slack import ids
from bot.slack.interaction import Interaction, Registrar
from bot.slack.reply import error_code
from bot.slack.views.blocks import Message
from bot.slack.views.request import decided_message
from core.change_request import RequestState
from core.errors import AlreadyDecided, BudgetError, Unreadable
from core.services import decide_requests

log = logging.getLogger(__name__)


def register(registrar: Registrar) -> None:
    registrar.action(ids.APPROVE_REQUEST, approve)
    registrar.action(ids.DECLINE_REQUEST, decline)


async def approve(asked: Interaction) -> None:
    await _decide(asked, approve=True)


async def decline(asked: Interaction) -> None:
    await _decide(asked, approve=False)


async def _decide(asked: Interaction, *, approve: bool) -> None:
    """Decide, then show it on every copy; the requester is told through the outbox, which survives a crash here."""
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 19):
        raise Unreadable("This button does not name a request. Ask for the change again.")
    request_id = int(asked.value)
    try:
        decision = await decide_requests.decide(asked.desk.uow, request_id, approve, by=asked.actor, now=asked.now)
    except AlreadyDecided as late:
        await _refresh(asked, request_id, late)
        raise
    asked.desk.wake_delivery()
    message = decided_message(decision.request, decision.envelope, reader=await asked.reader())
    await _show(asked, message, decision.copies)


async def _refresh(asked: Interaction, request_id: int, late: BudgetError) -> None:
    """Take the buttons off a message that outlived its request: its update was lost, or two people clicked at once."""
    found = await decide_requests.request_with_envelope(asked.desk.uow, request_id)
    if found is None or found[0].state is RequestState.PENDING:
        log.info("request_not_found", extra={"request_id": request_id, "refusal": late.message})
        return
    request, envelope, copies = found
    await _show(asked, decided_message(request, envelope, reader=await asked.reader()), copies)


async def _show(asked: Interaction, message: Message, copies: tuple[tuple[str, str], ...]) -> None:
    """Put the decision on every message that asks for it, the one that was clicked among them."""
    places = dict.fromkeys([*([asked.source] if asked.source else []), *copies])
    for channel, ts in places:
        try:
            await asked.client.chat_update(channel=channel, ts=ts, **message)
        except SlackApiError as refused:
            # The decision stands; a copy that is gone must not keep the others from being updated.
            log.warning("copy_not_updated", extra={"channel": channel, "ts": ts, "error": error_code(refused)})
