"""`/budget forecast`: where every workload ends the month, in one sortable table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import chance, days_words
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import freshness_line, listed, plural, unpriced_line
from core.money import usd
from core.standing import Overview, WorkloadStanding

HEAD: Final = ("Workload", "Forecast", "Chance", "Envelope", "Passes it", "p10", "p90", "Spent", "Run-rate")
"""What a phone shows before one scrolls comes first."""
LIKELY: Final = 0.5
_CHARACTERS: Final = 10_500


def forecasts_message(overview: Overview, *, reader: ZoneInfo) -> Message:
    """The table with who is likely to pass an envelope; a plain sentence before there is any forecast."""
    lines = [line for line in overview.lines if line.forecast is not None]
    if not lines:
        return blocks.message(
            "There is no forecast yet: it is made once usage has arrived.",
            blocks.section("There is no forecast yet: it is made once usage has arrived, and then every hour."),
            blocks.context(freshness_line(overview.freshness, reader)),
        )
    lines.sort(key=lambda line: (-(line.forecast.p50_nanos if line.forecast else 0), line.workload))
    shown = _fitting(lines)
    finding = _finding(lines)
    cut = f"The table shows the largest {len(shown)} of {len(lines):,}." if len(shown) < len(lines) else ""
    notes = [note for note in (cut, unpriced_line(overview.freshness)) if note]
    return blocks.message(
        f"{overview.cycle.title}: {finding}",
        blocks.header(f"Forecast · {overview.cycle.title}"),
        blocks.section("\n".join([finding, *notes])),
        tables.data_table(f"Forecast by workload, {overview.cycle.title}", HEAD, [_row(line) for line in shown]),
        blocks.context(
            "In four months out of five a month ends between p10 and p90. One in detail: `/budget forecast NAME`",
            freshness_line(overview.freshness, reader),
        ),
        blocks.actions(
            blocks.button("Accuracy so far", ids.SHOW_ACCURACY, ""),
            blocks.button("All workloads", ids.SHOW_STATUS, ""),
        ),
    )


def likely_to_pass(lines: Sequence[WorkloadStanding]) -> list[WorkloadStanding]:
    """Who passes an envelope more likely than not and has not yet, the likeliest first."""
    found = [
        line
        for line in lines
        if line.size_nanos is not None
        and line.spent_nanos <= line.size_nanos
        and (line.breach_probability or 0) > LIKELY
    ]
    return sorted(found, key=lambda line: (-(line.breach_probability or 0), line.workload))


def _finding(lines: Sequence[WorkloadStanding]) -> str:
    total = sum(line.forecast.p50_nanos for line in lines if line.forecast)
    start = f"The month ends at about *{usd(total)}* over {plural(len(lines), 'workload')}."
    past = [
        f"*{name(line.workload)}*"
        for line in lines
        if line.size_nanos is not None and line.spent_nanos > line.size_nanos
    ]
    if past:
        start += f" {listed(past, 5)} {'has' if len(past) == 1 else 'have'} passed {'its' if len(past) == 1 else 'their'} envelope."
    heading = [f"*{name(line.workload)}* ({chance(line.breach_probability or 0)})" for line in likely_to_pass(lines)]
    if heading:
        return f"{start} Likely to pass {'its envelope' if len(heading) == 1 else 'their envelopes'}: {listed(heading, 5)}."
    without = all(line.size_nanos is None for line in lines)
    if without:
        return f"{start} No envelope is set yet."
    return start if past else f"{start} No envelope is likely to be passed."


def _fitting(lines: Sequence[WorkloadStanding]) -> Sequence[WorkloadStanding]:
    left = _CHARACTERS
    for place, line in enumerate(lines[: tables.ROWS]):
        left -= sum(len(cell.get("text", "")) for cell in _row(line))
        if left < 0:
            return lines[:place]
    return lines[: tables.ROWS]


def _row(line: WorkloadStanding) -> list[Cell]:
    made = line.forecast
    assert made is not None
    return [
        tables.words(line.workload),
        tables.money(made.p50_nanos),
        chance_cell(line),
        tables.money(line.size_nanos),
        tables.words(_when(line)),
        tables.money(made.p10_nanos),
        tables.money(made.p90_nanos),
        tables.money(line.spent_nanos),
        tables.money(line.run_rate_nanos),
    ]


def chance_cell(line: WorkloadStanding) -> Cell:
    """The chance to pass the envelope, sortable."""
    if line.breach_probability is None:
        return tables.percent(None)
    return {
        "type": "raw_number",
        "value": round(line.breach_probability * 100, 4),
        "text": chance(line.breach_probability),
    }


def _when(line: WorkloadStanding) -> str:
    if line.size_nanos is not None and line.spent_nanos > line.size_nanos:
        return "passed"
    return days_words(*line.forecast.breach_on) if line.forecast and line.forecast.breach_on else "–"
