"""Acknowledge and Why on a breach's message. The button names the breach; state and authority are read again."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.forecast_forms import Why
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners.forecasts import why
from core.breach import BreachKind
from core.errors import Unreadable
from core.services import acknowledge_breach


def register(registrar: Registrar) -> None:
    registrar.action(ids.ACKNOWLEDGE_BREACH, acknowledge)
    registrar.action(ids.WHY_BREACH, explain)


async def acknowledge(asked: Interaction) -> None:
    """The copies are edited by the delivery, which is woken; whoever clicked sees the name appear within a second."""
    await acknowledge_breach.acknowledge(asked.desk.uow, _number(asked), by=asked.actor, now=asked.now)
    asked.desk.wake_delivery()


async def explain(asked: Interaction) -> None:
    """The whole variance, for whoever asked; of a runaway against the last cycle, where it did not run."""
    breach = await acknowledge_breach.breach_of(asked.desk.uow, _number(asked))
    is_runaway = breach.kind is BreachKind.VELOCITY
    await why(asked, Why(breach.workload, "last" if is_runaway else None))


def _number(asked: Interaction) -> int:
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 19):
        raise Unreadable("This button does not name an alert. See how things stand with `/budget status`.")
    return int(asked.value)
