"""The forms of `/budget plan` and `/budget metric`: opened, and carried out when they are submitted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.slack import ids
from bot.slack.command_line import parse
from bot.slack.command_metric import read_days
from bot.slack.command_words import COMMAND
from bot.slack.forecast_forms import PlanCommand
from bot.slack.interaction import Interaction, Registrar, remembered_in, remembering
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.modals import with_refusal
from bot.slack.reply import error_code
from bot.slack.views.blocks import Message
from bot.slack.views.metric import metric_message, metric_modal
from bot.slack.views.plans import View, ends_at, plan_modal, plans_message
from bot.slack.views.whatif import described
from bot.slack.views.wording import day
from core.errors import BudgetError, OutOfRange, Overloaded, TooLarge, Unreadable
from core.scenario import Plan
from core.services import forecast_spend, manage_plans
from core.services.manage_plans import Planned
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED

_EXPIRED = ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired")


async def open_plan(asked: Interaction, workload: str | None) -> None:
    """The form for one workload, or with a choice. Raises UnknownName, Overloaded."""
    names: tuple[str, ...] = ()
    if workload is None:
        async with asked.desk.uow.read() as tx:
            names = tuple(name for name in await tx.workloads.names() if name != UNATTRIBUTED)
        if not names:
            raise OutOfRange("There is no workload yet to plan for.", correction=f"{COMMAND} help workload")
    else:
        workload, _ = await manage_plans.plans_of(asked.desk.uow, workload)
    form = plan_modal(workload, names, today=asked.desk.today())
    await open_view(asked, form, line=f"{COMMAND} plan {workload or ''}".strip())


async def open_metric(asked: Interaction, workload: str, *, unit: str | None) -> None:
    """Raises UnknownName, Overloaded."""
    made = await forecast_spend.outlook(asked.desk.uow, workload, now=asked.now)
    known = made.month.metric.unit if made.month.metric else None
    await open_view(asked, metric_modal(made.month.workload, unit=unit or known), line=f"{COMMAND} metric {workload}")


async def open_view(asked: Interaction, form: View, *, line: str) -> None:
    """Open a modal that remembers the way back. Raises Overloaded, with the line to try again, when it came too late."""
    try:
        await asked.client.views_open(trigger_id=asked.trigger_id, view=remembering(form, asked.reply))
    except SlackApiError as refused:
        if error_code(refused) not in _EXPIRED:
            raise
        raise Overloaded(
            "Slack waited too long for the form and closed the door. Try again.", correction=line
        ) from refused


async def planned_message(uow: UnitOfWork, planned: Planned, *, now: datetime) -> Message:
    """What was planned, and where the month ends with it; the new forecast is kept."""
    made = await forecast_spend.outlook(uow, planned.workload, now=now)
    entered = planned.plan.plan
    said = f"Planned from {day(entered.from_on)}: {described(entered.changes)}. {ends_at(made)}"
    return plans_message(planned.workload, planned.standing, said=said)


@dataclass(frozen=True, slots=True)
class _Form:
    """One kind of form: how it is carried out, and how it comes back filled in.

    Attributes:
      save: raises BudgetError; what cannot be read is said at `field`, anything else above the form.
    """

    title: str
    save: Callable[[Interaction, Mapping[str, str]], Awaitable[Message]]
    refilled: Callable[[Interaction, Mapping[str, str]], View]
    field: str


def register_submissions(registrar: Registrar) -> None:
    for callback, form in ((ids.PLAN_MODAL, _PLAN), (ids.METRIC_MODAL, _METRIC)):
        registrar.app.view(callback)(submission(registrar, form.title, partial(_save, form)))


async def _save(form: _Form, asked: Interaction, outcome: Outcome) -> None:
    typed = typed_in(asked.view)
    try:
        outcome.said = await form.save(asked, typed)
    except (Unreadable, TooLarge) as refusal:
        way = f" Try {refusal.correction}" if refusal.correction and len(refusal.correction) < 80 else ""
        outcome.refuse(form.field, f"{refusal.message}{way}")
    except BudgetError as refusal:
        outcome.show(with_refusal(form.refilled(asked, typed), refusal))


def typed_in(view: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by block id; empty fields are left out."""
    found = {}
    for block, elements in ((view.get("state") or {}).get("values") or {}).items():
        for element in elements.values():
            picked = element.get("selected_option") or {}
            if value := element.get("value") or element.get("selected_date") or picked.get("value"):
                found[block] = str(value).strip()
    return found


def _workload_of(asked: Interaction, typed: Mapping[str, str]) -> str:
    return str(remembered_in(asked.body).get("workload") or typed.get(ids.BLOCK_PLAN_WORKLOAD) or "")


async def _save_plan(asked: Interaction, typed: Mapping[str, str]) -> Message:
    """The same words as on the command line, with the day from its field."""
    workload = _workload_of(asked, typed)
    start = typed.get(ids.BLOCK_PLAN_FROM) or asked.desk.today().isoformat()
    read = parse(f"plan {workload} {typed.get(ids.BLOCK_PLAN_CHANGES, '')} from={start}", today=asked.desk.today())
    if not isinstance(read, PlanCommand) or not read.changes:
        raise Unreadable("Say what changes, like volume=+20%.")
    plan = Plan(read.from_on or date.fromisoformat(start), read.changes, typed.get(ids.BLOCK_PLAN_NOTE, "")[:120])
    planned = await manage_plans.add_plan(asked.desk.uow, workload, plan, by=asked.actor, now=asked.now)
    return await planned_message(asked.desk.uow, planned, now=asked.now)


def _plan_again(asked: Interaction, typed: Mapping[str, str]) -> View:
    workload = _workload_of(asked, typed)
    form = plan_modal(workload, (), today=asked.desk.today(), typed=dict(typed))
    return remembering(form, asked.reply)


async def _save_metric(asked: Interaction, typed: Mapping[str, str]) -> Message:
    workload = _workload_of(asked, typed)
    days = read_days(typed.get(ids.BLOCK_METRIC_DAYS, ""), today=asked.desk.today())
    await manage_plans.set_metric(
        asked.desk.uow, workload, typed.get(ids.BLOCK_METRIC_UNIT, ""), actual=days.actual, planned=days.planned,
        by=asked.actor, now=asked.now,
    )  # fmt: skip
    return metric_message(await forecast_spend.outlook(asked.desk.uow, workload, now=asked.now))


def _metric_again(asked: Interaction, typed: Mapping[str, str]) -> View:
    return remembering(metric_modal(_workload_of(asked, typed), unit=None, typed=dict(typed)), asked.reply)


_PLAN = _Form("Plan a change", _save_plan, _plan_again, ids.BLOCK_PLAN_CHANGES)
_METRIC = _Form("Tie a metric", _save_metric, _metric_again, ids.BLOCK_METRIC_DAYS)
