"""`/budget whatif`: the same forecast with and without changes, and what the two buttons under it carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import alt_trial, chance, days_words, signed
from bot.readable import share
from bot.slack import ids
from bot.slack.command_changes import MOST, typed_change
from bot.slack.command_words import COMMAND
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.forecast import rate_text
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import day, freshness_line
from core.errors import OutOfRange, Unreadable
from core.forecast import Forecast
from core.money import MAX_NANOS, apart, usd
from core.scenario import Change
from core.services.try_changes import Trial
from core.store.plan_rows import packed, unpacked

BUTTON_VALUE: Final = 2_000
"""Slack's limit for what a button carries (2026-11)."""
MARGIN: Final = 0.20
_KINDS: Final = {"volume": 1, "input": 1, "output": 1, "cache": 1, "move": 3}
"""Changes that a button can bring back, with how many values each has."""


def whatif_message(trial: Trial, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """Side by side, the difference first."""
    workload = trial.now.month.workload
    finding = finding_sentence(trial)
    return blocks.message(
        f"*{name(workload)}*: {finding}",
        blocks.header(f"{workload} · what if"),
        blocks.section(
            "\n".join([finding, f"Tried from {day(trial.from_on)}: {described(trial.changes)}.", *_caveats(trial)])
        ),
        blocks.picture(chart_file, alt_trial(trial.now, trial.then)),
        _table(trial),
        blocks.context("Nothing is changed until somebody saves it.", freshness_line(trial.now.freshness, reader)),
        _buttons(trial),
    )


def described(changes: Sequence[Change]) -> str:
    """The changes in words, escaped."""
    return name(", ".join(change.describe() for change in changes), 600)


def finding_sentence(trial: Trial) -> str:
    """The difference in dollars, from what to what."""
    was, would = trial.now.forecast.p50_nanos, trial.then.p50_nanos
    gap = trial.difference_nanos
    if not gap:
        return f"*It makes no difference*: the month ends at about {usd(was)} either way."
    part = f" ({share(abs(gap) / was)})" if was else ""
    verb = "costs" if gap > 0 else "saves"
    by = f"{trial.now.cycle.last_on.day} {trial.now.cycle.last_on:%b}"
    return f"This {verb} *{apart(would, was)}*{part} by {by}: about *{usd(would)}* instead of {usd(was)}."


def _caveats(trial: Trial) -> list[str]:
    found = []
    if trial.crosses_models:
        found.append(
            "Tokens are counted over unchanged, but tokenizers differ between models: expect a tenth more or fewer, and "
            "quality to be checked."
        )
    if not trial.then.path:
        found.append("The month is over, so nothing can change it any more.")
    elif trial.from_on > trial.now.cycle.last_on:
        found.append(f"{day(trial.from_on)} lies after this month, so this month stays as it is.")
    return found


def _table(trial: Trial) -> Block:
    was, would = trial.now.forecast, trial.then
    rows: list[list[Cell]] = [
        _amounts("Forecast p50", was.p50_nanos, would.p50_nanos),
        _amounts("Low p10", was.p10_nanos, would.p10_nanos),
        _amounts("High p90", was.p90_nanos, would.p90_nanos),
    ]
    if was.breach_probability is not None and would.breach_probability is not None:
        chances = chance(was.breach_probability), chance(would.breach_probability)
        rows.append([*map(tables.words, ("Chance to pass it", *chances, "–"))])
        rows.append([*map(tables.words, ("Likely day", _days(was), _days(would), "–"))])
    each, then_each = _cost_a_request(was), _cost_a_request(would)
    if each is not None and then_each is not None:
        gap = f"{'−' if then_each < each else '+'}{rate_text(abs(then_each - each))}" if then_each != each else "$0"
        rows.append([*map(tables.words, ("Cost a request", rate_text(each), rate_text(then_each), gap))])
    caption = f"{trial.now.month.workload}, {trial.now.cycle.title}"
    return tables.data_table(caption, ("Figure", "As it is", "What if", "Change"), rows)


def _cost_a_request(made: Forecast) -> int | None:
    """Nanos over the days to come."""
    found = next((row.expected for row in made.drivers if row.unit == "nanos"), None)
    return None if found is None else round(found)


def _amounts(title: str, was: int, would: int) -> list[Cell]:
    return [*map(tables.words, (title, usd(was), usd(would), signed(would - was)))]


def _days(made: Forecast) -> str:
    return days_words(*made.breach_on) if made.breach_on else "–"


def _buttons(trial: Trial) -> Block | None:
    """Only where there is something to save; a value that is too long leaves its button out, and says so nowhere else."""
    workload = trial.now.month.workload
    line = (
        f"{COMMAND} plan {workload} from={trial.from_on} {' '.join(typed_change(change) for change in trial.changes)}"
    )
    elements = []
    value = carried(workload, trial.changes, trial.from_on)
    if value is not None:
        elements.append(
            blocks.button(
                "Save as plan", ids.SAVE_AS_PLAN, value, style="primary",
                asks=blocks.confirmation(
                    "Save as a plan?", f"From {day(trial.from_on)} the forecast of {workload} takes it in.",
                    yes="Save", style="primary",
                ),
            )
        )  # fmt: skip
    if amount := proposed_nanos(trial):
        proposal = json.dumps([workload, amount], separators=(",", ":"))
        elements.append(blocks.button(f"Propose as envelope: {usd(amount)}", ids.PROPOSE_ENVELOPE, proposal))
    if not elements:
        return blocks.context(f"To plan it, type {code(line, 400)}")
    return blocks.actions(*elements)


def proposed_nanos(trial: Trial) -> int:
    """The middle under the changes with the envelope's margin, rounded up to whole tens of dollars; 0 without spend."""
    margin = trial.now.envelope.terms.margin if trial.now.envelope else MARGIN
    tens = 10_000_000_000
    return min(-(-round(trial.then.p50_nanos * (1 + margin)) // tens) * tens, MAX_NANOS)


def carried(workload: str, changes: Sequence[Change], from_on: date) -> str | None:
    """What was tried as a button's value; None where it does not fit or is more than a button can bring back."""
    values = [packed(change) for change in changes]
    if any(kind not in _KINDS for kind, *_ in values):
        return None
    value = json.dumps([workload, from_on.isoformat(), values], ensure_ascii=False, separators=(",", ":"))
    return value if len(value) <= BUTTON_VALUE else None


def brought_back(value: str) -> tuple[str, date, tuple[Change, ...]]:
    """What a button carries. Raises Unreadable, OutOfRange; whether it is allowed is the service's to say."""
    try:
        workload, from_on, values = json.loads(value)
        changes = tuple(_change(one) for one in values)
        found = str(workload), date.fromisoformat(from_on), changes
    except (ValueError, TypeError) as unreadable:
        raise Unreadable(
            "This button does not carry changes that I can read. Type them again with /budget whatif.",
            correction=f"{COMMAND} help whatif",
        ) from unreadable
    if not 0 < len(changes) <= MOST:
        raise OutOfRange(f"A plan has 1 to {MOST} changes.")
    return found


def brought_amount(value: str) -> tuple[str, int]:
    """The workload and nanos of a proposal. Raises Unreadable, OutOfRange."""
    try:
        workload, nanos = json.loads(value)
        if not isinstance(workload, str) or not isinstance(nanos, int) or isinstance(nanos, bool):
            raise TypeError("not a workload and an amount")
    except (ValueError, TypeError) as unreadable:
        raise Unreadable(
            "This button does not carry an amount that I can read.", correction=f"{COMMAND} set"
        ) from unreadable
    if not 0 < nanos <= MAX_NANOS:
        raise OutOfRange("An envelope has to hold more than $0 and at most $1 billion.")
    return workload, nanos


def _change(packed_change: Any) -> Change:
    """Raises ValueError, TypeError, OutOfRange."""
    kind, *rest = packed_change
    numbers, names = rest[-1:], rest[:-1]
    well_formed = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    if len(rest) != _KINDS.get(kind) or not well_formed or not all(isinstance(one, str) for one in names):
        raise ValueError("not a change")
    return unpacked([kind, *rest])
