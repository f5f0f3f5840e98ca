"""Cycles, days and hours. A cycle is a calendar month in the books' time zone; hours are UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import SettingsProblem, Unreadable

HOUR_SECONDS = 3600
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, order=True)
class Cycle:
    """A calendar month, 1 ≤ month ≤ 12; orders by time. Printed `2026-11`."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def title(self) -> str:
        """For a heading: `November 2026`."""
        return date(self.year, self.month, 1).strftime("%B %Y")

    @property
    def first_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_on(self) -> date:
        return self.next.first_on - timedelta(days=1)

    @property
    def days(self) -> int:
        """28 to 31."""
        return self.last_on.day

    @property
    def next(self) -> Cycle:
        return Cycle(self.year + 1, 1) if self.month == 12 else Cycle(self.year, self.month + 1)

    @property
    def previous(self) -> Cycle:
        return Cycle(self.year - 1, 12) if self.month == 1 else Cycle(self.year, self.month - 1)

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """The first instant, aware UTC."""
        return datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """The first instant that no longer belongs to it, aware UTC."""
        return self.next.starts_at(zone)

    def share_elapsed(self, now: datetime, zone: ZoneInfo) -> float:
        """How much of the cycle has passed at `now`, 0 to 1; counts real seconds, so DST changes are right."""
        start, end = self.starts_at(zone), self.ends_at(zone)
        return min(1.0, max(0.0, (now - start) / (end - start)))

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> Cycle:
        """The cycle that holds the instant `at` (aware)."""
        local = at.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def read(cls, text: str) -> Cycle:
        """The cycle whose `str` this is, such as `2026-10`. Raises ValueError for any other text; what people type is for `parse`."""
        year, month = text.split("-")
        return cls(int(year), int(month))

    @classmethod
    def parse(cls, text: str, *, today: date) -> Cycle:
        """`2026-10`, `oct`, `October 2026`, `last month`, `this month`. A bare month name is the latest one begun.

        Raises Unreadable.
        """
        words = text.strip().lower()
        this = cls(today.year, today.month)
        if words in ("", "this month", "this-month", "now"):
            return this
        if words in ("last month", "last-month", "last"):
            return this.previous
        if match := re.fullmatch(r"(20\d\d)[-/](0?[1-9]|1[0-2])", words):
            return cls(int(match[1]), int(match[2]))
        if (match := re.fullmatch(r"([a-z]{3,9})\.?(?:\s+(20\d\d))?", words)) and match[1][:3] in _MONTHS:
            month = _MONTHS.index(match[1][:3]) + 1
            return cls(int(match[2]) if match[2] else today.year - (month > today.month), month)
        raise Unreadable(f"“{text.strip()[:40]}” is not a month I can read. Write it like 2026-10 or October.")


def hour_of(seconds: int) -> int:
    """The start of the UTC hour that holds `seconds` (Unix time), in Unix seconds."""
    return seconds - seconds % HOUR_SECONDS


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises SettingsProblem with the way out."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise SettingsProblem(
            f"“{name}” is not a time zone. Use an IANA name such as UTC or Europe/Berlin."
        ) from unknown


def day_counter(zone: ZoneInfo) -> Callable[[int], int]:
    """A function from Unix seconds to the day that holds them, as days since 1970-01-01 in that zone."""
    if zone.key in ("UTC", "Etc/UTC"):
        return lambda seconds: seconds // 86_400
    epoch = date(1970, 1, 1).toordinal()

    @lru_cache(maxsize=100_000)
    def of_quarter(quarter: int) -> int:
        # Offsets and their changes are whole quarters of an hour in every zone since 1972.
        return datetime.fromtimestamp(quarter * 900, zone).toordinal() - epoch

    return lambda seconds: of_quarter(seconds // 900)


def offset_segments(zone: ZoneInfo, first_at: datetime, last_at: datetime) -> list[tuple[int, int, int]]:
    """Stretches of constant UTC offset that cover both instants: (from, until, offset), all in seconds; until excluded."""
    start = hour_of(int(first_at.timestamp()))
    end = int(last_at.timestamp()) + 1
    segments: list[tuple[int, int, int]] = []
    for quarter in range(start, end, 900):
        offset = int((datetime.fromtimestamp(quarter, zone).utcoffset() or timedelta()).total_seconds())
        if segments and segments[-1][2] == offset:
            segments[-1] = (segments[-1][0], min(quarter + 900, end), offset)
        else:
            segments.append((quarter, min(quarter + 900, end), offset))
    return segments
