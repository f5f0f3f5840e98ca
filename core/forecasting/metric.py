"""The business metric that volume follows, where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

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


def follows_metric(metric: BusinessMetric, as_of: date) -> bool:
    """Whether enough recent days of the metric are known for volume to follow it."""
    recent = [metric.actual.get(as_of - timedelta(days=day), 0.0) for day in range(2 * METRIC_DAYS)]
    return sum(number > 0 for number in recent) >= METRIC_DAYS
