"""Stretches of the days to come that are under the same plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from core.forecasting.levels import Floats
from core.forecasting.month import WorkloadMonth
from core.scenario import Change, ModelMove, Plan, VolumeChange

SWITCH_SPREAD: Final = 0.08
"""Added for days on a model that is still to come: its answers are longer or shorter than the old one's."""


@dataclass(frozen=True, slots=True)
class Regime:
    """The days `first`–`until` (excluded) after `as_of`, counted from 0, of one workload, under all `changes`."""

    workload: int
    first: int
    until: int
    changes: tuple[Change, ...]

    @property
    def days(self) -> slice:
        return slice(self.first, self.until)


def regimes_ahead(months: Sequence[WorkloadMonth], horizon: int) -> list[Regime]:
    """First the present of every workload, in order, then what plans make of the days after their start."""
    present: list[Regime] = []
    later: list[Regime] = []
    for index, month in enumerate(months):
        coming = [plan for plan in month.plans if plan.from_on <= month.last_on and not has_come(plan, month)]
        coming.sort(key=lambda plan: plan.from_on)
        starts = [max((plan.from_on - month.as_of).days - 1, 0) for plan in coming]
        present.append(Regime(index, 0, starts[0] if starts else horizon, ()))
        changes: tuple[Change, ...] = ()
        for plan, first, until in zip(coming, starts, [*starts, horizon][1:], strict=True):
            changes += plan.changes
            if until > first:
                later.append(Regime(index, first, until, changes))
    return present + later


def has_come(plan: Plan, month: WorkloadMonth) -> bool:
    """Whether there is usage from the plan's first day on, up to `as_of`: from then on the data say what it did."""
    return plan.from_on <= month.as_of and any(plan.from_on <= day.on <= month.as_of for day in month.history)


def last_move(month: WorkloadMonth) -> date | None:
    """The latest day from which a planned model move that has come holds."""
    moves = [
        plan.from_on
        for plan in month.plans
        if any(isinstance(change, ModelMove) for change in plan.changes) and has_come(plan, month)
    ]
    return max(moves, default=None)


def launch_factors(regimes: Sequence[Regime], workloads: int, horizon: int) -> Floats:
    """(workloads, horizon) what planned launches multiply the requests of each day by."""
    factors = np.ones((workloads, horizon))
    for regime in regimes:
        for change in regime.changes:
            if isinstance(change, VolumeChange):
                factors[regime.workload, regime.days] *= change.factor
    return factors


def switch_spread(regimes: Sequence[Regime], cost: Floats) -> Floats:
    """`SWITCH_SPREAD` in the proportion of the summed cost that falls on days after a planned model move."""
    after = np.zeros_like(cost)
    for regime in regimes:
        share = sum(change.share for change in regime.changes if isinstance(change, ModelMove))
        after[regime.workload, regime.days] = min(share, 1.0)
    total = np.cumsum(cost, axis=1)
    return np.asarray(SWITCH_SPREAD * np.cumsum(cost * after, axis=1) / np.maximum(total, 1e-9), dtype=np.float64)
