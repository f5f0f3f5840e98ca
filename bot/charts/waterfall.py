"""Waterfalls: from what was planned to what was spent, from an estimate to the invoice; one bar a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.patches import Rectangle

from bot.charts.foretold import driver_title, signed, worth_showing
from bot.charts.sheet import DARK, EDGE, LIGHT, SMALL, WIDTH, Sheet, legible
from core.money import apart, usd
from core.services.explain_spend import Against, Explanation

ROW: Final = 36
HEAD: Final = 66
BARS: Final = 8
CUT_BELOW: Final = 0.08
"""Where the largest cause is a smaller part of the whole, the axis is cut so that causes can be seen; the cut is marked."""

_TITLES: Final = {
    Against.PLAN: ("Planned by now", "Spent"),
    Against.LAST_CYCLE: ("Last cycle", "This cycle"),
    Against.FORECAST: ("Foretold then", "Expected now"),
}

_BESIDE: Final = {
    Against.PLAN: "the plan",
    Against.LAST_CYCLE: "the same days of the last cycle",
    Against.FORECAST: "the earlier forecast",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: from where to where, in nanos; a total starts at 0."""

    title: str
    start: int
    end: int
    is_total: bool = False


def waterfall(explanation: Explanation, *, dark: bool = False) -> bytes:
    """A PNG, 960 wide. More spend is filled, less is hatched: told apart without colour, and by their signs."""
    variance = explanation.variance
    sign = "+" if variance.gap_nanos > 0 else "−" if variance.gap_nanos else ""
    return steps(
        _bars(explanation), dark=dark,
        title=f"Why {legible(explanation.workload, 'this workload')} spends what it does",
        subtitle=f"{sign}{apart(variance.actual_nanos, variance.planned_nanos)} against {_BESIDE[explanation.against]}",
    )  # fmt: skip


def steps(bars: list[Bar], *, title: str, subtitle: str, dark: bool = False) -> bytes:
    """The same of any steps between two totals."""
    sheet = Sheet(HEAD + ROW * len(bars) + 26, DARK if dark else LIGHT)
    sheet.title(title)
    sheet.subtitle(subtitle)
    base, top = _scale(bars)
    for place, bar in enumerate(bars):
        _draw(sheet, sheet.height - HEAD - ROW * place, bar, (base, top))
        if place + 1 < len(bars):
            at = _x(bar.end, base, top)
            low = sheet.height - HEAD - ROW * (place + 1)
            sheet.line([at, at], [low - 20, low + 8], color=sheet.colours.quiet, linewidth=0.8, zorder=1)
    note = f"Bars start at {usd(base)}, not at zero." if base else "Bars start at zero."
    sheet.text(EDGE, 12, note, size=SMALL, color=sheet.colours.quiet)
    return sheet.png()


def between(first: tuple[str, int], parts: Sequence[tuple[str, int]], last: tuple[str, int]) -> list[Bar]:
    """The bars from one total to the other; parts in nanos, as they come. Beyond eight the smallest are one."""
    named = list(parts)
    if len(named) > BARS:
        kept = sorted(range(len(named)), key=lambda place: -abs(named[place][1]))[: BARS - 1]
        rest = sum(nanos for place, (_, nanos) in enumerate(named) if place not in kept)
        named = [*(named[place] for place in sorted(kept)), (f"{len(parts) - len(kept)} smaller causes", rest)]
    bars, at = [Bar(first[0], 0, first[1], is_total=True)], first[1]
    for title, nanos in named:
        bars.append(Bar(title, at, at + nanos))
        at += nanos
    return [*bars, Bar(last[0], 0, last[1], is_total=True)]


def titles(against: Against) -> tuple[str, str]:
    """What the first and the last bar are called."""
    return _TITLES[against]


def _bars(explanation: Explanation) -> list[Bar]:
    """The totals around the causes."""
    variance = explanation.variance
    before, after = titles(explanation.against)
    parts = [(driver_title(driver), nanos) for driver, nanos in worth_showing(variance.by_driver()).items()]
    return between((before, variance.planned_nanos), parts, (after, variance.actual_nanos))


def _scale(bars: list[Bar]) -> tuple[int, int]:
    """Where the axis begins and ends, in nanos."""
    steps = [bar for bar in bars if not bar.is_total]
    heights = [height for bar in bars for height in (bar.start, bar.end) if not (bar.is_total and height == 0)]
    top = max(heights, default=0) or 1
    low, largest = min(heights, default=0), max((abs(bar.end - bar.start) for bar in steps), default=0)
    if not steps or largest >= CUT_BELOW * top or low <= 0:
        return min(0, low), top
    room = max((top - low) * 0.35, top * 0.002)
    return max(0, round(low - room)), top


def _x(nanos: float, base: int, top: int) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * max(0.0, nanos - base) / max(1, top - base)


def _draw(sheet: Sheet, top: float, bar: Bar, scale: tuple[int, int]) -> None:
    """Title and amount above, the bar below them."""
    change = bar.end - bar.start
    amount = usd(bar.end) if bar.is_total else signed(change)
    ink = sheet.colours.ink
    weight = "bold" if bar.is_total else "normal"
    room = WIDTH - 2 * EDGE - sheet.width_of(amount, weight="bold") - 12
    sheet.text(EDGE, top - 13, sheet.shortened(bar.title, room, weight=weight), color=ink, weight=weight)
    behind = {"facecolor": sheet.colours.sheet, "edgecolor": "none", "pad": 1.0}
    sheet.text(WIDTH - EDGE, top - 13, amount, weight="bold", color=ink, ha="right", zorder=5, bbox=behind)
    left, right = sorted((_x(scale[0] if bar.is_total else bar.start, *scale), _x(bar.end, *scale)))
    sheet.axes.add_patch(Rectangle((left, top - 28), max(1.5, right - left), 9, zorder=3, **_looks(sheet, bar)))
    if bar.is_total and scale[0]:
        for shift in (0, 4):
            xs = [EDGE + 10.0 + shift, EDGE + 14.0 + shift]
            sheet.line(xs, [top - 30, top - 17], color=sheet.colours.sheet, linewidth=2, zorder=4)


def _looks(sheet: Sheet, bar: Bar) -> dict[str, Any]:
    colours = sheet.colours
    if bar.is_total:
        return {"facecolor": colours.none, "linewidth": 0}
    if bar.end >= bar.start:
        return {"facecolor": colours.hard, "linewidth": 0}
    return {"facecolor": colours.sheet, "edgecolor": colours.actual, "hatch": "//////", "linewidth": 0.8}
