"""`/budget …`: read the line, then do what it says."""

from __future__ import annotations

from bot.slack.alert_forms import ReplayCommand, WhyTold
from bot.slack.command_forms import (
    Approvals,
    AskForMore,
    Audit,
    Command,
    CompareSources,
    Export,
    Help,
    Holdback,
    Hub,
    Price,
    Set,
    Sources,
    Spend,
    Status,
    Tags,
    Unattributed,
    WorkloadAdd,
    WorkloadExplain,
    WorkloadList,
    WorkloadRemove,
    WorkloadRules,
)
from bot.slack.command_line import parse
from bot.slack.command_reconcile import Reconcile
from bot.slack.command_settings import AwayCommand, SettingsCommand
from bot.slack.command_words import COMMAND
from bot.slack.forecast_forms import Forecast, Metric, PlanCommand, WhatIf, Why
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import (
    alerts,
    answers,
    approvals,
    captures,
    envelopes,
    exports,
    forecasts,
    plans,
    reconcile,
    rollout,
    rules,
    settings,
    tags,
    trust,
    workloads,
)
from bot.slack.rollout_forms import RolloutCommand
from core.errors import BudgetError, OutOfRange, UnknownName, Unreadable


def register(registrar: Registrar) -> None:
    registrar.command(COMMAND, budget)


async def budget(asked: Interaction) -> None:
    """One typed command; what cannot be read or done is refused by raising, with a line to paste where one can help."""
    command = parse(str(asked.body.get("text") or ""), today=asked.desk.today())
    try:
        await carry_out(asked, command)
    except BudgetError as refusal:
        refusal.correction = refusal.correction or way_out(command, refusal)
        raise


def way_out(command: Command, refusal: BudgetError) -> str | None:
    """The line that leads on where the service knows none: nothing helps somebody who is not allowed."""
    if isinstance(refusal, UnknownName):
        return f"{COMMAND} workload list"
    if isinstance(refusal, OutOfRange | Unreadable):
        named = f" {command.order.workload}" if isinstance(command, Set) and command.order else ""
        return f"{COMMAND} set{named}" if isinstance(command, Set) else f"{COMMAND} help"
    return None


async def carry_out(asked: Interaction, command: Command) -> None:
    match command:
        case Hub():
            await answers.hub(asked, command)
        case Help():
            await answers.explain(asked, command)
        case Status():
            await answers.status(asked, command)
        case Set():
            await envelopes.set_from_line(asked, command)
        case Spend():
            await answers.spend(asked, command)
        case WorkloadAdd():
            await workloads.preview(asked, command)
        case WorkloadRules():
            await rules.show(asked, command)
        case WorkloadRemove():
            await rules.preview_removal(asked, command)
        case WorkloadExplain():
            await rules.explain(asked, command)
        case WorkloadList():
            await answers.list_workloads(asked, command)
        case AskForMore():
            await approvals.request(asked, command)
        case Holdback():
            await approvals.holdback(asked, command)
        case Approvals():
            await approvals.approvals(asked, command)
        case Export():
            await exports.export(asked, command)
        case Audit():
            await answers.audit(asked, command)
        case Sources():
            await trust.sources(asked, command)
        case CompareSources():
            await captures.compare(asked, command)
        case Unattributed():
            await trust.unattributed(asked, command)
        case Tags():
            await tags.tags(asked, command)
        case Price():
            await answers.price(asked, command)
        case WhyTold():
            await alerts.why_told(asked, command)
        case ReplayCommand():
            await alerts.replay(asked, command)
        case RolloutCommand():
            await rollout.rollout(asked, command)
        case AwayCommand():
            await settings.away(asked, command)
        case SettingsCommand():
            await settings.settings(asked, command)
        case Reconcile():
            await reconcile.reconcile(asked, command)
        case Forecast():
            await forecasts.forecast(asked, command)
        case Why():
            await forecasts.why(asked, command)
        case WhatIf():
            await plans.whatif(asked, command)
        case PlanCommand():
            await plans.plan(asked, command)
        case Metric():
            await plans.metric(asked, command)
