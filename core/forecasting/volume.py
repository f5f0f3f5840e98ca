"""What volume follows: a business metric where there is one, and launches that have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from core.forecasting.levels import WEEK, Floats
from core.forecasting.month import BusinessMetric, WorkloadMonth
from core.forecasting.panel import HISTORY_DAYS
from core.scenario import VolumeChange

METRIC_DAYS: Final = 14
"""A metric known on fewer of the last 28 days is not followed."""
BRIDGE_DAYS: Final = 14
"""Days on each side of a launch that are compared to learn what it really did."""
BRIDGE_PRIOR_DAYS: Final = 3.0
"""What was planned weighs as much as three days of what came."""


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


def bridge_launches(requests: Floats, month: WorkloadMonth) -> None:
    """Lifts, in place, the requests before each planned launch that has come to the height after it.

    Right after the launch that is the planned factor, some days later the measured one: a plan is believed until there
    is something better.
    """
    for plan in month.plans:
        column = HISTORY_DAYS - 1 - (month.as_of - plan.from_on).days
        planned = float(np.prod([change.factor for change in plan.changes if isinstance(change, VolumeChange)]))
        if not 0 < column < HISTORY_DAYS or planned in (0.0, 1.0):
            continue
        after = requests[column : column + BRIDGE_DAYS]
        before = requests[max(column - BRIDGE_DAYS, 0) : column]
        after, before = after[after > 0], before[before > 0]
        if len(before):
            measured = float(np.log(np.median(after) / np.median(before))) if len(after) else 0.0
            trust = len(after) / (len(after) + BRIDGE_PRIOR_DAYS)
            requests[:column] *= np.exp(trust * measured + (1 - trust) * np.log(planned))
