"""What the days to come will cost: drivers followed, plans priced in, and how wrong that has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from core.forecasting.backtest import blended_level, past_errors, spread
from core.forecasting.levels import WEEK, Floats, follow, weekday_counts
from core.forecasting.month import BusinessMetric, WorkloadMonth
from core.forecasting.panel import HISTORY_DAYS, Panel, build_panel
from core.scenario import Change, ModelMove, VolumeChange
from core.token_shape import REQUESTS

VOLUME_BAND: Final = 1.2
SHAPE_BAND: Final = 1.5
BRIDGE_DAYS: Final = 14
"""Days on each side of a change that are compared to learn what it really did."""
BRIDGE_PRIOR_DAYS: Final = 3.0
"""What was planned weighs as much as three days of what came."""
SWITCH_SPREAD: Final = 0.08
"""Added for days on a model that is still to come: its answers are longer or shorter than the old one's."""
METRIC_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days after `as_of`, arrays (workloads, days to come); nothing when the cycle is over.

    Attributes:
      cost: expected nanos a day; requests: expected requests a day.
      spread: standard deviation of the log of the summed cost until then.
      plan_factor: what plans multiply the cost of a day of today's usage by.
      changes: per workload, the changes in force on the last day.
    """

    panel: Panel
    cost: Floats
    requests: Floats
    spread: Floats
    plan_factor: Floats
    changes: list[tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class _Regime:
    """A stretch of days under the same changes: days `first`–`until` (excluded) after `as_of`, counted from 0."""

    workload: int
    first: int
    until: int
    changes: tuple[Change, ...]


def look_ahead(months: Sequence[WorkloadMonth]) -> Ahead:
    """The outlook of workloads that share cycle and `as_of`."""
    as_of, horizon = months[0].as_of, max((months[0].last_on - months[0].as_of).days, 0)
    panel = build_panel(
        [month.history for month in months],
        [month.rates for month in months],
        as_of=as_of,
        switched_on=[_last_move(month) for month in months],
    )
    regimes = _regimes(months, horizon)
    last = [regime.changes for regime in {regime.workload: regime for regime in regimes}.values()]
    if horizon == 0:
        nothing = np.zeros((len(months), 0))
        return Ahead(panel, nothing, nothing, nothing, nothing, last)
    past_metric, metric = _metrics(months, horizon)
    requests = np.where(panel.known, panel.quantities[:, :, REQUESTS], np.nan) / past_metric
    for index, month in enumerate(months):
        _bridge_launches(requests[index], month)
    volume = follow(requests, VOLUME_BAND)
    volume_level = blended_level(volume, requests, horizon)

    rows = np.array([regime.workload for regime in regimes])
    unit = np.array(
        [panel.mixes[each.workload].unit_cost(each.changes, months[each.workload].rates) for each in regimes]
    )
    cost = np.einsum("rtq,rq->rt", panel.quantities[rows], unit)
    with np.errstate(all="ignore"):
        per_request = np.where(
            panel.quantities[rows, :, REQUESTS] > 0, cost / panel.quantities[rows, :, REQUESTS], np.nan
        )
    shape = follow(per_request, SHAPE_BAND)
    shape_level = blended_level(shape, per_request, horizon)

    ahead = (1 + np.arange(horizon)) % WEEK
    requests_ahead = volume_level[:, -1, None] * volume.profile[:, -1][:, ahead] * metric
    unit_ahead = shape_level[:, -1, None] * shape.profile[:, -1][:, ahead]
    cost_ahead = np.zeros((len(months), horizon))
    plan_factor = np.ones((len(months), horizon))
    for row, regime in enumerate(regimes):
        days = slice(regime.first, regime.until)
        cost_ahead[regime.workload, days] = requests_ahead[regime.workload, days] * unit_ahead[row, days]
        whole = panel.mixes[regime.workload].whole
        if regime.changes and whole @ unit[regime.workload] > 0:
            plan_factor[regime.workload, days] = (whole @ unit[row]) / (whole @ unit[regime.workload])
    base = slice(0, len(months))
    level = volume_level * shape_level[base]
    factors = volume.profile * shape.profile[base]
    compared = np.where(panel.known, per_request[base] * requests, np.nan)
    spreads = _spreads(level, factors, compared, horizon)
    return Ahead(
        panel,
        np.nan_to_num(cost_ahead),
        np.nan_to_num(requests_ahead) * _volume_factors(regimes, len(months), horizon),
        np.sqrt(spreads**2 + _switch_spread(regimes, np.nan_to_num(cost_ahead)) ** 2),
        plan_factor,
        last,
    )


def _last_move(month: WorkloadMonth) -> date | None:
    """The latest day up to `as_of` from which a planned model move holds."""
    moves = [
        plan.from_on
        for plan in month.plans
        if plan.from_on <= month.as_of and any(isinstance(change, ModelMove) for change in plan.changes)
    ]
    return max(moves, default=None)


def _regimes(months: Sequence[WorkloadMonth], horizon: int) -> list[_Regime]:
    """First the present of every workload in order, then what plans make of the days after their start."""
    present: list[_Regime] = []
    later: list[_Regime] = []
    for index, month in enumerate(months):
        coming = sorted((p for p in month.plans if month.as_of < p.from_on <= month.last_on), key=lambda p: p.from_on)
        starts = [(plan.from_on - month.as_of).days - 1 for plan in coming]
        present.append(_Regime(index, 0, starts[0] if starts else horizon, ()))
        changes: tuple[Change, ...] = ()
        for plan, first, until in zip(coming, starts, [*starts, horizon][1:], strict=True):
            changes += plan.changes
            if until > first:
                later.append(_Regime(index, first, until, changes))
    return present + later


def _volume_factors(regimes: Sequence[_Regime], workloads: int, horizon: int) -> Floats:
    """What planned launches multiply the requests of each day by."""
    factors = np.ones((workloads, horizon))
    for regime in regimes:
        for change in regime.changes:
            if isinstance(change, VolumeChange):
                factors[regime.workload, regime.first : regime.until] *= change.factor
    return factors


def _switch_spread(regimes: Sequence[_Regime], cost: Floats) -> Floats:
    """`SWITCH_SPREAD` in the proportion of the cost that falls on days after a planned model move."""
    after = np.zeros_like(cost)
    for regime in regimes:
        share = sum(change.share for change in regime.changes if isinstance(change, ModelMove))
        after[regime.workload, regime.first : regime.until] = min(share, 1.0)
    total = np.cumsum(cost, axis=1)
    return np.asarray(SWITCH_SPREAD * np.cumsum(cost * after, axis=1) / np.maximum(total, 1e-9), dtype=np.float64)


def _spreads(level: Floats, factors: Floats, values: Floats, horizon: int) -> Floats:
    """(workloads, horizon) spread of the sum until each day, measured at a few of them."""
    at = sorted({1, 3, 7, 14, horizon} & set(range(1, horizon + 1)))
    measured = []
    for days in at:
        weekday_sum = np.einsum("wtp,tp->wt", factors, weekday_counts(values.shape[1], days))
        measured.append(spread(*past_errors(level, weekday_sum, values, days), days))
    points = np.array(measured)
    return np.stack([np.interp(np.arange(1, horizon + 1), at, points[:, row]) for row in range(points.shape[1])])


def _metrics(months: Sequence[WorkloadMonth], horizon: int) -> tuple[Floats, Floats]:
    """The business metric by past day and by day to come; 1 where volume follows none."""
    past = np.ones((len(months), HISTORY_DAYS))
    ahead = np.ones((len(months), horizon))
    for row, month in enumerate(months):
        if month.metric and follows_metric(month.metric, month.as_of):
            oldest = month.as_of - timedelta(days=HISTORY_DAYS - 1)
            actual = [month.metric.actual.get(oldest + timedelta(days=day)) or np.nan for day in range(HISTORY_DAYS)]
            past[row] = actual
            usual = (
                float(np.nanmean(past[row, -WEEK:])) if np.any(past[row, -WEEK:] > 0) else float(np.nanmean(past[row]))
            )
            days = [month.as_of + timedelta(days=day + 1) for day in range(horizon)]
            ahead[row] = [month.metric.planned.get(day, usual) for day in days]
    return past, ahead


def follows_metric(metric: BusinessMetric, as_of: date) -> bool:
    """Whether enough recent days of the metric are known for volume to follow it."""
    recent = [metric.actual.get(as_of - timedelta(days=day)) for day in range(2 * METRIC_DAYS)]
    return sum(1 for number in recent if number and number > 0) >= METRIC_DAYS


def _bridge_launches(requests: Floats, month: WorkloadMonth) -> None:
    """Lifts the requests before a planned launch that has come to the height after it."""
    for plan in month.plans:
        column = HISTORY_DAYS - 1 - (month.as_of - plan.from_on).days
        factors = [change.factor for change in plan.changes if isinstance(change, VolumeChange)]
        if 0 < column < HISTORY_DAYS and factors:
            _bridge(requests, column, float(np.prod(factors)))


def _bridge(values: Floats, column: int, planned: float = 1.0) -> None:
    """Scales, in place, what lies before `column` by what the change there did to the level.

    That is the planned factor at first, and after some days the measured one.
    """
    if not 0 < column < len(values):
        return
    after = values[column : column + BRIDGE_DAYS]
    before = values[max(column - BRIDGE_DAYS, 0) : column]
    after, before = after[after > 0], before[before > 0]
    if len(before) == 0 or planned <= 0:
        return
    measured = float(np.log(np.median(after) / np.median(before))) if len(after) else 0.0
    trust = len(after) / (len(after) + BRIDGE_PRIOR_DAYS)
    values[:column] *= np.exp(trust * measured + (1 - trust) * np.log(planned))
