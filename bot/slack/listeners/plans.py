"""`/budget whatif`, `plan` and `metric`: try changes, plan them, tie volume to what it follows."""

from __future__ import annotations

import asyncio
from functools import partial

from bot import charts
from bot.slack import ids
from bot.slack.command_words import COMMAND
from bot.slack.forecast_forms import Metric, PlanCommand, WhatIf
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.listeners.plan_forms import open_metric, open_plan, open_view, planned_message, register_submissions
from bot.slack.pictures import drawn, uploaded
from bot.slack.reply import send_with_picture
from bot.slack.views.blocks import Message
from bot.slack.views.envelope import set_modal
from bot.slack.views.metric import metric_message
from bot.slack.views.plans import ends_at, plans_message
from bot.slack.views.whatif import brought_amount, brought_back, described, whatif_message
from core.change_request import SetOrder
from core.errors import Unreadable
from core.scenario import Plan
from core.services import forecast_spend, manage_plans, suggest_envelope, try_changes


def register(registrar: Registrar) -> None:
    registrar.action(ids.SAVE_AS_PLAN, save_as_plan)
    registrar.action(ids.PROPOSE_ENVELOPE, propose_envelope)
    registrar.action(ids.WITHDRAW_PLAN, withdraw)
    registrar.action(ids.OPEN_PLAN, open_plan_from_button)
    registrar.action(ids.OPEN_METRIC, open_metric_from_button)
    register_submissions(registrar)


async def whatif(asked: Interaction, command: WhatIf) -> None:
    trial, reader = await asyncio.gather(
        try_changes.try_changes(
            asked.desk.uow, command.workload, command.changes, now=asked.now, from_on=command.from_on
        ),
        asked.reader(),
    )
    file = None
    if trial.now.forecast.path:
        png = await drawn(asked.desk.charts, partial(charts.fan_chart, trial.now, beside=trial.then))
        title = f"what if {trial.now.month.workload} {trial.now.cycle}"
        file = await uploaded(asked.client, png, name=title, alt=charts.alt_trial(trial.now, trial.then))

    def compose(chart_file: str | None) -> Message:
        return whatif_message(trial, chart_file=chart_file, reader=reader)

    await send_with_picture(partial(answers.send, asked, share=command.share), compose, file)


async def save_as_plan(asked: Interaction) -> None:
    """The changes that the button carries, read and authorised anew; a day that has passed since begins today."""
    workload, from_on, changes = brought_back(asked.value)
    planned = await _added(asked, workload, Plan(max(from_on, asked.desk.today()), changes))
    await asked.reply.say(planned)


async def propose_envelope(asked: Interaction) -> None:
    """The form of `set` with the amount that was tried: people and thresholds are looked at before it is asked for."""
    workload, nanos = brought_amount(asked.value)
    desk = asked.desk
    proposal = await suggest_envelope.proposal(
        desk.uow, workload, by=asked.actor, defaults=desk.defaults, now=asked.now, learns=desk.learns
    )
    owner = None if proposal.envelope else asked.actor.id
    form = set_modal(proposal, order=SetOrder(workload, nanos=nanos, owner=owner))
    await open_view(asked, form, line=f"{COMMAND} set {workload}")


async def plan(asked: Interaction, command: PlanCommand) -> None:
    if command.workload is None:
        await open_plan(asked, None)
        return
    if command.changes:
        entered = Plan(command.from_on or asked.desk.today(), command.changes, command.note)
        await answers.report(asked, await _added(asked, command.workload, entered), share=command.share)
        return
    workload, standing = await manage_plans.plans_of(asked.desk.uow, command.workload)
    await answers.send(asked, plans_message(workload, standing), share=command.share)


async def _added(asked: Interaction, workload: str, entered: Plan) -> Message:
    planned = await manage_plans.add_plan(asked.desk.uow, workload, entered, by=asked.actor, now=asked.now)
    return await planned_message(asked.desk.uow, planned, now=asked.now)


async def withdraw(asked: Interaction) -> None:
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 19):
        raise Unreadable("This button does not name a plan. List them again with `/budget plan NAME`.")
    gone = await manage_plans.withdraw_plan(asked.desk.uow, int(asked.value), by=asked.actor, now=asked.now)
    made = await forecast_spend.outlook(asked.desk.uow, gone.workload, now=asked.now)
    said = f"Withdrawn: {described(gone.plan.plan.changes)}. {ends_at(made)}"
    await asked.reply.say(plans_message(gone.workload, gone.standing, said=said), replace=True)


async def metric(asked: Interaction, command: Metric) -> None:
    if not command.actual and not command.planned:
        await open_metric(asked, command.workload, unit=command.unit)
        return
    assert command.unit is not None
    await manage_plans.set_metric(
        asked.desk.uow, command.workload, command.unit, actual=command.actual, planned=command.planned,
        by=asked.actor, now=asked.now,
    )  # fmt: skip
    made = await forecast_spend.outlook(asked.desk.uow, command.workload, now=asked.now)
    await answers.report(asked, metric_message(made), share=command.share)


async def open_plan_from_button(asked: Interaction) -> None:
    await open_plan(asked, asked.value or None)


async def open_metric_from_button(asked: Interaction) -> None:
    await open_metric(asked, asked.value, unit=None)
