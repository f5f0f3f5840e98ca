"""Velocity: an hour that burns far more than the workload ever does at that time of day, told within minutes.

A workload's *pace* is learnt from its last four weeks by hour of the day, workdays and weekends apart, with extreme hours
cut so that one runaway does not become the habit. An hour is a surge when it passes a multiple of its pace, and so are two
hours in a row at a lower multiple. How large the multiple has to be is learnt from the workload's own calm weeks, within
bounds: a bursty one needs more, none needs more than a twentyfold loop makes. Few requests scatter by chance, so the scale
that the multiple is taken of grows by what one request costs. Figures of the rule: `benchmarks/velocity.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

HISTORY_HOURS: Final = 28 * 24
LEAST_HOURS: Final = 72
"""Below three days of history nothing is known of the shape of a day."""
MERGED_HOURS: Final = 24
"""A surge within a day of the last one is the same episode: nobody is told again."""

_CUT: Final = 0.99
_TAIL: Final = 0.995
_FLOOR: Final = 0.1
"""Of the mean hour: what is expected at least, so that the first request of a night is no surge."""
_SHRINK: Final = 6.0
_SCATTER: Final = (0.5, 0.25)
"""How much of √(expected x one request), and of one request, chance adds to the scale."""
_ONE: Final = (8.0, 15.0, 1.75)
"""Least and greatest multiple of one hour, and how far above the calm weeks' tail it lies."""
_TWO: Final = (4.0, 12.0, 1.5)
_COLD_MULTIPLE: Final = 72.0
"""Without history: an hour that burns about a tenth of the envelope, three days' even share of it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a workload usually spends in an hour; nanos.

    Attributes:
      expected: by workday (0) or weekend (1), then hour of the day in the books' zone.
      request_nanos: what one of its dearer requests costs.
      one, two: the multiples from which one hour, and two in a row, are a surge.
      hours_known: how much history it was learnt from; 0 when it is an even share of the envelope.
    """

    expected: tuple[tuple[float, ...], tuple[float, ...]]
    request_nanos: float
    one: float
    two: float
    hours_known: int

    def at(self, hour_at: datetime, zone: ZoneInfo) -> float:
        """Expected nanos of the hour that begins at that instant."""
        local = hour_at.astimezone(zone)
        return self.expected[local.weekday() >= 5][local.hour]

    def scale(self, expected: float) -> float:
        """What a multiple is taken of: the expected spend and the scatter of few requests."""
        root, whole = _SCATTER
        return expected + root * float((expected * self.request_nanos) ** 0.5) + whole * self.request_nanos


@dataclass(frozen=True, slots=True)
class Surge:
    """The evidence: what was spent in how many hours, what was expected, and from where on it is remarkable; nanos."""

    hour_at: datetime
    hours: int
    spent_nanos: int
    expected_nanos: int
    limit_nanos: int

    @property
    def multiple(self) -> float:
        return self.spent_nanos / max(1, self.expected_nanos)

    @property
    def began_at(self) -> datetime:
        return self.hour_at - timedelta(hours=self.hours - 1)


def pace_of(costs: Sequence[int], requests: Sequence[int], *, first_at: datetime, zone: ZoneInfo) -> Pace | None:
    """Learn the pace from consecutive complete hours, oldest first; None when they are too few or nothing was spent.

    Args:
      costs, requests: of each hour; 0 where nothing was used. At most the last `HISTORY_HOURS` count.
      first_at: when the first of them begins.
    """
    spent = np.asarray(costs[-HISTORY_HOURS:], dtype=np.float64)
    first_at += timedelta(hours=len(costs) - len(spent))
    active = np.flatnonzero(spent)
    if not len(active):
        return None
    # What lies before its first request is no history of a workload.
    spent, first_at = spent[active[0] :], first_at + timedelta(hours=int(active[0]))
    if len(spent) < LEAST_HOURS:
        return None
    counts = np.asarray(requests[-len(spent) :], dtype=np.float64)
    used = counts > 0
    request = float(np.quantile(spent[used] / counts[used], 0.95))
    weekends, hours = _slots(first_at.astimezone(UTC), len(spent), zone)
    cut = np.minimum(spent, max(float(np.quantile(spent, _CUT)), request))
    table = _profile(cut, weekends, hours)
    expected = table[weekends, hours]
    bare = Pace(_rows(table), request, 0.0, 0.0, len(spent))
    one = _multiple(spent / _scales(bare, expected), _ONE)
    two = _multiple((spent[1:] + spent[:-1]) / _scales(bare, expected[1:] + expected[:-1]), _TWO)
    return Pace(bare.expected, request, one, two, len(spent))


