"""A sponsor's buttons, `/budget request`, `holdback` and `approvals`. A button names a thing; authority is read again with it."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError

from bot.slack import ids
from bot.slack.command_forms import Approvals, AskForMore, Holdback
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.listeners.plan_forms import open_view
from bot.slack.listeners.response_forms import register_submissions
from bot.slack.reply import error_code
from bot.slack.views.approvals import approvals_message, asked_message, drawn_message, lifted_message
from bot.slack.views.escalation import question_message
from bot.slack.views.response_forms import grant_modal, holdback_modal, request_modal
from core.approval import Act
from core.envelope import Envelope
from core.errors import AlreadyDecided, OwnRequest, Unreadable
from core.period import Cycle
from core.services import ask_for_more, decide_approvals
from core.services.escalate import facts_of, spent_of
from core.services.names import resolve

log = logging.getLogger(__name__)


def register(registrar: Registrar) -> None:
    registrar.action(ids.OPEN_GRANT, open_grant)
    registrar.action(ids.KEEP_DEGRADED, keep_degraded)
    registrar.action(ids.STOP_WORKLOAD, stop)
    registrar.action(ids.DECLINE_MORE, decline)
    registrar.action(ids.LIFT, lift)
    registrar.action(ids.DEGRADE_AGAIN, degrade_again)
    registrar.action(ids.SHOW_APPROVALS, show_approvals)
    registrar.action(ids.OPEN_REQUEST, open_request)
    registrar.action(ids.OPEN_HOLDBACK, open_holdback)
    register_submissions(registrar)


async def open_grant(asked: Interaction) -> None:
    """The form, for who may grant and while it is open; both are read again when it is sent."""
    found, envelope, spent = await ask_for_more.question(asked.desk.uow, _number(asked))
    if asked.actor.id == found.asked_by:
        raise OwnRequest("You asked for this yourself, so somebody else has to decide.")
    asked.actor.require(Act.GRANT, envelope.terms.people, envelope.workload)
    if not found.is_open:
        await _show(asked, found.id)
        raise AlreadyDecided("This was decided meanwhile. Nothing was changed.", correction=f"{COMMAND} approvals")
    form = grant_modal(found, envelope, spent, today=asked.desk.today())
    await open_view(asked, form, line=f"{COMMAND} approvals")


async def keep_degraded(asked: Interaction) -> None:
    await _decide(asked, "keep_degraded")


async def stop(asked: Interaction) -> None:
    await _decide(asked, "stop")


async def decline(asked: Interaction) -> None:
    await _decide(asked, "decline")


async def _decide(asked: Interaction, act: str) -> None:
    """Decide, and show it at once on the message that was clicked; the outbox brings it to every other copy."""
    number = _number(asked)
    decide = {
        "keep_degraded": decide_approvals.keep_degraded, "stop": decide_approvals.stop, "decline": decide_approvals.decline,
    }[act]  # fmt: skip
    try:
        await decide(asked.desk.uow, number, by=asked.actor, now=asked.now)
    except AlreadyDecided:
        # The buttons outlived the question: two people clicked at once, or an update was lost.
        await _show(asked, number)
        raise
    asked.desk.wake_delivery()
    log.info("escalation_decided", extra={"escalation_id": number, "act": act})
    await _show(asked, number)


async def lift(asked: Interaction) -> None:
    """Undo a stop or the degradation in one click."""
    async with asked.desk.uow.read() as tx:
        workload_id, _ = await resolve(tx, asked.value, command=f"{COMMAND} status")
        was = await tx.postures.of(workload_id, Cycle.of(asked.now, tx.zone))
    envelope = await decide_approvals.lift(asked.desk.uow, asked.value, by=asked.actor, now=asked.now)
    asked.desk.wake_delivery()
    await asked.reply.say(lifted_message(envelope, was_stopped=was.is_stopped))


async def degrade_again(asked: Interaction) -> None:
    await decide_approvals.degrade_again(asked.desk.uow, asked.value, by=asked.actor, now=asked.now)
    asked.desk.wake_delivery()
    await approvals(asked, Approvals())


async def approvals(asked: Interaction, command: Approvals) -> None:
    waiting = await ask_for_more.waiting_for(asked.desk.uow, asked.actor.id, now=asked.now)
    message = approvals_message(waiting, asked.actor, reader=await asked.reader())
    await answers.send(asked, message, share=command.share)


async def show_approvals(asked: Interaction) -> None:
    await approvals(asked, Approvals())


async def request(asked: Interaction, command: AskForMore) -> None:
    if command.nanos is None:
        await _open_request(asked, command.workload)
        return
    found = await ask_for_more.ask_for_more(
        asked.desk.uow, command.workload, command.nanos, command.reason, by=asked.actor, now=asked.now
    )
    asked.desk.wake_delivery()
    await answers.report(asked, asked_message(found, reader=await asked.reader()), share=command.share)


async def open_request(asked: Interaction) -> None:
    await _open_request(asked, asked.value)


async def _open_request(asked: Interaction, workload: str) -> None:
    envelope, spent, cycle = await _envelope(asked, workload, "request", Act.ASK_FOR_MORE)
    await open_view(asked, request_modal(envelope, spent, envelope.size(cycle)), line=f"{COMMAND} request {workload}")


async def holdback(asked: Interaction, command: Holdback) -> None:
    if not command.reason:
        await _open_holdback(asked, command.workload)
        return
    drawn = await ask_for_more.draw_holdback(
        asked.desk.uow, command.workload, command.reason, by=asked.actor, now=asked.now
    )
    asked.desk.wake_delivery()
    await answers.report(asked, drawn_message(drawn), share=command.share)


async def open_holdback(asked: Interaction) -> None:
    await _open_holdback(asked, asked.value)


async def _open_holdback(asked: Interaction, workload: str) -> None:
    envelope, _, cycle = await _envelope(asked, workload, "holdback", Act.DRAW_HOLDBACK)
    nanos = ask_for_more.holdback_of(envelope, cycle)
    await open_view(asked, holdback_modal(envelope, nanos), line=f"{COMMAND} holdback {workload}")


async def _envelope(asked: Interaction, workload: str, command: str, act: Act) -> tuple[Envelope, int, Cycle]:
    """The envelope with its spend and cycle, for who may do it. Raises UnknownName, NotAllowed."""
    async with asked.desk.uow.read() as tx:
        envelope = await ask_for_more.enveloped(tx, workload, f"{COMMAND} {command}")
        asked.actor.require(act, envelope.terms.people, envelope.workload)
        cycle = Cycle.of(asked.now, tx.zone)
        return envelope, (await spent_of(tx, envelope.workload_id, cycle)).cost_nanos, cycle


def _number(asked: Interaction) -> int:
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 19):
        raise Unreadable(
            "This button does not name a question. See what waits for you.", correction=f"{COMMAND} approvals"
        )
    return int(asked.value)


async def _show(asked: Interaction, number: int) -> None:
    """Put the question as it stands now in place of the message that was clicked, if it was decided."""
    if asked.source is None:
        return
    async with asked.desk.uow.read() as tx:
        found = await tx.escalations.of(number)
        envelope = await tx.envelopes.of(found.workload_id) if found else None
        if found is None or envelope is None or found.is_open:
            return
        facts = await facts_of(tx, found, envelope, now=asked.now)
    channel, ts = asked.source
    try:
        message = question_message(facts, reader=await asked.reader())
        await asked.client.chat_update(channel=channel, ts=ts, **message)
    except SlackApiError as refused:
        # The decision stands, and the outbox shows it; a message that is gone cannot be changed.
        log.warning("copy_not_updated", extra={"channel": channel, "ts": ts, "error": error_code(refused)})
