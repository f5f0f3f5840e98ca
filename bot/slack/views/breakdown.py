"""`/budget spend by …`: one month by one dimension, and how much of it carries that label at all."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.charts import alt_breakdown, labelled, unlabelled
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.tables import Cell
from bot.slack.views.trend import trend_lines
from bot.slack.views.wording import freshness_line, plural, unpriced_line
from core.money import usd
from core.standing import Breakdown, Slice

TABLE_CHARACTERS = 10_000


def breakdown_message(breakdown: Breakdown, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """Finding, chart (where its Slack file exists), the same figures as a table, coverage and freshness."""
    title = f"Spend by {breakdown.dimension} · {breakdown.cycle.title}"
    finding = _finding(breakdown)
    notes = _notes(breakdown)
    return blocks.message(
        f"{breakdown.cycle.title} by {breakdown.dimension}: {finding}",
        blocks.header(title),
        blocks.section("\n".join([finding, *notes])),
        blocks.picture(chart_file, alt_breakdown(breakdown)),
        _table(breakdown),
        _trend(breakdown),
        blocks.context(freshness_line(breakdown.freshness, reader)),
        blocks.actions(blocks.button("All workloads", ids.SHOW_STATUS, ""), _next(breakdown)),
    )


def _finding(breakdown: Breakdown) -> str:
    total = breakdown.spent_nanos
    if not total:
        return f"Nothing was spent in {breakdown.cycle.title}."
    largest = next((part for part in breakdown.slices if part.label is not None), None)
    if largest is None:
        return f"*{usd(total)}* spent, none of it with {labelled(breakdown.dimension)}."
    return (
        f"*{usd(total)}* spent. *{name(largest.label or '')}* is the largest {breakdown.dimension}: "
        f"*{usd(largest.spent_nanos)}* ({share(largest.spent_nanos / total)})."
    )


def _notes(breakdown: Breakdown) -> list[str]:
    notes = [_coverage(breakdown)] if breakdown.coverage is not None else []
    if unpriced := unpriced_line(breakdown.freshness):
        notes.append(unpriced)
    shown = len(_shown(breakdown))
    if left_out := len(breakdown.slices) - shown:
        notes.append(f"The table shows the largest {shown}; {plural(left_out, 'smaller value')} share its last row.")
    return notes


def _coverage(breakdown: Breakdown) -> str:
    """How much of the spend the breakdown explains, and where the rest is put right."""
    covered = breakdown.coverage or 0.0
    missing = usd(sum(part.spent_nanos for part in breakdown.slices if part.label is None))
    if breakdown.dimension == "workload":
        if covered == 1:
            return "Every dollar is attributed to a workload."
        return (
            f"{share(covered)} of the dollars are attributed; {missing} are not. Add rules with `/budget workload add`"
        )
    if covered == 1:
        return f"Every dollar carries {labelled(breakdown.dimension)}."
    tag = code(breakdown.dimension)
    return (
        f"{share(covered)} of the dollars carry {labelled(breakdown.dimension)}; {missing} do not. "
        f"Tag the requests with {tag} at their source."
    )


def _trend(breakdown: Breakdown) -> Block | None:
    """How coverage has been going, where it ever was less than the whole: every model has a name, and nobody asks."""
    if all(part in (None, 1) for _, part in breakdown.weeks):
        return None
    lines = trend_lines(breakdown.weeks, ongoing=breakdown.cycle.last_on >= breakdown.freshness.as_of.date())
    return blocks.section("\n".join([f"*{_carried(breakdown.dimension)} by week*", *lines]))


def _carried(dimension: str) -> str:
    return "Attributed" if dimension == "workload" else f"With {labelled(dimension)}"


def _shown(breakdown: Breakdown) -> tuple[Slice, ...]:
    """The slices that get a row of their own."""
    rows = len(breakdown.slices) if len(breakdown.slices) <= tables.ROWS else tables.ROWS - 1
    left = TABLE_CHARACTERS
    for place, part in enumerate(breakdown.slices[:rows]):
        left -= sum(len(cell["text"]) for cell in _row(part, _label(part, breakdown), breakdown))
        if left < 0:
            return breakdown.slices[:place]
    return breakdown.slices[:rows]


def _table(breakdown: Breakdown) -> Block | None:
    if not breakdown.slices:
        return None
    shown = _shown(breakdown)
    rows = [_row(part, _label(part, breakdown), breakdown) for part in shown]
    if rest := breakdown.slices[len(shown) :]:
        together = Slice(None, sum(part.spent_nanos for part in rest), sum(part.requests for part in rest))
        rows.append(_row(together, f"{len(rest):,} more", breakdown))
    head = (breakdown.dimension.capitalize(), "Spent", "Share", "Requests")
    return tables.data_table(f"Spend by {breakdown.dimension}, {breakdown.cycle.title}", head, rows)


def _label(part: Slice, breakdown: Breakdown) -> str:
    return unlabelled(breakdown.dimension) if part.label is None else part.label


def _row(part: Slice, label: str, breakdown: Breakdown) -> list[Cell]:
    total = breakdown.spent_nanos
    if not part.spent_nanos and part.label in breakdown.freshness.unpriced_models:
        # An unknown model costs something nobody knows yet: not nothing.
        unpriced = tables.money(None, "no price")
        return [tables.words(label, 80), unpriced, tables.percent(None), tables.number(part.requests)]
    return [
        tables.words(label, 80),
        tables.money(part.spent_nanos),
        tables.percent(part.spent_nanos / total if total else None),
        tables.number(part.requests),
    ]


def _next(breakdown: Breakdown) -> Block:
    other = "model" if breakdown.dimension != "model" else "feature"
    return blocks.button(f"Spend by {other}", ids.SHOW_SPEND, other)
