"""Today so far: what the rest of a day brings, from the hours a workload usually works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

HOURS: Final = 24
PROFILE_PRIOR_DAYS: Final = 3.0
"""Days of an even profile mixed into the measured one."""
PACE_PRIOR: Final = 0.35
"""Today's own pace weighs done² against this: as much as the forecast once 60 % of a usual day's usage is in."""


@dataclass(frozen=True, slots=True)
class PartialDay:
    """The day after the last complete one, as far as it is known.

    Attributes:
      cost_nanos: booked so far, ≥ 0.
      hours_elapsed: of the day in the books' time zone, 0–24, fractions included; the feed's newest event counts, not
        the wall clock.
      hourly: 24 shares of a usual day's usage that add up to 1 (see `hour_profile`); empty means evenly.
    """

    cost_nanos: int
    hours_elapsed: float
    hourly: tuple[float, ...] = ()


def hour_profile(days: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """24 shares that add up to 1, shrunk towards an even day.

    Args:
      days: per past day 24 numbers ≥ 0 (requests or cost); days without usage say nothing.
    """
    counted = [np.asarray(day, dtype=np.float64) / sum(day) for day in days if sum(day) > 0]
    even = np.full(HOURS, 1 / HOURS)
    total = PROFILE_PRIOR_DAYS * even + (np.sum(counted, axis=0) if counted else 0.0)
    return tuple(float(share) for share in total / total.sum())


def share_done(today: PartialDay) -> float:
    """How much of a usual day's usage has come by now, 0–1."""
    hours = min(max(today.hours_elapsed, 0.0), float(HOURS))
    hourly = today.hourly or (1 / HOURS,) * HOURS
    whole = int(hours)
    part = hourly[whole] * (hours - whole) if whole < HOURS else 0.0
    return min(sum(hourly[:whole]) + part, 1.0)


def rest_of_day(today: PartialDay, expected_nanos: float) -> float:
    """Nanos still to come today.

    Today's own pace, shrunk towards the forecast of the whole day: early in the day the forecast speaks, late the pace.

    Args:
      expected_nanos: the forecast of the whole day, made without it.
    """
    done = share_done(today)
    if done <= 0:
        return expected_nanos
    pace = today.cost_nanos / done
    weight = done**2 / (done**2 + PACE_PRIOR)
    return (1 - done) * (weight * pace + (1 - weight) * expected_nanos)
