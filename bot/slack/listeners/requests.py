"""Approve and Decline on a sponsor's message. The button names the request; authority is read again with it."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError

from bot.slack import ids
from bot.slack.interaction import Interaction, Registrar
from bot.slack.reply import error_code
from bot.slack.views.request import decided_message
from core.change_request import RequestState
from core.errors import AlreadyDecided, Unreadable
from core.services import decide_requests
from core.services.forecast_spend import freeze_plan

log = logging.getLogger(__name__)


def register(registrar: Registrar) -> None:
    registrar.action(ids.APPROVE_REQUEST, approve)
    registrar.action(ids.DECLINE_REQUEST, decline)


async def approve(asked: Interaction) -> None:
    await _decide(asked, approve=True)


async def decline(asked: Interaction) -> None:
    await _decide(asked, approve=False)


async def _decide(asked: Interaction, *, approve: bool) -> None:
    """Decide, and show it at once on the message that was clicked. The outbox brings it to the other copies and to
    whoever asked, so that a crash here loses nothing."""
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 19):
        raise Unreadable("This button does not name a request. Ask for the change again.")
    request_id = int(asked.value)
    try:
        decision = await decide_requests.decide(asked.desk.uow, request_id, approve, by=asked.actor, now=asked.now)
    except AlreadyDecided:
        # The buttons outlived the request: two people clicked at once, or an update was lost.
        await _show(asked, request_id)
        raise
    asked.desk.wake_delivery()
    log.info("request_decided", extra={"request_id": request_id, "state": decision.request.state.value})
    if asked.reply.tab is not None and asked.desk.homes is not None:
        await asked.desk.homes.show(asked.actor.id)
    else:
        await _show(asked, request_id)
    if approve:
        # `why` compares with what the new size was planned with; the hourly job would do it too, only later.
        await freeze_plan(asked.desk.uow, decision.request.workload, now=asked.now)


async def _show(asked: Interaction, request_id: int) -> None:
    """Put the request as it stands now, without buttons, in place of the message that was clicked."""
    found = await decide_requests.request_standing(asked.desk.uow, request_id)
    if found is None or found.request.state is RequestState.PENDING or asked.source is None:
        return
    channel, ts = asked.source
    try:
        message = decided_message(found.request, found.envelope, reader=await asked.reader())
        await asked.client.chat_update(channel=channel, ts=ts, **message)
    except SlackApiError as refused:
        # The decision stands, and the person is told of it by the outbox; a message that is gone cannot be changed.
        log.warning("copy_not_updated", extra={"channel": channel, "ts": ts, "error": error_code(refused)})