def cold_pace(size_nanos: int, days: int) -> Pace:
    """The pace of a workload without history: an even share of its envelope in each hour of the cycle."""
    even = (size_nanos / (days * 24),) * 24
    return Pace((even, even), 0.0, _COLD_MULTIPLE, _COLD_MULTIPLE, 0)


def surge_of(
    pace: Pace, *, hour_at: datetime, spent_nanos: int, before_nanos: int, zone: ZoneInfo, least_nanos: int = 0
) -> Surge | None:
    """Whether the hour that begins at `hour_at`, or it and the one before together, is a surge.

    Args:
      spent_nanos: of the hour so far; it need not be over, since spend only grows.
      before_nanos: of the whole hour before it.
      least_nanos: what has to be spent beyond the expected to matter at all.
    """
    expected = pace.at(hour_at, zone)
    both = expected + pace.at(hour_at - timedelta(hours=1), zone)
    for hours, spent, usual, multiple in (
        (1, spent_nanos, expected, pace.one), (2, spent_nanos + before_nanos, both, pace.two),
    ):  # fmt: skip
        limit = max(multiple * pace.scale(usual), usual + least_nanos)
        # The hour itself has to be part of it: a surge that is over does not begin anew with the next quiet hour.
        if spent > limit and spent_nanos > usual / hours:
            return Surge(hour_at, hours, spent, round(usual), round(limit))
    return None


def _profile(spent: Any, weekends: Any, hours: Any) -> Any:
    """Mean by weekend and hour with its neighbours, drawn towards that hour of all days, and that towards the whole mean."""
    mean = float(spent.mean())
    sums, counts = np.zeros((2, 24)), np.zeros((2, 24))
    np.add.at(sums, (weekends, hours), spent)
    np.add.at(counts, (weekends, hours), 1.0)
    sums, counts = (each + np.roll(each, -1, axis=1) + np.roll(each, 1, axis=1) for each in (sums, counts))
    every = (sums.sum(axis=0) + _SHRINK * mean) / (counts.sum(axis=0) + _SHRINK)
    return np.maximum((sums + _SHRINK * every) / (counts + _SHRINK), _FLOOR * mean)


def _scales(pace: Pace, expected: Any) -> Any:
    root, whole = _SCATTER
    return expected + root * np.sqrt(expected * pace.request_nanos) + whole * pace.request_nanos


def _multiple(ratios: Any, bounds: tuple[float, float, float]) -> float:
    """The multiple that lies a factor above all but the last half percent of past hours, within its bounds."""
    least, greatest, above = bounds
    place = max(1, round(len(ratios) * (1 - _TAIL)))
    return float(min(max(least, above * np.sort(ratios)[-place]), greatest))


def _rows(table: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    workdays, weekends = (tuple(float(value) for value in row) for row in table)
    return workdays, weekends


@lru_cache(maxsize=64)
def _slots(first_at: datetime, count: int, zone: ZoneInfo) -> tuple[Any, Any]:
    """For consecutive hours: whether each is on a weekend (0 or 1), and which hour of the day it is."""
    local = [(first_at + timedelta(hours=step)).astimezone(zone) for step in range(count)]
    return np.array([int(at.weekday() >= 5) for at in local]), np.array([at.hour for at in local])
