"""Quiet hours of an envelope: soft alerts wait until they end; a runaway and the hard threshold do not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import OutOfRange, Unreadable

_HOUR: Final = r"(\d{1,2})(?:[:.h](00)?)?\s*(am|pm)?"
_SPAN: Final = re.compile(rf"{_HOUR}\s*(?:-|–|—|to|until|\.\.)\s*{_HOUR}", re.IGNORECASE)
_OFF: Final = frozenset({"off", "none", "never", "no"})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one whole hour until another, 0–23 each, over midnight where the second is the smaller. Never the whole day."""

    starts: int
    ends: int

    def __post_init__(self) -> None:
        if not (0 <= self.starts <= 23 and 0 <= self.ends <= 23):
            raise OutOfRange("Quiet hours are whole hours from 0 to 23. Use something like quiet=22-7.")
        if self.starts == self.ends:
            raise OutOfRange("Quiet hours have to end at another hour than they begin. Use something like quiet=22-7.")

    def __str__(self) -> str:
        return f"{self.starts}-{self.ends}"

    @property
    def words(self) -> str:
        """For a sentence: `22:00–07:00`."""
        return f"{self.starts:02d}:00–{self.ends:02d}:00"

    def over_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that hold `now` end, aware UTC; None outside of them.

        Wall-clock hours of `zone`: on the night of a clock change they last an hour more or less.
        """
        local = now.astimezone(zone)
        hour = local.hour
        within = self.starts <= hour < self.ends if self.starts < self.ends else hour >= self.starts or hour < self.ends
        if not within:
            return None
        day = local.date() + timedelta(days=1 if hour >= self.ends else 0)
        return datetime.combine(day, time(self.ends), zone).astimezone(UTC)


def parse_quiet(text: str) -> QuietHours | None:
    """`22-7`, `22:00-07:00`, `10pm-7am`; `off` is None. Raises Unreadable, OutOfRange."""
    words = text.strip()
    if words.lower() in _OFF:
        return None
    match = _SPAN.fullmatch(words)
    if match is None:
        raise Unreadable(f"“{words[:40]}” are not quiet hours. Write them like quiet=22-7, or quiet=off.")
    return QuietHours(_hour(match[1], match[3]), _hour(match[4], match[6]))


def _hour(digits: str, half: str | None) -> int:
    """The hour from 0 to 23 (24 is 0). Raises OutOfRange."""
    number = int(digits)
    if half:
        if not 1 <= number <= 12:
            raise OutOfRange(f"There is no {number} {half.lower()}. Use something like quiet=10pm-7am.")
        return number % 12 + (12 if half.lower() == "pm" else 0)
    return 0 if number == 24 else number
