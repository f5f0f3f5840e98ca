"""The hours of a runaway: what each of the last hours cost, beside what is usual at that time of day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.charts.amounts import axis_dollars, ticks
from bot.charts.sheet import DARK, LIGHT, SMALL, WIDTH, Sheet, legible
from bot.readable import shortened
from core.money import NANOS, usd

HEIGHT: Final = 260
LEFT, RIGHT, BOTTOM, TOP = 56, 16, 34, 66
Hour = tuple[datetime, int, int]
"""When it begins, what it cost, what is usual; nanos."""


def hours_chart(workload: str, hours: Sequence[Hour], zone: ZoneInfo, *, dark: bool = False) -> bytes:
    """A PNG, 960 × 520. Bars are hours, those far above the usual in the warning colour; the dashes are the usual."""
    sheet = Sheet(HEIGHT, DARK if dark else LIGHT)
    colours = sheet.colours
    sheet.title(legible(workload, "This workload"))
    _, worst, usual = max(hours, key=lambda hour: hour[1])
    sheet.subtitle(f"{usd(worst)} in the dearest hour, {usd(usual)} is usual then")
    top = (max(max(spent, expected) for _, spent, expected in hours) or NANOS) * 1.1
    width = (WIDTH - LEFT - RIGHT) / len(hours)

    def height(nanos: float) -> float:
        return BOTTOM + (HEIGHT - BOTTOM - TOP) * nanos / top

    quiet: dict[str, Any] = {"size": SMALL, "color": colours.quiet}
    for value in ticks(top / NANOS):
        at = height(value * NANOS)
        sheet.line([LEFT, WIDTH - RIGHT], [at, at], color=colours.grid, linewidth=0.8, zorder=1)
        sheet.text(LEFT - 7, at, axis_dollars(value), ha="right", va="center", **quiet)
    for place, (hour_at, spent, expected) in enumerate(hours):
        left = LEFT + place * width
        colour = colours.hard if spent > 3 * max(1, expected) else colours.actual
        sheet.axes.fill_between(
            [left + 1, left + width - 1], [height(spent)] * 2, BOTTOM, color=colour, linewidth=0, zorder=3
        )
        local = hour_at.astimezone(zone)
        if local.hour % 6 == 0:
            sheet.text(left + width / 2, BOTTOM - 8, f"{local:%H:%M}", ha="center", va="top", **quiet)
    middles = [LEFT + (place + 0.5) * width for place in range(len(hours))]
    usual_heights = [height(expected) for _, _, expected in hours]
    sheet.line(middles, usual_heights, color=colours.ink, linewidth=1.4, linestyle=(0, (4, 3)), zorder=4)
    return sheet.png()


def alt_hours(workload: str, hours: Sequence[Hour], zone: ZoneInfo) -> str:
    """The finding in plain sentences."""
    hour_at, spent, usual = max(hours, key=lambda hour: hour[1])
    return (
        f"Bars for the last {len(hours)} hours of {shortened(workload, 80)}: the dearest, from {hour_at.astimezone(zone):%H:%M}, "
        f"cost {usd(spent)}; {usd(usual)} is usual then."
    )
