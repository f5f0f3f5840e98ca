"""The business metric that volume follows, where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from core.forecasting.backtest import past_errors, spread
from core.forecasting.levels import WEEK, Floats
from core.forecasting.month import BusinessMetric, WorkloadMonth
from core.forecasting.panel import HISTORY_DAYS

METRIC_DAYS: Final = 14
"""A metric known on fewer of the last 28 days is not followed."""


def metrics(months: Sequence[WorkloadMonth], horizon: int) -> tuple[Floats, Floats]:
    """The business metric by past day and by day to come, (workloads, days); 1 where volume follows none."""
    past = np.ones((len(months), HISTORY_DAYS))
    ahead = np.ones((len(months), horizon))
    for row, month in enumerate(months):
        metric = month.metric
        if metric and follows_metric(metric, month.as_of):
            oldest = month.as_of - timedelta(days=HISTORY_DAYS - 1)
            known = [metric.actual.get(oldest + timedelta(days=day), 0.0) for day in range(HISTORY_DAYS)]
            past[row] = [number if number > 0 else np.nan for number in known]
            recent = past[row, -WEEK:] if np.any(past[row, -WEEK:] > 0) else past[row]
            usual = float(np.nanmean(recent))
            days = [month.as_of + timedelta(days=day + 1) for day in range(horizon)]
            ahead[row] = [metric.planned.get(day, usual) for day in days]
    return past, ahead


def metric_spread(months: Sequence[WorkloadMonth], past: Floats, horizon: int, at: Sequence[int]) -> Floats:
    """(workloads, horizon) spread of the log of the metric's sum until each day; 0 where volume follows none.

    The range of volume per unit says nothing of the units. Days without a plan are taken at the mean of the last week; how
    wrong that has been is measured on the metric's own past. What is planned is taken at its word, and the basis says so.

    Args:
      past: the metric by day, from `metrics`.
      at: sums until these days ahead are measured; between them the spread is drawn straight.
    """
    until = np.arange(1, horizon + 1)
    found = np.zeros((len(months), horizon))
    rows = [row for row, month in enumerate(months) if month.metric and follows_metric(month.metric, month.as_of)]
    if not rows:
        return found
    values = past[rows]
    level = _last_week(values)
    known_days = (~np.isnan(values)).sum(axis=1)
    measured = np.array(
        [
            spread(*past_errors(level, np.full_like(level, days), values, days), days, known_days=known_days)
            for days in at
        ]
    )
    for place, row in enumerate(rows):
        metric = months[row].metric
        assert metric is not None
        ahead = (months[row].as_of + timedelta(days=int(day)) for day in until)
        unplanned = np.cumsum([day not in metric.planned for day in ahead]) / until
        found[row] = np.interp(until, at, measured[:, place]) * unplanned
    return found


def _last_week(values: Floats) -> Floats:
    """The mean of the last seven known days, as seen from each day; NaN before the first."""
    there = ~np.isnan(values)
    sums, counts = np.cumsum(np.where(there, values, 0.0), axis=1), np.cumsum(there, axis=1)
    sums[:, WEEK:] -= sums[:, :-WEEK].copy()
    counts[:, WEEK:] -= counts[:, :-WEEK].copy()
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def follows_metric(metric: BusinessMetric, as_of: date) -> bool:
    """Whether enough recent days of the metric are known for volume to follow it."""
    recent = [metric.actual.get(as_of - timedelta(days=day), 0.0) for day in range(2 * METRIC_DAYS)]
    return sum(number > 0 for number in recent) >= METRIC_DAYS
