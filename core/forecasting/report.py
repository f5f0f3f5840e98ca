"""Forecasts as people read them: quantiles, the chance and days of a breach, the drivers, the basis in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import erf, log, sqrt
from typing import Final

import numpy as np

from core.forecasting.drivers import driver_rows, usage_ahead, whole_cycle
from core.forecasting.irregular import IN_WORDS, NEW, OVER, RECENT_DAYS, Expectation, expectation
from core.forecasting.levels import Floats
from core.forecasting.metric import follows_metric
from core.forecasting.month import THIN_DAYS, DayRange, Forecast, WorkloadMonth
from core.forecasting.outlook import Ahead
from core.forecasting.panel import HISTORY_DAYS
from core.forecasting.partial_day import rest_of_day
from core.forecasting.regimes import has_come
from core.scenario import Plan
from core.standing import run_rate

Z_80: Final = 1.2815515655446004
"""Standard normal deviate of the 90 % point."""
LEAST_CHANCE: Final = 0.05


def reports(months: Sequence[WorkloadMonth], ahead: Ahead) -> list[Forecast]:
    """One forecast per workload of a group that shares cycle and `as_of`."""
    return [_report(month, ahead, row) for row, month in enumerate(months)]


def _report(month: WorkloadMonth, ahead: Ahead, row: int) -> Forecast:
    expected = expectation(ahead, row)
    gap = max((month.first_on - month.as_of).days - 1, 0)
    today = month.today if gap == 0 and len(expected.cost) else None
    cost = np.where(np.arange(len(expected.cost)) < gap, 0.0, expected.cost)
    if today:
        cost[0] = rest_of_day(today, float(cost[0]))
    until = min(month.as_of, month.last_on)
    booked = sum(day.cost_nanos for day in month.history if month.first_on <= day.on <= until)
    spent = booked + (today.cost_nanos if today else 0)
    path = _path(month, spent, cost, expected)[gap:]
    end = path[-1] if path else DayRange(month.last_on, spent, spent, spent)
    chances = _chances(month.envelope_nanos, spent, np.cumsum(cost)[gap:], expected.spread[gap:])
    coming = usage_ahead(month, ahead, row, cost=cost, method=expected.method)
    plans = tuple(
        sorted((plan for plan in month.plans if plan.from_on <= month.last_on), key=lambda plan: plan.from_on)
    )
    known = int(ahead.panel.known[row].sum())
    return Forecast(
        workload=month.workload,
        as_of=month.as_of,
        p10_nanos=end.p10_nanos,
        p50_nanos=end.p50_nanos,
        p90_nanos=end.p90_nanos,
        spent_nanos=spent,
        run_rate_nanos=run_rate(booked, (until - month.first_on).days + 1, (month.last_on - month.first_on).days + 1),
        breach_probability=chances[-1] if chances else None,
        breach_on=_breach_days(chances, path),
        method=expected.method,
        basis=_basis(month, known, expected.method, plans),
        is_thin_history=known < THIN_DAYS,
        history_days=known,
        path=path,
        drivers=driver_rows(*_recent(ahead, row), coming, len(path)),
        expected=whole_cycle(month, coming, end.p50_nanos),
        plans=plans,
    )


def _path(month: WorkloadMonth, spent: int, cost: Floats, expected: Expectation) -> tuple[DayRange, ...]:
    """The range of spend by the end of each day to come. It never falls: what is spent stays spent."""
    middle = np.cumsum(cost)
    width = np.exp(Z_80 * expected.spread)
    low = np.maximum.accumulate(middle / width) if len(cost) else middle
    high = np.maximum.accumulate(np.maximum(middle * width, expected.ceiling)) if len(cost) else middle
    return tuple(
        DayRange(month.as_of + timedelta(days=day + 1), *(spent + round(float(nanos)) for nanos in nanos_of_day))
        for day, nanos_of_day in enumerate(zip(low, middle, high, strict=True))
    )


def _recent(ahead: Ahead, row: int) -> tuple[Floats, int]:
    """Quantities and, last, nanos of the last days with usage known, and how many they are."""
    known = ahead.panel.known[row, -RECENT_DAYS:]
    quantities = ahead.panel.quantities[row, -RECENT_DAYS:][known].sum(axis=0)
    return np.append(quantities, ahead.panel.booked[row, -RECENT_DAYS:][known].sum()), int(known.sum())


def _chances(envelope: int | None, spent: int, coming: Floats, spread: Floats) -> list[float] | None:
    """The chance that spend has passed the envelope by the end of each day to come, or by now when there is none."""
    if envelope is None:
        return None
    left = envelope - spent
    if left < 0 or len(coming) == 0:
        return [float(left < 0)] * max(len(coming), 1)
    chances: list[float] = []
    for total, width in zip(coming, spread, strict=True):
        is_open = total > 0 and left > 0
        chance = 0.5 * (1 + erf(log(total / left) / (width * sqrt(2)))) if is_open else float(total > 0)
        chances.append(max(chance, chances[-1] if chances else 0.0))
    return chances


def _breach_days(chances: list[float] | None, path: Sequence[DayRange]) -> tuple[date, date] | None:
    """The middle half of the days on which the envelope would be passed, given that it is."""
    if not chances or not path or chances[-1] < LEAST_CHANCE:
        return None
    first, last = (
        next(day for day, chance in enumerate(chances) if chance >= part * chances[-1]) for part in (0.25, 0.75)
    )
    return path[first].on, path[last].on


def _basis(month: WorkloadMonth, known: int, method: str, plans: Sequence[Plan]) -> str:
    """What the forecast rests on, for a person; one or two sentences."""
    if method == OVER:
        return "The cycle is over; this is what was booked."
    if method == NEW:
        return "There is no usage yet, so there is nothing to forecast from."
    said = [f"{known} days of history" if known != 1 else "1 day of history"]
    if known >= HISTORY_DAYS:
        said = [f"the last {HISTORY_DAYS} days"]
    if month.metric and follows_metric(month.metric, month.as_of):
        told = any(month.as_of < day <= month.last_on for day in month.metric.planned)
        said.append(f"volume per {month.metric.unit}" + (" and your plan of them taken at its word" if told else ""))
    coming = sum(not has_come(plan, month) for plan in plans)
    if coming:
        said.append(f"{coming} planned change" + ("s" if coming > 1 else ""))
    if month.today:
        said.append("today so far")
    words = f"From {', '.join(said)}: {IN_WORDS[method]}."
    if known < THIN_DAYS:
        words += f" Under {THIN_DAYS} days of history, so take the range more seriously than the middle."
    return words
