"""`/budget status`: every workload in one sortable table, after the finding in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import chance
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.forecasts import chance_cell, likely_to_pass
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.tables import Cell
from bot.slack.views.wording import (
    STRAIGHT_LINE,
    freshness_line,
    goes_on,
    listed,
    plural,
    state_text,
    unpriced_line,
)
from core.envelope import State
from core.money import usd
from core.standing import Overview, WorkloadStanding
from core.unattributed import RELEVANT_SHARE
from core.workload import UNATTRIBUTED

HEAD: Final = ("Workload", "Used", "State", "Spent", "Forecast", "Chance", "Envelope", "Run-rate")
"""A phone shows the first three without scrolling: how far each is, and how it stands. The amounts follow."""
TABLE_CHARACTERS: Final = 10_500
"""Room for the cells, so that the whole message stays below the 13 200 characters at which Slack refuses it."""


def overview_message(overview: Overview, *, reader: ZoneInfo) -> Message:
    """The table with its finding, total and freshness; first steps instead, before there is anything to show."""
    if not any(line.requests or line.spent_nanos or line.size_nanos for line in overview.lines):
        return _first_steps(overview, reader)
    shown, rest = _split(overview.lines)
    finding = f"{_finding(overview)} {_past(overview.lines)}".rstrip()
    return blocks.message(
        f"{overview.cycle.title}: {finding}",
        blocks.header(f"AI budget · {overview.cycle.title}"),
        blocks.section(finding),
        _table(overview, shown, rest),
        blocks.section(_total(overview)),
        _notes(overview, rest),
        blocks.context(freshness_line(overview.freshness, reader), STRAIGHT_LINE),
        blocks.actions(
            blocks.button("Forecast", ids.SHOW_FORECAST, ""),
            blocks.button("Set an envelope", ids.OPEN_SET, ""),
            *_bucket_button(overview),
        ),
    )


def _bucket_button(overview: Overview) -> list[Block]:
    """A way into the unattributed bucket, where it holds enough to matter."""
    loose = next((line.spent_nanos for line in overview.lines if line.workload == UNATTRIBUTED), 0)
    if not loose or loose < RELEVANT_SHARE * overview.spent_nanos:
        return []
    return [blocks.button("What is unattributed?", ids.SHOW_UNATTRIBUTED, "")]


def _finding(overview: Overview) -> str:
    """Spent, elapsed, and how the envelopes stand: spend outside any envelope must not flatter or blame them."""
    within = [line for line in overview.lines if line.size_nanos is not None]
    spent = f"*{usd(overview.spent_nanos)}* spent, {share(overview.share_elapsed)} into the month."
    if not within:
        return f"{spent} No envelope is set yet."
    used = sum(line.spent_nanos for line in within)
    of = f" ({share(used / overview.size_nanos)})" if overview.size_nanos else ""
    holds = "One envelope holds" if len(within) == 1 else f"{len(within)} envelopes hold"
    return f"{spent} {holds} *{usd(overview.size_nanos)}*, {usd(used)} of it used{of}."


def _past(lines: Sequence[WorkloadStanding]) -> str:
    """Who is past a threshold, hard before soft, and who would end above the envelope; calm where nobody is."""
    sentences = []
    for states, threshold in (((State.DEGRADED, State.STOPPED), "hard"), ((State.WARNED,), "soft")):
        if past := [f"*{name(line.workload)}*" for line in lines if line.state in states]:
            verb = "is past its" if len(past) == 1 else "are past their"
            sentences.append(f"{listed(past, 5)} {verb} {threshold} threshold.")
    if granted := [f"*{name(line.workload)}*" for line in lines if line.state is State.GRANTED]:
        sentences.append(goes_on(granted))
    if not sentences and any(line.state for line in lines):
        sentences.append("All envelopes are within their thresholds.")
    if likely := likely_to_pass(lines):
        named = [f"*{name(line.workload)}* ({chance(line.breach_probability or 0)})" for line in likely]
        whose = "its envelope" if len(likely) == 1 else "their envelopes"
        sentences.append(f"By the forecast, {listed(named, 5)} will probably pass {whose}.")
    if heading := [f"*{name(line.workload)}*" for line in lines if _heads_above(line)]:
        verb = "ends the month above its envelope" if len(heading) == 1 else "end the month above their envelopes"
        sentences.append(f"On a straight line {listed(heading, 5)} {verb}.")
    return " ".join(sentences)


def _heads_above(line: WorkloadStanding) -> bool:
    """Whether the run-rate passes an envelope that the spend has not passed yet; for who has no forecast yet."""
    if line.forecast is not None:
        return False
    return line.size_nanos is not None and line.spent_nanos < line.size_nanos < (line.run_rate_nanos or 0)


def _split(lines: Sequence[WorkloadStanding]) -> tuple[Sequence[WorkloadStanding], Sequence[WorkloadStanding]]:
    """The lines that fit the table, and the rest, which then share the last row."""
    rows = len(lines) if len(lines) <= tables.ROWS else tables.ROWS - 1
    left = TABLE_CHARACTERS
    for place, line in enumerate(lines[:rows]):
        left -= sum(len(cell.get("text", "")) for cell in _row(line)[1:]) + len(line.workload[:60])
        if left < 0:
            return lines[:place], lines[place:]
    return lines[:rows], lines[rows:]


def _table(overview: Overview, shown: Sequence[WorkloadStanding], rest: Sequence[WorkloadStanding]) -> Block:
    rows = [_row(line) for line in shown]
    if rest:
        size = sum(line.size_nanos or 0 for line in rest)
        spent = sum(line.spent_nanos for line in rest)
        title = tables.words(f"{len(rest):,} more")
        rows.append(
            [
                title,
                tables.percent(None),
                tables.words("together"),
                tables.money(spent),
                tables.money(sum(line.forecast_nanos or 0 for line in rest) or None),
                tables.percent(None),
                tables.money(size or None),
                tables.money(None),
            ]
        )
    return tables.data_table(f"Spend by workload, {overview.cycle.title}", HEAD, rows)


def _row(line: WorkloadStanding) -> list[Cell]:
    return [
        tables.words(line.workload),
        tables.percent(line.share_used),
        tables.words(_state(line), 80),
        tables.money(line.spent_nanos),
        tables.money(line.forecast_nanos),
        chance_cell(line),
        tables.money(line.size_nanos),
        tables.money(line.run_rate_nanos),
    ]


def _state(line: WorkloadStanding) -> str:
    parts = [state_text(line.state)]
    if line.pending_nanos is not None:
        parts.append(f"{usd(line.pending_nanos)} asked")
    if line.unpriced_requests:
        parts.append(f"{line.unpriced_requests:,} unpriced")
    return " · ".join(parts)


def _total(overview: Overview) -> str:
    last = overview.cycle.last_on
    run_rates = [line.run_rate_nanos for line in overview.lines if line.run_rate_nanos is not None]
    ends = f" · run-rate *{usd(sum(run_rates))}* by {last.day} {last:%b}" if run_rates else ""
    foretold = sum(line.forecast_nanos or 0 for line in overview.lines)
    expected = f" · forecast *{usd(foretold)}*" if foretold else ""
    return f"Total *{usd(overview.spent_nanos)}* spent{expected}{ends}"


def _notes(overview: Overview, rest: Sequence[WorkloadStanding]) -> Block | None:
    """What the table alone does not say, each with its way out."""
    notes = []
    if rest:
        shown = len(overview.lines) - len(rest)
        notes.append(
            f"The table shows the {shown:,} largest; {len(rest):,} more share its last row. "
            "See one with `/budget status NAME`"
        )
    if missing := unpriced_line(overview.freshness):
        notes.append(missing)
    loose = next((line for line in overview.lines if line.workload == UNATTRIBUTED), None)
    if loose and loose.spent_nanos:
        part = f" ({share(loose.spent_nanos / overview.spent_nanos)})" if overview.spent_nanos else ""
        owned = f"{person(loose.owner)} owns it" if loose.owner else "Nobody owns it yet"
        way = "see what it is with `/budget unattributed`"
        notes.append(f"{usd(loose.spent_nanos)}{part} is unattributed. {owned}; {way}")
    without = [line for line in overview.lines if line.size_nanos is None and line.spent_nanos and line is not loose]
    if without:
        spend = "spends" if len(without) == 1 else "spend"
        largest = code(f"/budget set {without[0].workload}")
        notes.append(f"{plural(len(without), 'workload')} {spend} without an envelope. Start with {largest}")
    return blocks.section("\n".join(f"• {note}" for note in notes)) if notes else None


def _first_steps(overview: Overview, reader: ZoneInfo) -> Message:
    known = overview.freshness.latest_usage_at is not None
    text = f"No spend in {overview.cycle.title} yet." if known else "No usage has arrived yet."
    return blocks.message(
        f"{text} Three steps lead to the first envelope.",
        blocks.header(f"AI budget · {overview.cycle.title}"),
        blocks.section(
            f"*{text}* Three steps lead to the first envelope.\n"
            "1. Send usage: your gateway posts to `/v1/usage`, or an export is loaded with `outlay import FILE`\n"
            "2. Say what belongs together, with a workload and its rule\n"
            "3. Give it an envelope with an owner and a sponsor"
        ),
        blocks.paste(
            "/budget workload add search-answers feature=search environment=production",
            "/budget set search-answers 4000 owner=@you sponsor=@executive",
        ),
        blocks.context(freshness_line(overview.freshness, reader)) if known else None,
        blocks.actions(
            blocks.button("Set an envelope", ids.OPEN_SET, "", style="primary"),
            blocks.button("How it works", ids.SHOW_HELP, ""),
        ),
    )
