"""Plans whose day has come: the days before are lifted to the height after, so that the past can be compared."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.forecasting.levels import Floats
from core.forecasting.month import WorkloadMonth
from core.forecasting.panel import HISTORY_DAYS
from core.forecasting.regimes import has_come
from core.scenario import CacheChange, Change, InputChange, OutputChange, VolumeChange, changed_usage

BRIDGE_DAYS: Final = 14
"""Days on each side of a change that are compared to learn what it really did."""
BRIDGE_PRIOR_DAYS: Final = 3.0
"""What was planned weighs as much as three days of what came: a plan is believed until there is something better."""


def bridge_launches(requests: Floats, month: WorkloadMonth) -> None:
    """Scales, in place, one workload's requests before each planned launch that has come."""
    for column, changes in _come(month):
        planned = float(np.prod([change.factor for change in changes if isinstance(change, VolumeChange)]))
        bridge(requests, column, planned)


def bridge_shapes(per_request: Floats, quantities: Floats, unit: Floats, month: WorkloadMonth) -> None:
    """Scales, in place, one workload's cost per request before each planned change of tokens that has come.

    Args:
      quantities: (days, quantities) of the workload, as they were.
      unit: nanos for one of each quantity.
    """
    for column, changes in _come(month):
        tokens = [change for change in changes if isinstance(change, InputChange | OutputChange | CacheChange)]
        before = quantities[max(column - BRIDGE_DAYS, 0) : column].sum(axis=0)
        cost = float(before @ unit)
        if tokens and cost > 0:
            after = changed_usage({"": before}, tokens, before)[""]
            bridge(per_request, column, float(after @ unit) / cost)


def bridge(values: Floats, column: int, planned: float) -> None:
    """Scales, in place, what lies before `column` by what the change there did.

    Right after the change that is the `planned` factor, some days later the measured one. Factors of 0 and 1 plan nothing
    that the past could be compared with.
    """
    after = values[column : column + BRIDGE_DAYS]
    before = values[max(column - BRIDGE_DAYS, 0) : column]
    after, before = after[after > 0], before[before > 0]
    if planned in (0.0, 1.0) or not len(before):
        return
    measured = float(np.log(np.median(after) / np.median(before))) if len(after) else 0.0
    trust = len(after) / (len(after) + BRIDGE_PRIOR_DAYS)
    values[:column] *= np.exp(trust * measured + (1 - trust) * np.log(planned))


def _come(month: WorkloadMonth) -> list[tuple[int, tuple[Change, ...]]]:
    """The plans that have come within the history, by the column of their first day."""
    columns = [(HISTORY_DAYS - 1 - (month.as_of - plan.from_on).days, plan) for plan in month.plans]
    return [(column, plan.changes) for column, plan in columns if 0 < column < HISTORY_DAYS and has_come(plan, month)]
