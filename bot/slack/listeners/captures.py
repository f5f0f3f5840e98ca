"""Which of two sources counts: from a comparison or a typed line to the preview, and only then is anything set; undone by a click."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from bot.slack import ids
from bot.slack.command_forms import CompareSources
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar, remembered_in, remembering
from bot.slack.listeners import answers
from bot.slack.listeners.mend import comparison_shown, ticked_in
from bot.slack.listeners.plan_forms import open_view, typed_in
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.views.captures import (
    SHOWN_RULES,
    TAKE_OUT,
    Previewed,
    choice_modal,
    chosen_message,
    none_modal,
    undone_message,
)
from core.errors import NotAllowed, OutOfRange, UnknownName, Unreadable
from core.period import Cycle
from core.services.choose_source import Choice, Effect, choose_source, overlaps, preview_choice, undo_choice
from core.services.reconcile_month import reconcile_month


def register(registrar: Registrar) -> None:
    registrar.action(ids.PREVIEW_CAPTURE, preview_from_comparison)
    for place in range(SHOWN_RULES):
        registrar.action(f"{ids.UNDO_SOURCE_RULE}:{place}", undo)
    registrar.app.view(ids.CHOOSE_SOURCE_MODAL)(
        submission(registrar, "Set which source counts", _choose, response_action="clear")
    )


async def preview_from_comparison(asked: Interaction) -> None:
    """On top of the list of what can be mended. Raises NotAllowed for anybody but finance."""
    kept = await comparison_shown(asked, asked.value)
    form = await _form(asked, kept.provider, kept.month, shown=asked.value)
    await asked.client.views_push(trigger_id=asked.trigger_id, view=remembering(form, asked.reply))


async def compare(asked: Interaction, command: CompareSources) -> None:
    """`/budget sources compare openai 2026-10`."""
    form = await _form(asked, command.provider, command.month)
    await open_view(asked, form, line=f"{COMMAND} sources compare {command.provider} {command.month}")


async def undo(asked: Interaction) -> None:
    if not asked.value.isdecimal():
        raise Unreadable("This button names no rule. Look at the rules with `/budget sources`.")
    rule, effect = await undo_choice(asked.desk.uow, int(asked.value), by=asked.actor, now=asked.now)
    await answers.send(asked, undone_message(rule, effect), share=False)


async def _form(asked: Interaction, provider: str, month: Cycle, *, shown: str = "") -> dict[str, Any]:
    asked.actor.require_finance("say which source counts")
    found = await overlaps(asked.desk.uow, provider, month)
    if not found:
        return none_modal(provider, month)
    fuller, other = found[0].fuller, found[0].other
    choices = [
        Previewed(counts, checks, await _would(asked, Choice(provider, counts.source_id, checks.source_id, _since(asked, month))))
        for counts, checks in ((fuller, other), (other, fuller))
    ]  # fmt: skip
    return choice_modal(provider, month, choices, more=len(found) - 1, value=json.dumps([provider, str(month), shown]))


async def _would(asked: Interaction, choice: Choice) -> Effect | str:
    """What taking out would do, or why this choice cannot be made."""
    try:
        return await preview_choice(asked.desk.uow, choice, by=asked.actor, now=asked.now)
    except (NotAllowed, OutOfRange, UnknownName) as refused:
        return refused.message


def _since(asked: Interaction, month: Cycle) -> datetime:
    return min(datetime.combine(month.first_on, time(0), UTC), asked.now)


async def _choose(asked: Interaction, outcome: Outcome) -> None:
    provider, month, shown = _brought(remembered_in(asked.body).get("value"))
    typed = typed_in(asked.view)
    counts, _, checks = typed.get(ids.BLOCK_WHICH_SOURCE, "").partition(":")
    if not (counts.isdecimal() and checks.isdecimal()):
        raise Unreadable("This form names no sources. Open it again with `/budget sources compare`.")
    choice = Choice(provider, int(counts), int(checks), _since(asked, month))
    takes_out = TAKE_OUT in ticked_in(asked.view, ids.BLOCK_TAKE_OUT)
    rule, effect = await choose_source(asked.desk.uow, choice, takes_out=takes_out, by=asked.actor, now=asked.now)
    outcome.said = chosen_message(rule, effect)
    if takes_out and shown:
        kept = await comparison_shown(asked, shown)
        await reconcile_month(
            asked.desk.uow, kept.provider, kept.month, by=asked.actor, finance_team=asked.desk.finance,
            channel=kept.channel, now=asked.now,
        )  # fmt: skip
        asked.desk.wake_delivery()


def _brought(value: Any) -> tuple[str, Cycle, str]:
    try:
        provider, month, shown = json.loads(str(value))
        return str(provider), Cycle.read(str(month)), str(shown)
    except (ValueError, TypeError) as forged:
        raise Unreadable("This form names no month. Open it again with `/budget sources compare`.") from forged
