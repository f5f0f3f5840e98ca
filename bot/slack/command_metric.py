"""Days of a business metric as they are pasted from a table: `2026-11-01,1200` or `2026-12-01;1.500;planned`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bot.slack.command_days import day_from
from bot.slack.command_forecast import amount_of
from core.errors import TooLarge, Unreadable

MOST_DAYS: Final = 800
_PLANNED: Final = frozenset({"planned", "plan", "p", "yes", "true", "1", "forecast"})
_ACTUAL: Final = frozenset({"", "actual", "no", "false", "0"})


@dataclass(frozen=True, slots=True)
class MetricDays:
    """Amounts by day: what was counted, and what is planned."""

    actual: dict[date, float] = field(default_factory=dict)
    planned: dict[date, float] = field(default_factory=dict)


def read_days(text: str, *, today: date) -> MetricDays:
    """One day a line. A day after today is planned whatever stands behind it. Raises Unreadable naming the line, TooLarge."""
    found = MetricDays()
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_DAYS:
        raise TooLarge(f"That are {len(lines):,} lines; I read at most {MOST_DAYS} at once.")
    for place, line in enumerate(lines, start=1):
        cells = _cells(line)
        if place == 1 and not any(character.isdigit() for character in line):
            continue  # a header
        on = day_from(cells[0], today)
        amount = amount_of(cells[1]) if len(cells) > 1 else None
        mark = cells[2].lower() if len(cells) > 2 else ""
        if on is None or amount is None or amount <= 0 or len(cells) > 3 or mark not in _PLANNED | _ACTUAL:
            raise Unreadable(
                f"Line {place}, “{line.strip()[:60]}”, is not a day with a number above 0. Write {today.isoformat()},1200"
            )
        days = found.planned if mark in _PLANNED or on > today else found.actual
        if on in days:
            raise Unreadable(f"Line {place} gives {on.isoformat()} a second time. Keep one of them.")
        days[on] = amount
    if not lines or not (found.actual or found.planned):
        raise Unreadable(f"There is no day in it yet. Write one a line, like {today.isoformat()},1200")
    return found


def _cells(line: str) -> list[str]:
    """Tabs and semicolons separate before commas do, so that `1;1,200` has one number."""
    for mark in ("\t", ";", ","):
        if mark in line:
            return [*_stripped(line.split(mark))]
    return [*_stripped(re.split(r"\s+", line.strip(), maxsplit=2))]


def _stripped(cells: Iterable[str]) -> Iterable[str]:
    return (cell.strip().strip("\"'") for cell in cells)
