"""`/budget …`: read the line, then do what it says."""

from __future__ import annotations

from bot.slack.command_forms import (
    Audit,
    Help,
    Hub,
    Price,
    Set,
    Spend,
    Status,
    WorkloadAdd,
    WorkloadList,
    WorkloadRules,
)
from bot.slack.command_line import parse
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers, envelopes, workloads


def register(registrar: Registrar) -> None:
    registrar.command(COMMAND, budget)


async def budget(asked: Interaction) -> None:
    """One typed command; a line that cannot be read is refused by raising."""
    command = parse(str(asked.body.get("text") or ""), today=asked.desk.today())
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
            await answers.rules(asked, command)
        case WorkloadList():
            await answers.list_workloads(asked, command)
        case Audit():
            await answers.audit(asked, command)
        case Price():
            await answers.price(asked, command)
