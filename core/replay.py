"""Replay: which alerts some thresholds would have sent over past months, and what they would have been worth; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

from core.period import Cycle

EARLY_DAYS: Final = 3
"""An alert is of use when there are three days left to act on it before the hard threshold."""


class Verdict(StrEnum):
    """What a month's soft alert was worth.

    `true`: the hard threshold followed, with time to act. `late`: it followed within three days. `false`: it did not
    follow. `missed`: hard came without a soft alert before it. `quiet`: nothing was told and nothing came.
    """

    TRUE = "true"
    LATE = "late"
    FALSE = "false"
    MISSED = "missed"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class PastMonth:
    """A whole month: the spend of each of its days in nanos, and what was foretold by the end of a day (p50, nanos)."""

    cycle: Cycle
    days: tuple[int, ...]
    foretold: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One month under the thresholds; nanos.

    Attributes:
      soft_on: the day of the soft alert; `by_forecast` whether the forecast set it off before spend did.
      hard_on: the day on which the hard threshold was passed.
      room_nanos: on the day of the soft alert, what was left until hard.
      over_nanos: what was spent past hard: what degradation would have had a hold of.
    """

    cycle: Cycle
    total_nanos: int
    soft_on: date | None
    by_forecast: bool
    hard_on: date | None
    room_nanos: int
    over_nanos: int

    @property
    def verdict(self) -> Verdict:
        if self.hard_on is None:
            return Verdict.FALSE if self.soft_on else Verdict.QUIET
        if self.soft_on is None or self.soft_on >= self.hard_on:
            return Verdict.MISSED
        return Verdict.LATE if (self.hard_on - self.soft_on).days < EARLY_DAYS else Verdict.TRUE

    @property
    def lead_days(self) -> int | None:
        """Days between soft and hard; None unless both came."""
        return (self.hard_on - self.soft_on).days if self.soft_on and self.hard_on else None


@dataclass(frozen=True, slots=True)
class Replay:
    """Past months under one pair of thresholds, oldest first; shares in ten-thousandths of `size_nanos`."""

    size_nanos: int
    soft_bp: int
    hard_bp: int
    months: tuple[Replayed, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(month.verdict is verdict for month in self.months)

    @property
    def over_nanos(self) -> int:
        """Spent past hard over all months."""
        return sum(month.over_nanos for month in self.months)


def replay(months: Sequence[PastMonth], *, size_nanos: int, soft_bp: int, hard_bp: int) -> Replay:
    """What these thresholds of an envelope of this size would have told in each month. Size above 0, soft below hard."""
    return Replay(
        size_nanos, soft_bp, hard_bp, tuple(_replayed(month, size_nanos, soft_bp, hard_bp) for month in months)
    )


def _replayed(month: PastMonth, size: int, soft_bp: int, hard_bp: int) -> Replayed:
    sums = list(accumulate(month.days))
    first = month.cycle.first_on

    def passed(threshold_bp: int) -> date | None:
        place = next((step for step, spent in enumerate(sums) if spent * 10_000 >= size * threshold_bp), None)
        return None if place is None else first + timedelta(days=place)

    by_spend, hard_on = passed(soft_bp), passed(hard_bp)
    # What is foretold from one complete day is told on the next.
    by_forecast = min((day + timedelta(days=1) for day, p50 in month.foretold.items() if p50 > size), default=None)
    if by_forecast is not None and by_forecast > month.cycle.last_on:
        by_forecast = None
    soft_on = min((day for day in (by_spend, by_forecast) if day is not None), default=None)
    total = sums[-1] if sums else 0
    hard_nanos = size * hard_bp // 10_000
    spent = sums[(soft_on - first).days] if soft_on else 0
    return Replayed(
        month.cycle, total, soft_on, by_forecast is not None and by_forecast == soft_on and by_spend != soft_on, hard_on,
        max(0, hard_nanos - spent) if soft_on else 0, max(0, total - hard_nanos),
    )  # fmt: skip
