"""Workload months for forecast tests: usage by rule, at round prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from core.forecast import DayUsage, WorkloadMonth
from core.money import NANOS
from core.rates import Band, Rate
from core.usage import TokenClasses

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
AS_OF = date(2026, 11, 10)


def a_rate(dollars_in: float = 2.0, dollars_out: float = 8.0, dollars_cached: float = 0.5) -> Rate:
    """Dollars per million tokens."""
    prices = (round(dollars * NANOS) for dollars in (dollars_in, dollars_cached, dollars_out))
    plain, cached, out = prices
    return Rate("test", (Band(-1, TokenClasses(input_uncached=plain, cache_read=cached, output=out)),))


RATES = {"big": a_rate(), "small": a_rate(0.2, 0.8, 0.05)}
SHAPE = TokenClasses(input_uncached=1000, output=500)


def used(on: date, requests: int, model: str = "big", shape: TokenClasses = SHAPE) -> DayUsage:
    """A day of `requests` of one shape, at list price where there is one."""
    tokens = TokenClasses(*(each * requests for each in shape))
    return DayUsage(on, model, requests, tokens, RATES[model].cost(tokens, requests=2) if model in RATES else 0)


def a_history(requests: Callable[[date], int], days: int = 120, until: date = AS_OF) -> list[DayUsage]:
    """The `days` up to `until`; a day of 0 requests has no row, as in the books."""
    dates = [until - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return [used(on, requests(on)) for on in dates if requests(on)]


def a_month(history: list[DayUsage], **changes: Any) -> WorkloadMonth:
    """November 2026 as known at the end of the 10th, unless said otherwise."""
    defaults: dict[str, Any] = {
        "workload": "search-bot",
        "first_on": FIRST,
        "last_on": LAST,
        "as_of": AS_OF,
        "rates": RATES,
    }
    return WorkloadMonth(history=history, **(defaults | changes))
