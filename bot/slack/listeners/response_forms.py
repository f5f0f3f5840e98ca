"""The forms of a grant, a request and a holdback, when they are sent: mistakes are said where they were made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

from bot.readable import shortened
from bot.slack import ids
from bot.slack.interaction import Interaction, Registrar, remembered_in
from bot.slack.listeners.plan_forms import typed_in
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.modals import outcome_modal
from bot.slack.views.approvals import asked_message, drawn_message, granted_message
from bot.slack.views.blocks import Message
from bot.slack.views.escalation import Question
from core.approval import checked_grant, checked_reason, checked_until, most_grantable
from core.errors import BudgetError, Unreadable
from core.money import parse_amount
from core.services import ask_for_more, decide_approvals
from core.services.decide_approvals import GrantOrder
from core.services.escalate import facts_of

Result = TypeVar("Result")


@dataclass
class Fields:
    """What was filled in, and what is wrong with it, by block id."""

    typed: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def read(self, block: str, read: Callable[[str], Result]) -> Result | None:
        """The field as read, or None with its error noted."""
        try:
            return read(self.typed.get(block, ""))
        except BudgetError as refusal:
            self.errors[block] = shortened(refusal.message, 300)
            return None


Save = Callable[[Interaction, Fields], Awaitable[Message | None]]
"""Carries a form out; None when a field is wrong."""


def register_submissions(registrar: Registrar) -> None:
    for callback, title, save in (
        (ids.GRANT_MODAL, "Grant more", _grant),
        (ids.REQUEST_MODAL, "Ask for more", _request),
        (ids.HOLDBACK_MODAL, "Draw the holdback", _holdback),
    ):
        registrar.app.view(callback)(submission(registrar, title, partial(_carry_out, title, save)))


async def _carry_out(title: str, save: Save, asked: Interaction, outcome: Outcome) -> None:
    """What was done takes the form's place. So does a refusal: what was asked for cannot be done, whatever is typed."""
    fields = Fields(typed_in(asked.view))
    done = await save(asked, fields)
    if fields.errors:
        outcome.answer.update(response_action="errors", errors=fields.errors)
    elif done is not None:
        asked.desk.wake_delivery()
        outcome.show(outcome_modal(title, done))


async def _grant(asked: Interaction, fields: Fields) -> Message | None:
    uow, number = asked.desk.uow, remembered_in(asked.body).get("escalation")
    if type(number) is not int:
        raise Unreadable("This form does not name a question. See what waits for you with `/budget approvals`.")
    found, envelope, spent = await ask_for_more.question(uow, number)
    most = most_grantable(envelope.lasting(found.cycle), envelope.size(found.cycle), spent)
    today, last_on = asked.desk.today(), found.cycle.last_on
    nanos = fields.read(ids.BLOCK_MORE_AMOUNT, lambda text: checked_grant(parse_amount(text), most_nanos=most))
    until = fields.read(
        ids.BLOCK_MORE_UNTIL, lambda text: checked_until(_day(text) if text else last_on, today=today, last_on=last_on)
    )
    reason = fields.read(ids.BLOCK_MORE_REASON, checked_reason)
    if nanos is None or until is None or reason is None:
        return None
    done = await decide_approvals.grant(uow, number, GrantOrder(nanos, reason, until), by=asked.actor, now=asked.now)
    async with uow.read() as tx:
        return granted_message(Question.of(await facts_of(tx, done.escalation, done.envelope, now=asked.now)))


async def _request(asked: Interaction, fields: Fields) -> Message | None:
    nanos = fields.read(ids.BLOCK_MORE_AMOUNT, parse_amount)
    reason = fields.read(ids.BLOCK_MORE_REASON, checked_reason)
    if nanos is None or reason is None:
        return None
    workload = str(remembered_in(asked.body).get("workload") or "")
    done = await ask_for_more.ask_for_more(asked.desk.uow, workload, nanos, reason, by=asked.actor, now=asked.now)
    return asked_message(done, reader=await asked.reader())


async def _holdback(asked: Interaction, fields: Fields) -> Message | None:
    reason = fields.read(ids.BLOCK_MORE_REASON, checked_reason)
    if reason is None:
        return None
    workload = str(remembered_in(asked.body).get("workload") or "")
    return drawn_message(
        await ask_for_more.draw_holdback(asked.desk.uow, workload, reason, by=asked.actor, now=asked.now)
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as unreadable:
        raise Unreadable(f"“{text[:40]}” is not a day. Write it like 2026-11-30.") from unreadable
