"""Small multiples: every envelope of a channel as a little chart of its month, all on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from bot.charts.foretold import chance
from bot.charts.sheet import DARK, EDGE, LIGHT, SMALL, WIDTH, Sheet, legible
from core.money import usd
from core.period import Cycle

MOST: Final = 12
ROW: Final = 132
HEAD: Final = 62
FOOT: Final = 26
PLOT: Final = 74
GUTTER: Final = 20


@dataclass(frozen=True, slots=True)
class Small:
    """One chart: its name, the spend of each day so far, where it ends, the envelope, and the chance to pass it. Nanos."""

    title: str
    days: tuple[int, ...]
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    size_nanos: int
    chance: float | None


def multiples(smalls: Sequence[Small], cycle: Cycle, *, dark: bool = False) -> bytes:
    """A PNG, 960 wide, two charts a row, at most twelve. Each has its own scale, with its envelope as the measure."""
    shown = smalls[:MOST]
    rows = -(-len(shown) // 2)
    sheet = Sheet(HEAD + ROW * rows + FOOT, DARK if dark else LIGHT)
    sheet.title(f"Forecast for {cycle.title}")
    more = f" · the first {MOST} of {len(smalls)}" if len(smalls) > MOST else ""
    sheet.subtitle(f"{len(smalls)} envelope{'s' if len(smalls) != 1 else ''}, most at risk first{more}")
    width = (WIDTH - 2 * EDGE - GUTTER) / 2
    for place, small in enumerate(shown):
        left = EDGE + (place % 2) * (width + GUTTER)
        top = sheet.height - HEAD - ROW * (place // 2)
        _draw(sheet, small, cycle, (left, top, width))
    sheet.text(EDGE, 9, "Line: spent · band: forecast p10–p90 · bar: envelope", size=SMALL, color=sheet.colours.quiet)
    return sheet.png()


def _draw(sheet: Sheet, small: Small, cycle: Cycle, place: tuple[float, float, float]) -> None:
    left, top, width = place
    colours = sheet.colours
    likely = "" if small.chance is None else f"{chance(small.chance)}"
    bold = (small.chance or 0) > 0.5
    ink = colours.hard if bold else colours.ink
    room = width - sheet.width_of(likely, weight="bold") - 8
    title = legible(small.title, "a workload")
    sheet.text(left, top - 13, sheet.shortened(title, room, weight="bold"), weight="bold")
    sheet.text(left + width, top - 13, likely, weight="bold", color=ink, ha="right")
    said = f"{usd(small.p50_nanos)} of {usd(small.size_nanos)}"
    sheet.text(left, top - 29, sheet.shortened(said, width, size=SMALL), size=SMALL, color=colours.quiet)
    sums = [0, *accumulate(small.days)]
    highest = max(small.size_nanos, small.p90_nanos, sums[-1], 1) * 1.06
    low = top - 36 - PLOT

    def x(day: float) -> float:
        return left + width * day / cycle.days

    def y(nanos: float) -> float:
        return low + PLOT * max(0.0, nanos) / highest

    sheet.line([left, left + width], [low, low], color=colours.grid, linewidth=1, zorder=1)
    if small.size_nanos:
        at = y(small.size_nanos)
        sheet.line([left, left + width], [at, at], color=colours.hard, linewidth=1.4, zorder=2)
    xs, now = [x(day) for day in range(len(sums))], x(len(sums) - 1)
    if len(sums) - 1 < cycle.days:
        ends, start = [now, x(cycle.days)], y(sums[-1])
        sheet.axes.fill_between(
            ends,
            [start, y(small.p10_nanos)],
            [start, y(small.p90_nanos)],
            color=colours.actual,
            alpha=0.25,
            linewidth=0,
            zorder=3,
        )
        sheet.line(
            ends, [start, y(small.p50_nanos)], color=colours.actual, linewidth=1.5, linestyle=(0, (3, 2)), zorder=4
        )
    sheet.line(xs, [y(nanos) for nanos in sums], color=colours.actual, linewidth=2, zorder=5)
    sheet.line([now], [y(sums[-1])], color=colours.actual, marker="o", markersize=4, zorder=6)
