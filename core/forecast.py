"""Month-end spend from volume × token shape × model mix × price, with an honest range.

Sources: Gardner, “Exponential smoothing: the state of the art, part II” (2006), for levels with weekday factors; Bates and
Granger, “The combination of forecasts” (1969), for mixing two of them by their own past errors. That volume moves and token
shape hardly does follows ServeGen (arXiv 2505.09999).
`python -m benchmarks.forecast` measures it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from core.forecasting.month import BusinessMetric, DayRange, DriverRow, Forecast, WorkloadMonth
from core.forecasting.outlook import look_ahead
from core.forecasting.partial_day import PartialDay, hour_profile
from core.forecasting.report import reports
from core.scenario import Change, Plan
from core.token_shape import DayUsage

__all__ = [
    "BusinessMetric",
    "DayRange",
    "DayUsage",
    "DriverRow",
    "Forecast",
    "PartialDay",
    "WorkloadMonth",
    "forecast",
    "forecast_all",
    "hour_profile",
    "what_if",
]


def forecast(month: WorkloadMonth) -> Forecast:
    """The forecast of one workload; see `forecast_all`."""
    return forecast_all([month])[0]


def forecast_all(months: Sequence[WorkloadMonth]) -> list[Forecast]:
    """Forecasts in the order of `months`; those of the same cycle and day are computed together, which is fast."""
    groups: dict[tuple[date, date, date], list[int]] = defaultdict(list)
    for index, month in enumerate(months):
        groups[month.first_on, month.last_on, month.as_of].append(index)
    results: dict[int, Forecast] = {}
    for indices in groups.values():
        group = [months[index] for index in indices]
        results.update(zip(indices, reports(group, look_ahead(group)), strict=True))
    return [results[index] for index in range(len(months))]


def what_if(month: WorkloadMonth, changes: Sequence[Change], from_on: date | None = None) -> WorkloadMonth:
    """The same month with the changes in force from `from_on`, the next day when not given."""
    plan = Plan(from_on or month.as_of + timedelta(days=1), tuple(changes))
    return replace(month, plans=(*month.plans, plan))
