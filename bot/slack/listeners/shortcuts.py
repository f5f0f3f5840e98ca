"""Buttons that stand for a command: their value is what would have been typed behind it."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.command_forms import Help, Spend, Status, WorkloadList
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from core.period import Cycle


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_STATUS, show_status)
    registrar.action(ids.SHOW_SPEND, show_spend)
    registrar.action(ids.SHOW_WORKLOADS, show_workloads)
    registrar.action(ids.SHOW_HELP, show_help)


async def show_status(asked: Interaction) -> None:
    await answers.status(asked, Status(asked.value or None))


async def show_spend(asked: Interaction) -> None:
    await answers.spend(asked, Spend(asked.value, Cycle.of(asked.now, asked.desk.uow.zone)))


async def show_workloads(asked: Interaction) -> None:
    await answers.list_workloads(asked, WorkloadList())


async def show_help(asked: Interaction) -> None:
    await answers.explain(asked, Help(asked.value or None))
