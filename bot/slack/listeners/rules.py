"""Rules of a workload: shown with what they catch, explained, removed and restored, and applied to past usage."""

from __future__ import annotations

import json

from bot.slack import ids
from bot.slack.command_forms import WorkloadExplain, WorkloadRemove, WorkloadRules
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.listeners.workloads import brought_back, carried
from bot.slack.views.rules import (
    explanation_message,
    reattributed_message,
    reattribution_message,
    removal_message,
    removed_message,
    restored_message,
    rules_message,
)
from core.errors import Unreadable
from core.services import manage_workloads, preview_rules, reattribute_usage
from core.workload import Rule, make_rule


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_RULES, show_from_button)
    registrar.action(ids.RULE_MENU, pick)
    registrar.action(ids.REMOVE_RULE, remove)
    registrar.action(ids.RESTORE_RULE, restore)
    registrar.action(ids.PREVIEW_MOVE, preview_move)
    registrar.action(ids.MOVE_USAGE, move_this_month)
    registrar.action(ids.MOVE_USAGE_BACK, move_three_months)


async def show(asked: Interaction, command: WorkloadRules) -> None:
    standing = await preview_rules.rules_of(asked.desk.uow, command.name, now=asked.now)
    message = rules_message(standing.workload, standing.catch, standing.rules)
    await answers.send(asked, message, share=command.share)


async def show_from_button(asked: Interaction) -> None:
    await show(asked, WorkloadRules(asked.value))


async def explain(asked: Interaction, command: WorkloadExplain) -> None:
    found = await preview_rules.explain(asked.desk.uow, command.pairs)
    await answers.send(asked, explanation_message(found), share=command.share)


async def pick(asked: Interaction) -> None:
    """An entry of a rule's menu. What is shown next is read anew, so that an old message does no harm."""
    verb, _, number = asked.value.partition(":")
    if verb not in ("remove", "move") or not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Unreadable(
            "This menu does not name a rule that I know. Ask for the rules again.",
            correction=f"{COMMAND} workload list",
        )
    removal = await preview_rules.preview_removal(asked.desk.uow, int(number), now=asked.now)
    if verb == "remove":
        await asked.reply.say(removal_message(removal))
    else:
        await _preview_move(asked, removal.workload.name, dict(removal.rule.conditions))


async def preview_removal(asked: Interaction, command: WorkloadRemove) -> None:
    rule = await preview_rules.rule_like(asked.desk.uow, command.name, command.pairs)
    removal = await preview_rules.preview_removal(asked.desk.uow, rule.id, now=asked.now)
    await answers.send(asked, removal_message(removal), share=command.share)


async def remove(asked: Interaction) -> None:
    """Take away the rule that the button carries; the service compares it with what goes by its number now."""
    number, workload, pairs = _rule_of(asked.value)
    await manage_workloads.remove_rule(asked.desk.uow, number, by=asked.actor, now=asked.now, pairs=pairs)
    rule = Rule(make_rule(pairs).conditions, id=number)
    await asked.reply.say(removed_message(workload, rule, pairs=carried(workload, pairs)), replace=True)


async def restore(asked: Interaction) -> None:
    number, workload, pairs = _rule_of(asked.value)
    outcome = await manage_workloads.restore_rule(
        asked.desk.uow, workload, pairs, rule_id=number, by=asked.actor, now=asked.now
    )
    await asked.reply.say(restored_message(outcome, number), replace=True)


async def preview_move(asked: Interaction) -> None:
    workload, pairs = brought_back(asked.value)
    await _preview_move(asked, workload, pairs)


async def _preview_move(asked: Interaction, workload: str, pairs: dict[str, str]) -> None:
    found = await reattribute_usage.preview_reattribution(asked.desk.uow, pairs, now=asked.now)
    await asked.reply.say(reattribution_message(found, pairs=carried(workload, pairs)))


async def move_this_month(asked: Interaction) -> None:
    await _move(asked, months=1)


async def move_three_months(asked: Interaction) -> None:
    await _move(asked, months=3)


async def _move(asked: Interaction, *, months: int) -> None:
    """Decided on what is in the books now, not on what the preview showed; the answer says what really moved."""
    _, pairs = brought_back(asked.value)
    done = await reattribute_usage.reattribute(asked.desk.uow, pairs, months=months, by=asked.actor, now=asked.now)
    await asked.reply.say(reattributed_message(done), replace=True)


def _rule_of(value: str) -> tuple[int, str, dict[str, str]]:
    """(number, workload, pairs) in a button's value. Raises Unreadable."""
    try:
        number, workload, pairs = json.loads(value)
        return int(number), str(workload), {str(dimension): str(wanted) for dimension, wanted in pairs.items()}
    except (ValueError, TypeError, AttributeError) as unreadable:
        raise Unreadable(
            "This button does not carry a rule that I can read. Ask for the rules again.",
            correction=f"{COMMAND} workload list",
        ) from unreadable
