"""Workloads that are not of the steady kind: none yet, quiet for a week, or used now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.forecasting.levels import WEEK, Flags, Floats
from core.forecasting.outlook import Ahead
from core.token_shape import REQUESTS

RECENT_DAYS: Final = 28
RESTING_SHARE: Final = 0.75
"""A weekday that is idle this often is a day of rest, and its idleness is no surprise."""
SPARSE_SHARE: Final = 0.3
"""With more idle days than this among the others, a level per day means nothing."""

DRIVERS: Final = "weekday profile × two levels per driver"
SPARSE: Final = "mean of recent days (usage comes and goes)"
QUIET: Final = "quiet for a week"
NEW: Final = "no usage yet"
OVER: Final = "cycle is over"
IN_WORDS: Final = {
    DRIVERS: "requests by weekday times what a request costs, recent weeks counting most",
    SPARSE: "the mean of recent days, since usage comes and goes",
    QUIET: "nothing more is expected, since the last week was quiet; the upper end allows for it to wake",
}
"""Methods as a person who never heard their names would say them."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one workload's days to come will cost.

    Attributes:
      method: by name.
      cost: nanos by day.
      spread: of the log of the cost summed until each day.
      ceiling: what the upper end is at least, summed until each day: a workload that is quiet may wake.
    """

    method: str
    cost: Floats
    spread: Floats
    ceiling: Floats


def expectation(ahead: Ahead, row: int) -> Expectation:
    """The outlook of one workload, or the plainer one that suits it."""
    cost, spread = ahead.cost[row], ahead.spread[row]
    nothing = np.zeros_like(cost)
    known = ahead.panel.known[row]
    if len(cost) == 0:
        return Expectation(OVER, cost, spread, nothing)
    if not known.any():
        return Expectation(NEW, nothing, spread, nothing)
    recent = known[-RECENT_DAYS:]
    days = ahead.panel.booked[row, -RECENT_DAYS:][recent]
    requests = ahead.panel.quantities[row, -RECENT_DAYS:, REQUESTS]
    mean = days.mean() * ahead.plan_factor[row]
    if len(days) >= WEEK and not requests[-WEEK:].any():
        return Expectation(QUIET, nothing, spread, np.cumsum(mean))
    if len(days) < WEEK or not _is_sparse(requests == 0, recent):
        return Expectation(DRIVERS, cost, spread, nothing)
    variation = days.var() / days.mean() ** 2 if days.any() else 1.0
    until = np.arange(1, len(cost) + 1)
    wide = np.sqrt(np.log1p(variation / until + variation / len(days)))
    return Expectation(SPARSE, mean, np.minimum(wide, 1.0), nothing)


def _is_sparse(idle: Flags, known: Flags) -> bool:
    """Whether many days are idle that are not days of rest. Both are flags by day, newest last."""
    by_weekday = []
    for weekday in range(WEEK):
        seen = known[::-1][weekday::WEEK]
        by_weekday.append(float((idle[::-1][weekday::WEEK] & seen).sum() / max(seen.sum(), 1)))
    busy = [share for share in by_weekday if share < RESTING_SHARE]
    return not busy or sum(busy) / len(busy) > SPARSE_SHARE
