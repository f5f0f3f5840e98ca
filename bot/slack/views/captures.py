"""Two sources that report the same calls: the preview of which one counts, what was set, and the rules that hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, escape, name, person
from bot.slack.views.plans import input_block
from bot.slack.views.wording import day, listed, plural
from core.double_capture import SourceRule, SourceUse
from core.money import usd
from core.period import Cycle
from core.services.choose_source import Effect

View = dict[str, Any]
TAKE_OUT: Final = "take_out"
SHOWN_RULES: Final = 5
_TITLE: Final = "Which source counts"


def none_modal(provider: str, month: Cycle) -> View:
    """Nothing to choose: the way out where calls are doubled inside one source."""
    text = (
        f"No two sources report the same calls of {name(provider)} in {month.title}. Where calls are doubled, one source sends "
        "them twice: let it send the provider's response id, then each call counts once."
    )
    return {
        "type": "modal", "title": blocks.plain(_TITLE, 24), "close": blocks.plain("Close", 24), "private_metadata": "{}",
        "blocks": [blocks.section(text), blocks.context(f"Who sends what: {code('/budget sources')}")],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Previewed:
    """One of the two choices, with what taking out would do, or the reason why it cannot be made."""

    counts: SourceUse
    checks: SourceUse
    would: Effect | str


def choice_modal(provider: str, month: Cycle, choices: Sequence[Previewed], *, more: int, value: str) -> View:
    """Either choice with its dollars; what is booked already is touched only where that is ticked.

    Args:
      choices: both ways round of the costliest pair; what cannot be chosen is told, not offered.
      more: pairs of sources besides.
      value: brought back on submit.
    """
    both = f"{name(choices[0].counts.name)} and {name(choices[0].checks.name)}"
    said = f"*{both} report the same calls* of {name(provider)} in {month.title}."
    shown = [
        blocks.section("\n".join([said, *(_line(one.counts, one.checks) for one in choices), *map(_would, choices)]))
    ]
    if more:
        shown.append(
            blocks.context(f"The costliest of {more + 1} pairs. Once it is set, open this again for the next.")
        )
    offered = [one for one in choices if not isinstance(one.would, str)]
    modal: View = {
        "type": "modal", "callback_id": ids.CHOOSE_SOURCE_MODAL, "title": blocks.plain(_TITLE, 24),
        "close": blocks.plain("Back", 24), "private_metadata": json.dumps({"value": value}), "blocks": shown,
    }  # fmt: skip
    if offered:
        modal["submit"] = blocks.plain("Set", 24)
        shown += _questions(offered, month)
    return modal


def _questions(offered: Sequence[Previewed], month: Cycle) -> list[Block]:
    options = [_option(one.counts, one.checks, month) for one in offered]
    which = {"type": "static_select", "action_id": "value", "options": options, "initial_option": options[0]}
    take_out = {
        "type": "checkboxes", "action_id": "value",
        "options": [{
            "text": blocks.plain(f"Also take out what is booked since {day(month.first_on)}", 75), "value": TAKE_OUT,
            "description": blocks.plain("Its dollars leave the books; audited; frozen months get an adjustment", 75),
        }],
    }  # fmt: skip
    return [
        input_block(ids.BLOCK_WHICH_SOURCE, "From now on", which),
        input_block(ids.BLOCK_TAKE_OUT, "What is booked already", take_out, optional=True),
        blocks.context(
            "The other one goes on to report and is in no sum, with all that it reports of this provider. "
            "It can be undone in `/budget sources`."
        ),
    ]


def chosen_message(rule: SourceRule, effect: Effect) -> Message:
    """What counts now, and what left the books."""
    text = (
        f"Set: {name(rule.counts_name)} counts for {name(rule.provider)}, {name(rule.checks_name)} only checks, "
        f"from {day(rule.from_at.date())}. {_moved(effect, 'left the books')}"
    )
    return blocks.message(text, blocks.section(text), blocks.actions(_undo(rule, 0)))


def undone_message(rule: SourceRule, effect: Effect) -> Message:
    """Both count again, and what came back."""
    text = (
        f"Undone: {name(rule.counts_name)} and {name(rule.checks_name)} both count for {name(rule.provider)}. "
        f"{_moved(effect, 'came back')}"
    )
    line = f"/budget sources compare {rule.provider}"
    return blocks.message(text, blocks.section(text), blocks.context(f"Look at what they share: {code(line)}"))


def rules_blocks(rules: Sequence[SourceRule]) -> list[Block]:
    """Each rule that holds with the button that ends it; nothing without any."""
    found: list[Block] = []
    for place, rule in enumerate(rules[:SHOWN_RULES]):
        found.append(
            blocks.section(
                f"*{name(rule.counts_name)} counts for {name(rule.provider)}*, {name(rule.checks_name)} only checks, from "
                f"{day(rule.from_at.date())}, set by {person(rule.set_by)}"
            )
        )
        found.append(blocks.actions(_undo(rule, place)))
    if len(rules) > SHOWN_RULES:
        found.append(blocks.context(f"{plural(len(rules) - SHOWN_RULES, 'more rule')} not shown."))
    return found


def _option(counts: SourceUse, checks: SourceUse, month: Cycle) -> Block:
    label = f"{counts.name[:20]} counts, {checks.name[:20]} checks ({usd(checks.nanos)} in {month.first_on:%b})"
    return {"text": blocks.plain(label, 75), "value": f"{counts.source_id}:{checks.source_id}"}


def _line(one: SourceUse, other: SourceUse) -> str:
    alone = f"; only it has {usd(one.alone_nanos)}" if one.alone_nanos > 0 else ""
    return (
        f"• {name(one.name)}: {usd(one.nanos)} in {plural(one.requests, 'call')}, {usd(one.shared_nanos)} of it in "
        f"{plural(one.shared_requests, 'call')} that {name(other.name)} has too{alone}"
    )


def _would(one: Previewed) -> str:
    if isinstance(one.would, str):
        return f"• {name(one.checks.name)} cannot only check: {escape(one.would)}"
    if not one.would.requests:
        return f"• {name(one.checks.name)} taken out: nothing is booked."
    parts = [f"{name(workload)} {usd(nanos)}" for workload, nanos in one.would.by_workload]
    adjusted = listed([month.title for month in one.would.adjusted], 4)
    return f"• {name(one.checks.name)} taken out: {usd(one.would.nanos)} leaves the books, of {listed(parts, 4)}" + (
        f"; {adjusted} would get an adjustment." if adjusted else "."
    )


def _moved(effect: Effect, happened: str) -> str:
    if not effect.requests:
        return "What is booked already stays as it is."
    parts = [f"{name(workload)} {usd(nanos)}" for workload, nanos in effect.by_workload]
    said = f"{plural(effect.requests, 'call')} of {usd(effect.nanos)} {happened}: {listed(parts, 4)}."
    if effect.adjusted:
        said += f" {listed([month.title for month in effect.adjusted], 4)} got an adjustment."
    return said


def _undo(rule: SourceRule, place: int) -> Block:
    asks = blocks.confirmation(
        "Let both count?", f"What {rule.checks_name[:60]} reported since {day(rule.from_at.date())} comes back into the sums.",
        yes="Let both count", style="danger",
    )  # fmt: skip
    return blocks.button("Undo", f"{ids.UNDO_SOURCE_RULE}:{place}", str(rule.id), asks=asks)
