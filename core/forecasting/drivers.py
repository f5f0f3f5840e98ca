"""The drivers behind a forecast: what the days to come will use, model by model, and the table that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from core.forecasting.irregular import DRIVERS
from core.forecasting.levels import Floats
from core.forecasting.month import DriverRow, WorkloadMonth
from core.forecasting.outlook import Ahead
from core.scenario import changed_usage
from core.token_shape import CACHE_READ, INPUT, QUANTITIES, REQUESTS, ModelTotals
from core.usage import TokenClasses


def usage_ahead(month: WorkloadMonth, ahead: Ahead, row: int, *, cost: Floats, method: str) -> dict[str, Floats]:
    """Quantities of the days to come by model, the cost in nanos as one more at the end.

    Tokens have the mean shape of the last days, after plans, scaled to the expected cost at the mix's prices: so a later
    comparison finds a difference in tokens or volume, not in prices that never changed.

    Args:
      cost: expected nanos of each day to come.
      method: of the forecast; where it is not by drivers, requests follow the cost too.
    """
    mix = ahead.panel.mixes[row]
    sums: dict[str, Floats] = {}
    today = {model: mix.whole * share for model, share in mix.shares.items()}
    for regime in ahead.regimes[row]:
        nanos = float(cost[regime.days].sum())
        usage = changed_usage(today, regime.changes, mix.whole)
        prices = mix.prices_after(regime.changes, month.rates, usage)
        at_prices = {model: float(quantities @ prices[model]) for model, quantities in usage.items()}
        requests = sum(float(quantities[REQUESTS]) for quantities in usage.values())
        if nanos <= 0 or sum(at_prices.values()) <= 0 or requests <= 0:
            continue
        scale = nanos / sum(at_prices.values())
        expected = ahead.requests[row, regime.days]
        usual = ahead.cost[row, regime.days]
        # A day that is partly over brings the requests of its rest, in the proportion of its cost.
        left = np.divide(cost[regime.days], usual, out=np.zeros_like(usual), where=usual > 0)
        to_come = float((expected * left).sum()) if method == DRIVERS else requests * scale
        for model, quantities in usage.items():
            total = np.append(quantities * scale, at_prices[model] * scale)
            total[REQUESTS] = quantities[REQUESTS] / requests * to_come
            sums[model] = sums.get(model, np.zeros(len(total))) + total
    return sums


def whole_cycle(month: WorkloadMonth, coming: dict[str, Floats], p50_nanos: int) -> tuple[ModelTotals, ...]:
    """What the cycle is expected to have used at its end, by model; the costs add up to `p50_nanos`."""
    today = (
        month.today.cost_nanos
        if month.today and month.first_on <= month.as_of + timedelta(days=1) <= month.last_on
        else 0
    )
    ahead = sum(float(total[-1]) for total in coming.values())
    # What was booked today is known in dollars only. It is taken to have been used like the rest of the day: dollars without
    # their tokens would look like a price that has moved.
    stretch = 1 + today / ahead if ahead > 0 else 1.0
    sums = {model: total * stretch for model, total in coming.items()}
    for day in month.history:
        if month.first_on <= day.on <= month.as_of:
            booked = np.array([*day.quantities, day.cost_nanos], dtype=np.float64)
            sums[day.model] = sums.get(day.model, 0.0) + booked
    totals = {model: [round(each) for each in total] for model, total in sorted(sums.items())}
    if totals:
        largest = max(totals, key=lambda model: totals[model][-1])
        # Rounding; and where nothing is to come, what was booked today.
        totals[largest][-1] += p50_nanos - sum(total[-1] for total in totals.values())
    return tuple(
        ModelTotals(model, max(total[REQUESTS], 1), TokenClasses(*total[:REQUESTS]), total[-1])
        for model, total in totals.items()
    )


def driver_rows(recent: Floats, recent_days: int, coming: dict[str, Floats], days_ahead: int) -> tuple[DriverRow, ...]:
    """Volume, cost of a request, tokens by class, cache share and models: lately, and over the days to come.

    Args:
      recent: quantities and, last, nanos of the last days, all models together.
      coming: the same by model for the days to come.
    """
    later = np.sum(list(coming.values()), axis=0) if coming else np.zeros(len(QUANTITIES) + 1)
    requests = (float(recent[REQUESTS]), float(later[REQUESTS]))
    rows = [
        DriverRow("requests a day", *_ratios((requests[0], requests[1]), (recent_days, days_ahead)), "requests"),
        DriverRow("cost a request", *_ratios((recent[-1], later[-1]), requests), "nanos"),
    ]
    for index, name in enumerate(QUANTITIES[:REQUESTS]):
        if recent[index] or later[index]:
            ratios = _ratios((recent[index], later[index]), requests)
            rows.append(DriverRow(f"{name.replace('_', ' ')} a request", *ratios, "tokens"))
    whole = (float(recent[INPUT].sum()), float(later[INPUT].sum()))
    rows.append(DriverRow("cache share", *_ratios((recent[CACHE_READ], later[CACHE_READ]), whole), "share"))
    return tuple(rows)


def _ratios(parts: Sequence[float], wholes: Sequence[float]) -> tuple[float | None, float | None]:
    first, second = (float(part / whole) if whole > 0 else None for part, whole in zip(parts, wholes, strict=True))
    return first, second
