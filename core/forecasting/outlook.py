"""What the days to come will cost: drivers followed, plans priced in, and how wrong that has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.forecasting.backtest import blended_level, past_errors, spread
from core.forecasting.bridges import bridge_launches, bridge_shapes
from core.forecasting.levels import WEEK, Floats, Track, follow, weekday_counts
from core.forecasting.metric import metric_spread, metrics
from core.forecasting.month import WorkloadMonth
from core.forecasting.panel import Panel, build_panel
from core.forecasting.regimes import Regime, last_move, launch_factors, regimes_ahead, switch_spread
from core.token_shape import REQUESTS

VOLUME_BAND: Final = 1.2
SHAPE_BAND: Final = 1.5
SPREAD_DAYS: Final = (1, 3, 7, 14)
"""Sums until these days ahead, and until the last, have their own past errors; between them the spread is drawn straight."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days after `as_of`, arrays (workloads, days to come); nothing when the cycle is over.

    Attributes:
      cost: expected nanos a day; requests: expected requests a day.
      spread: standard deviation of the log of the summed cost until then.
      plan_factor: what plans multiply the cost of a day of today's usage by.
      regimes: by workload, in order of their days.
    """

    panel: Panel
    cost: Floats
    requests: Floats
    spread: Floats
    plan_factor: Floats
    regimes: list[list[Regime]]


@dataclass(frozen=True, slots=True)
class _Driver:
    """A driver by day: its track and the level that forecasts best, each as seen on every past day."""

    values: Floats
    track: Track
    level: Floats

    def ahead(self, horizon: int) -> Floats:
        """Expected values of the days to come."""
        positions = (1 + np.arange(horizon)) % WEEK
        return self.level[:, -1, None] * self.track.profile[:, -1][:, positions]


def look_ahead(months: Sequence[WorkloadMonth]) -> Ahead:
    """The outlook of workloads that share cycle and `as_of`."""
    as_of, horizon = months[0].as_of, max((months[0].last_on - months[0].as_of).days, 0)
    histories, rates = [month.history for month in months], [month.rates for month in months]
    panel = build_panel(histories, rates, as_of=as_of, switched_on=[last_move(month) for month in months])
    regimes = regimes_ahead(months, horizon)
    by_workload: list[list[Regime]] = [[] for _ in months]
    for regime in regimes:
        by_workload[regime.workload].append(regime)
    if horizon == 0:
        nothing = np.zeros((len(months), 0))
        return Ahead(panel, nothing, nothing, nothing, nothing, by_workload)
    volume, past_metric, metric = _volume(months, panel, horizon)
    unit = np.array([panel.mixes[each.workload].unit_cost(each.changes, rates[each.workload]) for each in regimes])
    shape = _shape(months, panel, regimes, unit=unit)
    requests = np.nan_to_num(volume.ahead(horizon) * metric)
    per_request = np.nan_to_num(shape.ahead(horizon))
    cost, plan_factor = np.zeros_like(requests), np.ones_like(requests)
    for row, regime in enumerate(regimes):
        at, days, whole = regime.workload, regime.days, panel.mixes[regime.workload].whole
        cost[at, days] = requests[at, days] * per_request[row, days]
        if regime.changes and whole @ unit[at] > 0:
            plan_factor[at, days] = (whole @ unit[row]) / (whole @ unit[at])
    spreads = np.hypot(_spreads(panel, volume, shape, horizon), switch_spread(regimes, cost))
    spreads = np.hypot(spreads, metric_spread(months, past_metric, horizon, _measured_at(horizon)))
    launched = requests * launch_factors(regimes, len(months), horizon)
    return Ahead(panel, cost, launched, spreads, plan_factor, by_workload)


def _volume(months: Sequence[WorkloadMonth], panel: Panel, horizon: int) -> tuple[_Driver, Floats, Floats]:
    """Requests a day, per unit of the business metric where volume follows one; that metric by past day and by day to come."""
    past_metric, metric = metrics(months, horizon)
    requests = np.where(panel.known, panel.quantities[:, :, REQUESTS], np.nan) / past_metric
    for row, month in enumerate(months):
        bridge_launches(requests[row], month)
    track = follow(requests, VOLUME_BAND)
    return _Driver(requests, track, blended_level(track, requests, horizon)), past_metric, metric


def _shape(months: Sequence[WorkloadMonth], panel: Panel, regimes: Sequence[Regime], *, unit: Floats) -> _Driver:
    """Cost per request by regime: the tokens of each past day at the prices of the mix in force in the regime.

    Args:
      unit: per regime, nanos for one of each quantity.
    """
    quantities = panel.quantities[[regime.workload for regime in regimes]]
    requests = quantities[:, :, REQUESTS]
    with np.errstate(all="ignore"):
        values = np.where(requests > 0, np.einsum("rtq,rq->rt", quantities, unit) / requests, np.nan)
    for row, regime in enumerate(regimes):
        bridge_shapes(values[row], quantities[row], unit[row], months[regime.workload])
    track = follow(values, SHAPE_BAND)
    horizon = (months[0].last_on - months[0].as_of).days
    return _Driver(values, track, blended_level(track, values, horizon))


def _spreads(panel: Panel, volume: _Driver, shape: _Driver, horizon: int) -> Floats:
    """(workloads, horizon) spread of the sum until each day, from past sums at today's prices."""
    today = slice(0, len(panel.mixes))
    level = volume.level * shape.level[today]
    factors = volume.track.profile * shape.track.profile[today]
    came = np.where(panel.known, np.nan_to_num(shape.values[today]) * volume.values, np.nan)
    at = _measured_at(horizon)
    measured = []
    for days in at:
        weekday_sum = np.einsum("wtp,tp->wt", factors, weekday_counts(came.shape[1], days))
        errors, weights = past_errors(level, weekday_sum, came, days)
        measured.append(spread(errors, weights, days, known_days=panel.known.sum(axis=1)))
    points = np.array(measured)
    until = np.arange(1, horizon + 1)
    return np.stack([np.interp(until, at, points[:, row]) for row in range(points.shape[1])])


def _measured_at(horizon: int) -> list[int]:
    return sorted({days for days in SPREAD_DAYS if days < horizon} | {horizon})
