"""Token shape: what one model consumed on one day, and what each of its quantities costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from core.rates import Rate
from core.usage import CLASS_NAMES, TokenClasses

Floats = npt.NDArray[np.float64]

QUANTITIES: Final = (*CLASS_NAMES, "requests")
"""Everything a price can be asked for, in the order of every vector here: the disjoint classes, then the requests."""
INPUT: Final = slice(0, 5)
OUTPUT: Final = slice(5, 8)
UNCACHED: Final = CLASS_NAMES.index("input_uncached")
CACHE_READ: Final = CLASS_NAMES.index("cache_read")
REQUESTS: Final = len(CLASS_NAMES)


@dataclass(frozen=True, slots=True)
class DayUsage:
    """One model's usage of a workload on one day of the books' time zone.

    Attributes:
      model: the key under which the caller's rates know it; provider and tier included where they matter.
      requests: ≥ 0.
      tokens: disjoint classes, summed over the requests.
      cost_nanos: what the day was booked at, ≥ 0; 0 for a model without a price.
    """

    on: date
    model: str
    requests: int
    tokens: TokenClasses
    cost_nanos: int

    @property
    def quantities(self) -> tuple[int, ...]:
        """The classes and the requests, in the order of `QUANTITIES`."""
        return (*self.tokens, self.requests)


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """One model's usage over a period: what happened, what was planned, or what was forecast. All ≥ 0."""

    model: str
    requests: int
    tokens: TokenClasses
    cost_nanos: int


def totals_by_model(usage: Iterable[DayUsage]) -> tuple[ModelTotals, ...]:
    """The sums over all days, by the models' keys in alphabetical order."""
    sums: dict[str, list[int]] = {}
    for day in usage:
        row = sums.setdefault(day.model, [0] * (len(QUANTITIES) + 1))
        for index, quantity in enumerate((*day.quantities, day.cost_nanos)):
            row[index] += quantity
    return tuple(
        ModelTotals(model, row[REQUESTS], TokenClasses(*row[:REQUESTS]), row[-1]) for model, row in sorted(sums.items())
    )


def prorated(totals: Iterable[ModelTotals], share: float) -> tuple[ModelTotals, ...]:
    """The part of a plan that is due by now: requests, tokens and cost times `share` (0–1), each rounded.

    The shape stays as it was but for rounding; models of which less than a request is due are left out.
    """
    return tuple(
        ModelTotals(
            total.model,
            round(total.requests * share),
            TokenClasses(*(round(tokens * share) for tokens in total.tokens)),
            round(total.cost_nanos * share),
        )
        for total in totals
        if round(total.requests * share)
    )


def unit_prices(rate: Rate) -> Floats:
    """Nanos for one of each of `QUANTITIES` in the lowest band, where aggregates are priced."""
    band = rate.bands[0]
    return np.array([*(price / rate.per for price in band.prices), float(band.per_request)])


def effective_prices(rate: Rate | None, quantities: Floats, cost_nanos: float) -> Floats:
    """Unit prices that make `quantities` cost exactly what was booked.

    Long-context bands, fees and rounding are in what was booked but not in the lowest band, so the list prices are scaled.
    A model without a rate is taken to cost the same for every token. All zero where nothing is known.
    """
    listed = unit_prices(rate) if rate else np.zeros(len(QUANTITIES))
    at_list = float(quantities @ listed)
    if at_list > 0:
        return listed * (cost_nanos / at_list) if cost_nanos > 0 else listed
    if rate:
        return listed
    tokens = float(quantities[:REQUESTS].sum())
    flat = np.full(len(QUANTITIES), cost_nanos / tokens if tokens else 0.0)
    flat[REQUESTS] = 0.0
    return flat
