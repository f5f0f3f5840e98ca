"""The demo's time: a clock that can be moved ahead, and the steps it is moved by."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from bot.wiring import system_clock
from core.errors import Unreadable


class DemoClock:
    """A clock that opens in the middle of this month, ticks like the real one and can be moved ahead."""

    def __init__(self, opens_at: datetime) -> None:
        self._ahead = opens_at - system_clock()

    def __call__(self) -> datetime:
        return system_clock() + self._ahead

    def move(self, by: timedelta) -> datetime:
        self._ahead += by
        return self()


def span(step: str, now: datetime) -> timedelta:
    """How far a step goes. Raises Unreadable; at most 62 days, so that a typo does not run for minutes."""
    words = step.strip().lower()
    if words in ("month-end", "to month-end"):
        last = calendar.monthrange(now.year, now.month)[1]
        return datetime(now.year, now.month, last, tzinfo=UTC) + timedelta(days=1) - now
    number, unit = words[:-1], words[-1:]
    units = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(minutes=1)}
    if (
        not number.isdecimal()
        or unit not in units
        or not timedelta() < int(number[:6]) * units[unit] <= timedelta(days=62)
    ):
        raise Unreadable(f"“{step[:20]}” is not a step. Use 1h, 1d, 1w or month-end; at most 62 days.")
    return int(number) * units[unit]
