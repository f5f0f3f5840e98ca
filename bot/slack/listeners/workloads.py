"""`/budget workload add`: first what the rule would catch, then the choice to add it."""

from __future__ import annotations

import json
from typing import Final

from bot.slack import ids
from bot.slack.command_forms import WorkloadAdd
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.views.rules import rule_added_message
from bot.slack.views.workloads import catch_message
from core.errors import OutOfRange, Unreadable
from core.services import manage_workloads, preview_rules

BUTTON_VALUE: Final = 2_000
"""Slack's limit for what a button carries (2026-11)."""
RULE_VALUE: Final = BUTTON_VALUE - 40
"""Leaves room for the rule's number, which the buttons that remove and restore it carry too."""


def register(registrar: Registrar) -> None:
    registrar.action(ids.ADD_RULE, add_rule)
    registrar.action(ids.ADD_RULE_AND_MOVE, add_rule_and_move)
    registrar.action(ids.ADD_RULE_AND_MOVE_BACK, add_rule_and_move_back)


async def preview(asked: Interaction, command: WorkloadAdd) -> None:
    """What the rule would have caught. Adds nothing."""
    private = carried(command.name, command.pairs)
    catch = await preview_rules.preview_rule(asked.desk.uow, command.name, command.pairs, now=asked.now)
    await answers.send(asked, catch_message(command.name, command.pairs, catch, private=private), share=command.share)


async def add_rule(asked: Interaction) -> None:
    await _add(asked, reattribute=False)


async def add_rule_and_move(asked: Interaction) -> None:
    await _add(asked, reattribute=True)


async def add_rule_and_move_back(asked: Interaction) -> None:
    await _add(asked, reattribute=True, months=3)


async def _add(asked: Interaction, *, reattribute: bool, months: int = 1) -> None:
    """Add the rule that the button carries; the service reads rights and rules again, whoever pressed it."""
    name, pairs = brought_back(asked.value)
    outcome = await manage_workloads.add_rule(
        asked.desk.uow, name, pairs, by=asked.actor, reattribute=reattribute, months=months, now=asked.now
    )
    # The preview goes, and with it the buttons that would add the rule a second time.
    await asked.reply.say(rule_added_message(outcome), replace=True)


def carried(name: str, pairs: dict[str, str]) -> str:
    """The rule as a button's value. Raises OutOfRange when it does not fit."""
    value = json.dumps([name, pairs], ensure_ascii=False, separators=(",", ":"))
    if len(value) > RULE_VALUE:
        raise OutOfRange(
            f"That rule is {len(value):,} characters long; at most {RULE_VALUE:,} fit. Match on fewer dimensions."
        )
    return value


def brought_back(value: str) -> tuple[str, dict[str, str]]:
    """The rule in a button's value. Raises Unreadable; whether name and pairs are allowed is the service's to say."""
    try:
        name, pairs = json.loads(value)
        return str(name), {str(dimension): str(wanted) for dimension, wanted in pairs.items()}
    except (ValueError, TypeError, AttributeError) as unreadable:
        raise Unreadable(
            "This button does not carry a rule that I can read. Type it again with /budget workload add.",
            correction=f"{COMMAND} help workload",
        ) from unreadable
