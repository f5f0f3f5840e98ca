"""The first 30 days as a picture: a row a week, a box an item, told apart by more than colour."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.patches import Rectangle

from bot.charts.sheet import EDGE, LIGHT, SMALL, WIDTH, Sheet
from core.rollout import DAYS, TITLES, WEEKS, Checklist, Line

ROW: Final = 44
HEAD: Final = 66
FOOT: Final = 30
GAP: Final = 6
BOX: Final = 13
_KEY: Final = (("proven", "proven by the books"), ("hand", "by hand"), ("open", "open"), ("overdue", "overdue"))


def progress_chart(listed: Checklist) -> bytes:
    """A PNG, 960 wide: filled is proven, hatched is by hand, outlined is open, a thick outline with a dot is overdue."""
    sheet = Sheet(HEAD + ROW * WEEKS + FOOT, LIGHT)
    day = max(0, min(DAYS, listed.rollout.day(listed.today)))
    sheet.title(f"The first {DAYS} days · day {day}")
    late = f", {len(listed.overdue)} overdue" if listed.overdue else ""
    sheet.subtitle(f"{listed.done} of {len(listed.lines)} done{late}")
    this_week = listed.rollout.week(listed.today)
    for week in range(1, WEEKS + 1):
        _week(sheet, listed, week, is_now=week == this_week and day > 0)
    _key(sheet)
    return sheet.png()


def alt_progress(listed: Checklist) -> str:
    """The same in words."""
    weeks = [
        f"week {week} {TITLES[week - 1]}: {sum(line.tick is not None for line in lines)} of {len(lines)}"
        for week in range(1, WEEKS + 1)
        if (lines := listed.of_week(week))
    ]
    late = f"; {len(listed.overdue)} overdue" if listed.overdue else ""
    return f"Progress: {listed.done} of {len(listed.lines)} items done. {', '.join(weeks)}{late}."


def _week(sheet: Sheet, listed: Checklist, week: int, *, is_now: bool) -> None:
    lines = listed.of_week(week)
    top = sheet.height - HEAD - ROW * (week - 1)
    done = sum(line.tick is not None for line in lines)
    weight = "bold" if is_now else "normal"
    sheet.text(EDGE, top - 13, f"Week {week} · {TITLES[week - 1]}{' · now' if is_now else ''}", weight=weight)
    sheet.text(WIDTH - EDGE, top - 13, f"{done} of {len(lines)}", weight="bold", ha="right")
    width = (WIDTH - 2 * EDGE - GAP * (len(lines) - 1)) / len(lines)
    for place, line in enumerate(lines):
        _box(sheet, EDGE + place * (width + GAP), top - 33, width, _kind(line))


def _kind(line: Line) -> str:
    if line.tick is not None:
        return "hand" if line.tick.by else "proven"
    return "overdue" if line.is_overdue else "open"


def _box(sheet: Sheet, left: float, low: float, width: float, kind: str) -> None:
    colours = sheet.colours
    looks: dict[str, dict[str, Any]] = {
        "proven": {"facecolor": colours.actual, "edgecolor": colours.actual, "linewidth": 1},
        "hand": {"facecolor": colours.sheet, "edgecolor": colours.actual, "linewidth": 1, "hatch": "/////"},
        "open": {"facecolor": colours.sheet, "edgecolor": colours.none, "linewidth": 1},
        "overdue": {"facecolor": colours.sheet, "edgecolor": colours.hard, "linewidth": 2},
    }
    sheet.axes.add_patch(Rectangle((left, low), width, BOX, **looks[kind]))
    if kind == "overdue":
        sheet.line([left + width / 2], [low + BOX / 2], color=colours.hard, marker="o", markersize=4)


def _key(sheet: Sheet) -> None:
    left = float(EDGE)
    for kind, words in _KEY:
        _box(sheet, left, 9, 16, kind)
        sheet.text(left + 22, 11, words, size=SMALL, color=sheet.colours.quiet)
        left += 22 + sheet.width_of(words, size=SMALL) + 14
