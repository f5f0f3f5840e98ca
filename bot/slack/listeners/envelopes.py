"""`/budget set`: one line that says everything, or a form that is filled in from what is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import ids
from bot.slack.command_forms import Set
from bot.slack.command_words import COMMAND
from bot.slack.guard import guarded
from bot.slack.interaction import Interaction, Registrar, remembered_in, remembering, reply_to
from bot.slack.listeners import answers
from bot.slack.modals import View, outcome_modal, waiting_modal, with_refusal
from bot.slack.reply import error_code
from bot.slack.views.blocks import Message
from bot.slack.views.envelope import order_from_view, set_message, set_modal
from core.change_request import SetOrder
from core.errors import BudgetError, Overloaded
from core.services import forecast_spend, manage_envelopes, suggest_envelope
from core.services.suggest_envelope import Proposal

TITLE: Final = "Set an envelope"
READ_SECONDS: Final = 1.2
"""A trigger lives three seconds. The proposal usually takes a few milliseconds, so that the form opens filled in; when
the books are slower than this, a modal that says so opens in time and is filled in afterwards."""
SAVE_SECONDS: Final = 2.0
"""Slack waits three seconds for the answer to a submitted form."""
LATE_SECONDS: Final = 0.5


def register(registrar: Registrar) -> None:
    registrar.action(ids.OPEN_SET, open_from_button)
    registrar.action(ids.PICK_WORKLOAD, pick_workload)
    registrar.action(ids.MORE_OPTIONS, more_options)
    register_submission(registrar)


async def set_from_line(asked: Interaction, command: Set) -> None:
    """Carry out a line with an amount or terms in it; open the form for one without."""
    if command.order is None or command.wants_modal:
        await open_form(asked, command.order.workload if command.order else None)
        return
    outcome = await _carry_out(asked, command.order)
    await answers.report(asked, outcome, share=command.share)


async def _carry_out(asked: Interaction, order: SetOrder) -> Message:
    desk = asked.desk
    outcome = await manage_envelopes.set_envelope(
        desk.uow, order, by=asked.actor, defaults=desk.defaults, now=asked.now
    )
    desk.wake_delivery()
    if outcome.envelope is not None and outcome.request is None:
        # Frozen with the envelope, so that `why` has something to compare with.
        await forecast_spend.freeze_plan(desk.uow, outcome.envelope.workload, now=asked.now)
    return set_message(outcome)


async def open_from_button(asked: Interaction) -> None:
    await open_form(asked, asked.value or None)


async def open_form(asked: Interaction, workload: str | None) -> None:
    """The form for one workload, or with a choice of workloads. Raises Overloaded when the trigger has expired."""
    reading = asyncio.ensure_future(_proposal(asked, workload))
    done, _ = await asyncio.wait({reading}, timeout=READ_SECONDS)
    try:
        if done:
            await asked.client.views_open(trigger_id=asked.trigger_id, view=_form(asked, await reading, workload))
            return
        waiting = waiting_modal(TITLE, "Reading the books…")
        opened = await asked.client.views_open(trigger_id=asked.trigger_id, view=waiting)
    except SlackApiError as refused:
        reading.cancel()
        if error_code(refused) not in ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired"):
            raise
        line = f"{COMMAND} set {workload or ''}".strip()
        raise Overloaded(
            "Slack waited too long for the form and closed the door. Try again.", correction=line
        ) from refused
    view = opened["view"]
    try:
        filled = _form(asked, await reading, workload)
    except BudgetError as refusal:
        filled = with_refusal(waiting, refusal)
    await _update(asked.client, view, filled)


async def _proposal(asked: Interaction, workload: str | None) -> Proposal:
    desk = asked.desk
    return await suggest_envelope.proposal(
        desk.uow, workload, by=asked.actor, defaults=desk.defaults, now=asked.now, learns=desk.learns
    )


def _form(asked: Interaction, proposal: Proposal, workload: str | None) -> View:
    """The form; where nobody named a workload, with the likeliest one picked but all of them to choose from."""
    order = _first_order(asked, proposal)
    shown = replace(proposal, workload=None) if workload is None else proposal
    return remembering(set_modal(shown, order=order), asked.reply)


def _first_order(asked: Interaction, proposal: Proposal) -> SetOrder:
    """What an untouched form proposes: where nobody owns the workload yet, whoever opens the form most likely answers for it."""
    is_owned = proposal.envelope is not None or proposal.owner is not None
    return SetOrder(proposal.workload or "", owner=None if is_owned else asked.actor.id)


async def pick_workload(asked: Interaction) -> None:
    """Fill the open form in again for the workload that was picked, or ask for the name of a new one."""
    if asked.value == ids.NEW_WORKLOAD:
        known = await _proposal(asked, None)
        blank = replace(known, workload=None, envelope=None, suggested_nanos=None, basis="")
        view = set_modal(blank, order=SetOrder("", owner=asked.actor.id), naming=True)
    else:
        picked = await _proposal(asked, asked.value)
        view = set_modal(picked, order=_first_order(asked, picked))
    await _update(asked.client, asked.view, remembering(view, asked.reply))


async def more_options(asked: Interaction) -> None:
    """Show the optional fields; what was typed stays."""
    await _update(asked.client, asked.view, await _refilled(asked, more=True))


async def _refilled(asked: Interaction, *, more: bool) -> View:
    """The form again with everything that was typed and could be read."""
    metadata = str(asked.view.get("private_metadata") or "")
    order, _ = order_from_view(asked.view.get("state") or {}, metadata)
    seen = remembered_in(asked.body)
    proposal = await _proposal(asked, seen.get("workload"))
    if seen.get("workload") is None:
        proposal = replace(proposal, workload=None, envelope=None)
    view = set_modal(proposal, order=order, more=more or bool(seen.get("more")), naming=bool(seen.get("naming")))
    return remembering(view, asked.reply)


def register_submission(registrar: Registrar) -> None:
    """The form's Save: acknowledged with what came of it, or, where that takes too long, with a modal that says so."""

    async def submitted(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        saving = asyncio.ensure_future(_saved(registrar, body, client))
        done, _ = await asyncio.wait({saving}, timeout=SAVE_SECONDS)
        if done:
            saved = await saving
            await ack(**saved.answer)
            if saved.message is not None:
                tell = reply_to(body, client).say
                await guarded("tell saved", tell, partial(tell, saved.message))
            return
        await ack(response_action="update", view=waiting_modal(TITLE, "Saving…"))
        await guarded("show saved", reply_to(body, client).say, partial(_show_late, saving, body["view"]["id"], client))

    registrar.app.view(ids.SET_MODAL)(submitted)


@dataclass(frozen=True, slots=True)
class _Saved:
    """How a submitted form is answered: arguments of `ack`, and a message for the person once it has closed."""

    answer: dict[str, Any]
    message: Message | None = None


async def _saved(registrar: Registrar, body: dict[str, Any], client: AsyncWebClient) -> _Saved:
    """Carry the form out. Never raises: mistakes are said at their fields, a refusal above the form as it was filled in."""
    found: list[_Saved] = []

    async def fail(message: Message) -> None:
        found.append(_Saved({"response_action": "update", "view": outcome_modal(TITLE, message)}))

    async def save() -> None:
        asked = registrar.interaction(body, client)
        order, errors = order_from_view(asked.view.get("state") or {}, asked.view.get("private_metadata") or "")
        if errors:
            found.append(_Saved({"response_action": "errors", "errors": errors}))
            return
        try:
            found.append(_Saved({}, await _carry_out(asked, order)))
        except BudgetError as refusal:
            form = with_refusal(await _refilled(asked, more=False), refusal)
            found.append(_Saved({"response_action": "update", "view": form}))

    await guarded("submit set", fail, save)
    return found[-1]


async def _show_late(saving: asyncio.Future[_Saved], view_id: str, client: AsyncWebClient) -> None:
    """Put the outcome in place of the modal that says that something is being saved."""
    saved = await saving
    # Slack has to have shown the acknowledgement first; otherwise it would replace the outcome.
    await asyncio.sleep(LATE_SECONDS)
    view = saved.answer.get("view") or (outcome_modal(TITLE, saved.message) if saved.message else None)
    if view is not None:
        await client.views_update(view_id=view_id, view=view)


async def _update(client: AsyncWebClient, view: Any, filled: View) -> None:
    """Change an open modal unless it has changed in the meantime: then somebody clicked again, and that one counts."""
    try:
        await client.views_update(view_id=view["id"], hash=view["hash"], view=filled)
    except SlackApiError as refused:
        if error_code(refused) not in ("hash_conflict", "not_found"):
            raise
