"""Forecasts as people read them: quantiles, the chance and days of a breach, the drivers, the basis in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import erf, log, sqrt
from typing import Final

import numpy as np

from core.forecasting.irregular import NEW, OVER, RECENT_DAYS, expectation
from core.forecasting.levels import Floats
from core.forecasting.month import THIN_DAYS, DayRange, DriverRow, Forecast, WorkloadMonth
from core.forecasting.outlook import Ahead, follows_metric
from core.forecasting.panel import HISTORY_DAYS
from core.forecasting.partial_day import rest_of_day
from core.scenario import Plan, changed_usage
from core.token_shape import CACHE_READ, INPUT, QUANTITIES, REQUESTS

Z_80: Final = 1.2815515655446004
"""Standard normal deviate of the 90 % point."""
LEAST_CHANCE: Final = 0.05


def reports(months: Sequence[WorkloadMonth], ahead: Ahead) -> list[Forecast]:
    """One forecast per workload of a group that shares cycle and `as_of`."""
    return [_report(month, ahead, row) for row, month in enumerate(months)]


def _report(month: WorkloadMonth, ahead: Ahead, row: int) -> Forecast:
    booked = sum(day.cost_nanos for day in month.history if month.first_on <= day.on <= month.as_of)
    days = [month.as_of + timedelta(days=lead + 1) for lead in range(ahead.cost.shape[1])]
    expected = expectation(ahead, row)
    cost, spread, ceiling, method = expected.cost, expected.spread, expected.ceiling, expected.method
    today = month.today if month.today and days and days[0] >= month.first_on else None
    if today:
        cost = cost.copy()
        cost[0] = rest_of_day(today, float(cost[0]))
    spent = booked + (today.cost_nanos if today else 0)
    first = max((month.first_on - month.as_of).days - 1, 0)
    coming = np.cumsum(cost[first:])
    width = np.exp(Z_80 * spread[first:])
    upper = np.maximum.accumulate(np.maximum(coming * width, ceiling[first:] - (ceiling[first - 1] if first else 0.0)))
    lower = np.maximum.accumulate(coming / width) if len(coming) else coming
    path = tuple(
        DayRange(on, spent + round(low), spent + round(middle), spent + round(high))
        for on, low, middle, high in zip(days[first:], lower, coming, upper, strict=True)
    )
    end = path[-1] if path else DayRange(month.last_on, spent, spent, spent)
    chances = _chances(month.envelope_nanos, spent, coming, spread[first:])
    known = int(ahead.panel.known[row].sum())
    elapsed = (month.as_of - month.first_on).days + 1
    length = (month.last_on - month.first_on).days + 1
    plans = tuple(sorted((p for p in month.plans if p.from_on <= month.last_on), key=lambda plan: plan.from_on))
    drivers = _drivers(month, ahead, row, float(cost[first:].sum()))
    return Forecast(
        workload=month.workload,
        as_of=month.as_of,
        p10_nanos=end.p10_nanos,
        p50_nanos=end.p50_nanos,
        p90_nanos=end.p90_nanos,
        spent_nanos=spent,
        run_rate_nanos=round(booked / min(elapsed, length) * length) if elapsed > 0 else None,
        breach_probability=None
        if chances is None
        else chances[-1]
        if chances
        else float(spent > (month.envelope_nanos or 0)),
        breach_on=_breach_days(month, chances, path),
        method=method,
        basis=_basis(month, known, method, plans),
        is_thin_history=known < THIN_DAYS,
        history_days=known,
        path=path,
        drivers=drivers,
        plans=plans,
    )


def _chances(envelope: int | None, spent: int, coming: Floats, spread: Floats) -> list[float] | None:
    """The chance that spend has passed the envelope by the end of each day; None without an envelope."""
    if envelope is None:
        return None
    left = envelope - spent
    if left < 0:
        return [1.0] * len(coming)
    chances: list[float] = []
    for total, width in zip(coming, spread, strict=True):
        is_open = total > 0 and left > 0
        chance = 0.5 * (1 + erf(log(total / left) / (width * sqrt(2)))) if is_open else float(total > 0)
        chances.append(max(chance, chances[-1] if chances else 0.0))
    return chances


def _breach_days(
    month: WorkloadMonth, chances: list[float] | None, path: Sequence[DayRange]
) -> tuple[date, date] | None:
    """The middle half of the days on which the envelope would be passed, given that it is."""
    if not chances or chances[-1] < LEAST_CHANCE:
        return None
    first = next(index for index, chance in enumerate(chances) if chance >= 0.25 * chances[-1])
    last = next(index for index, chance in enumerate(chances) if chance >= 0.75 * chances[-1])
    return path[first].on, path[last].on


def _drivers(month: WorkloadMonth, ahead: Ahead, row: int, cost: float) -> tuple[DriverRow, ...]:
    """Volume, what a request costs, its tokens by class, cache share and models: lately, and over the days to come."""
    known = ahead.panel.known[row, -RECENT_DAYS:]
    recent = ahead.panel.quantities[row, -RECENT_DAYS:][known].sum(axis=0)
    booked = float(ahead.panel.booked[row, -RECENT_DAYS:][known].sum())
    mix = ahead.panel.mixes[row]
    after = changed_usage({m: mix.whole * share for m, share in mix.shares.items()}, ahead.changes[row], mix.whole)
    whole = np.sum(list(after.values()), axis=0) if after else np.zeros(len(QUANTITIES))
    is_coming = ahead.cost.shape[1] > 0 and whole[REQUESTS] > 0
    per_day = float(ahead.requests[row].mean()) if is_coming else None
    requests = float(ahead.requests[row].sum()) if is_coming else 0.0
    rows = [
        DriverRow("requests a day", _ratio(recent[REQUESTS], float(known.sum())), per_day, "requests"),
        DriverRow("cost a request", _ratio(booked, recent[REQUESTS]), _ratio(cost, requests), "nanos"),
    ]
    for index, name in enumerate(QUANTITIES[:REQUESTS]):
        if recent[index] or whole[index]:
            label = f"{name.replace('_', ' ')} a request"
            expected = _ratio(whole[index], whole[REQUESTS]) if is_coming else None
            rows.append(DriverRow(label, _ratio(recent[index], recent[REQUESTS]), expected, "tokens"))
    cached = _ratio(whole[CACHE_READ], float(whole[INPUT].sum())) if is_coming else None
    rows.append(DriverRow("cache share", _ratio(recent[CACHE_READ], float(recent[INPUT].sum())), cached, "share"))
    for model, quantities in sorted(after.items(), key=lambda item: -item[1][REQUESTS]):
        was = float(mix.shares[model][REQUESTS]) if model in mix.shares else 0.0
        share = _ratio(quantities[REQUESTS], whole[REQUESTS]) if is_coming else None
        rows.append(DriverRow(f"share of {model}", was, share, "share"))
    return tuple(rows)


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


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
        said.append(f"volume per {month.metric.unit}")
    coming = sum(1 for plan in plans if plan.from_on > month.as_of)
    if coming:
        said.append(f"{coming} planned change" + ("s" if coming > 1 else ""))
    if month.today:
        said.append("today so far")
    words = f"From {', '.join(said)}: {method}."
    if known < THIN_DAYS:
        words += f" Under {THIN_DAYS} days of history, so take the range more seriously than the middle."
    return words
