"""Small multiples: every envelope of a channel as a little chart of its month, all on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import nan
from typing import Any, Final

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
LIKELY: Final = 0.5


_KEY: Final = "Line: spent · band: p10–p90 · level: envelope · %: chance to pass it"


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


class _Strokes:
    """Lines of one look from all the charts, drawn as one: a dozen charts would otherwise take a dozen times as long."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[list[float], list[float]]] = {}

    def add(self, look: str, xs: Sequence[float], ys: Sequence[float]) -> None:
        known = self._found.setdefault(look, ([], []))
        known[0].extend((*xs, nan))
        known[1].extend((*ys, nan))

    def draw(self, sheet: Sheet) -> None:
        colours = sheet.colours
        looks: dict[str, dict[str, Any]] = {
            "ground": {"color": colours.grid, "linewidth": 1, "zorder": 1},
            "envelope": {"color": colours.hard, "linewidth": 1.4, "zorder": 2},
            "middle": {"color": colours.actual, "linewidth": 1.5, "linestyle": (0, (3, 2)), "zorder": 4},
            "spent": {"color": colours.actual, "linewidth": 2, "zorder": 5},
            "now": {"color": colours.actual, "linestyle": "none", "marker": "o", "markersize": 4, "zorder": 6},
        }
        for look, (xs, ys) in self._found.items():
            sheet.line(xs, ys, **looks[look])


def multiples(smalls: Sequence[Small], cycle: Cycle, *, dark: bool = False) -> bytes:
    """A PNG, 960 wide, two charts a row, at most twelve. Each has its own scale, with its envelope as the measure."""
    shown = smalls[:MOST]
    rows = -(-len(shown) // 2)
    sheet = Sheet(HEAD + ROW * rows + FOOT, DARK if dark else LIGHT)
    sheet.title(f"Forecast for {cycle.title}")
    more = f" · the first {MOST} of {len(smalls)}" if len(smalls) > MOST else ""
    sheet.subtitle(f"{len(smalls)} envelope{'s' if len(smalls) != 1 else ''}, most at risk first{more}")
    width = (WIDTH - 2 * EDGE - GUTTER) / 2
    strokes = _Strokes()
    for place, small in enumerate(shown):
        left = EDGE + (place % 2) * (width + GUTTER)
        top = sheet.height - HEAD - ROW * (place // 2)
        _words(sheet, small, (left, top, width))
        _curves(sheet, strokes, small, cycle, (left, top - 36 - PLOT, width))
    strokes.draw(sheet)
    sheet.text(EDGE, 9, _KEY, size=SMALL, color=sheet.colours.quiet)
    return sheet.png()


def _words(sheet: Sheet, small: Small, place: tuple[float, float, float]) -> None:
    """The name and the chance, and below them where the month ends."""
    left, top, width = place
    likely = "" if small.chance is None else chance(small.chance)
    ink = sheet.colours.hard if (small.chance or 0) > LIKELY else sheet.colours.ink
    room = width - sheet.width_of(likely, weight="bold") - 8
    title = legible(small.title, "a workload")
    sheet.text(left, top - 13, sheet.shortened(title, room, weight="bold"), weight="bold")
    sheet.text(left + width, top - 13, likely, weight="bold", color=ink, ha="right")
    said = f"{usd(small.p50_nanos)} of {usd(small.size_nanos)}"
    sheet.text(left, top - 29, said, size=SMALL, color=sheet.colours.quiet)


def _curves(sheet: Sheet, strokes: _Strokes, small: Small, cycle: Cycle, place: tuple[float, float, float]) -> None:
    left, low, width = place
    sums = [0, *accumulate(small.days)]
    highest = max(small.size_nanos, small.p90_nanos, sums[-1], 1) * 1.06

    def x(day: float) -> float:
        return left + width * day / cycle.days

    def y(nanos: float) -> float:
        return low + PLOT * max(0.0, nanos) / highest

    strokes.add("ground", [left, left + width], [low, low])
    if small.size_nanos:
        strokes.add("envelope", [left, left + width], [y(small.size_nanos)] * 2)
    passed = len(sums) - 1
    if passed < cycle.days:
        ends, start = [x(passed), x(cycle.days)], y(sums[-1])
        edges = [start, y(small.p10_nanos)], [start, y(small.p90_nanos)]
        sheet.axes.fill_between(ends, *edges, color=sheet.colours.actual, alpha=0.25, linewidth=0, zorder=3)
        strokes.add("middle", ends, [start, y(small.p50_nanos)])
    strokes.add("spent", [x(day) for day in range(len(sums))], [y(nanos) for nanos in sums])
    strokes.add("now", [x(passed)], [y(sums[-1])])
