"""Days and months as people type them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from core.errors import BudgetError, OutOfRange
from core.period import Cycle

DAY_WORDS: Final = {"today": 0, "now": 0, "tomorrow": 1, "yesterday": -1}


def day_from(text: str, today: date) -> date | None:
    """`2026-12-01`, `1 Dec`, `dec 1`, `today`, `tomorrow`, `next month`; None when it is no day."""
    words = text.strip().lower().replace("/", "-")
    if words in DAY_WORDS:
        return today + timedelta(days=DAY_WORDS[words])
    if words in ("next month", "next-month"):
        return Cycle(today.year, today.month).next.first_on
    if match := re.fullmatch(r"(20\d\d)-(\d{1,2})-(\d{1,2})", words):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    match = re.fullmatch(r"(\d{1,2})[. -]*([a-z]{3,9})\.?", words) or re.fullmatch(
        r"([a-z]{3,9})[. -]*(\d{1,2})", words
    )
    if match is None:
        return None
    number, name = (match[1], match[2]) if match[1].isdecimal() else (match[2], match[1])
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    if name[:3] not in months:
        return None
    month = months.index(name[:3]) + 1
    # A day without a year is the nearest one: a plan for January is entered in December.
    near = [
        found for year in (today.year - 1, today.year, today.year + 1) if (found := _date(year, month, int(number)))
    ]
    return min(near, key=lambda found: abs((found - today).days), default=None)


def begun_cycle(text: str, *, today: date, nothing: str, line: str) -> Cycle:
    """The month as typed, `2026-10`, `last month`; this one when it is empty.

    Raises BudgetError for what is no month, and OutOfRange for one that has not begun: its message ends with `nothing`.
    Both correct to `line`.
    """
    try:
        cycle = Cycle.parse(text, today=today)
    except BudgetError as refusal:
        refusal.correction = line
        raise
    if cycle > Cycle(today.year, today.month):
        raise OutOfRange(f"{cycle.title} has not begun, so {nothing}.", correction=line)
    return cycle


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
