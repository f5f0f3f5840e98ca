"""What-if changes and plans: how usage and prices would differ, applied to the drivers or to days that happened.

Every change is linear in the usage, so that changing a month's sums equals changing each of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np

from core.errors import OutOfRange
from core.money import usd
from core.rates import MILLION, Rate
from core.token_shape import (
    CACHE_READ,
    INPUT,
    OUTPUT,
    QUANTITIES,
    REQUESTS,
    UNCACHED,
    DayUsage,
    Floats,
    effective_prices,
    unit_prices,
)
from core.usage import TokenClasses

MAX_FACTOR = 1_000.0
Usage = Mapping[str, Floats]
"""Quantities by model; the last axis follows `QUANTITIES`."""


@dataclass(frozen=True, slots=True)
class VolumeChange:
    """`volume=+20%` is a factor of 1.2: more requests of the same shape; a launch. 0 switches the workload off."""

    factor: float

    def __post_init__(self) -> None:
        _check_factor("volume", self.factor)

    def describe(self) -> str:
        return f"volume {_percent(self.factor)}"


@dataclass(frozen=True, slots=True)
class InputChange:
    """`input=-10%` is a factor of 0.9 on every input class, cached or not."""

    factor: float

    def __post_init__(self) -> None:
        _check_factor("input", self.factor)

    def describe(self) -> str:
        return f"input per request {_percent(self.factor)}"


@dataclass(frozen=True, slots=True)
class OutputChange:
    """`output=-10%` is a factor of 0.9 on output, reasoning included."""

    factor: float

    def __post_init__(self) -> None:
        _check_factor("output", self.factor)

    def describe(self) -> str:
        return f"output per request {_percent(self.factor)}"


@dataclass(frozen=True, slots=True)
class CacheChange:
    """`cache=+20pt` is 0.2: that share of all input moves from uncached to cache reads (below 0, back again).

    The points are of the workload's whole input; each request gives the same fraction of its uncached input. There is
    never more moved than there is. Cache writes stay as they are.
    """

    points: float

    def __post_init__(self) -> None:
        if not -1 <= self.points <= 1:
            raise OutOfRange(f"A cache change of {self.points * 100:g} points is not between -100 and +100.")

    def describe(self) -> str:
        return f"cache {self.points * 100:+g} points"


@dataclass(frozen=True, slots=True)
class ModelMove:
    """`move=A->B:30%`: that share of A's requests, with their tokens, goes to B at B's prices.

    Tokenizers differ: the same text can be a tenth more or fewer tokens on another provider's model. The counts are
    taken over unchanged, and whoever shows the result says so.
    """

    from_model: str
    to_model: str
    share: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise OutOfRange(f"A share of {self.share * 100:g}% cannot move; give 0 to 100%.")

    def describe(self) -> str:
        return f"{self.share * 100:g}% of {self.from_model} to {self.to_model}"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """Another rate for one model."""

    model: str
    rate: Rate

    def describe(self) -> str:
        prices = self.rate.bands[0].prices
        per_million = [round(price * MILLION / self.rate.per) for price in (prices.input_uncached, prices.output)]
        return f"{self.model} at {usd(per_million[0])} in, {usd(per_million[1])} out per million"


Change = VolumeChange | InputChange | OutputChange | CacheChange | ModelMove | PriceChange


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes known to come.

    Attributes:
      from_on: the first day on which they hold, in the books' time zone.
      changes: applied in order.
      note: for the mark on the chart.
    """

    from_on: date
    changes: tuple[Change, ...]
    note: str = ""

    def describe(self) -> str:
        return self.note or ", ".join(change.describe() for change in self.changes)


def _check_factor(name: str, factor: float) -> None:
    if not 0 <= factor <= MAX_FACTOR:
        raise OutOfRange(f"A {name} factor of {factor:g} is not between 0 and {MAX_FACTOR:g}; -100% is the lowest.")


def _percent(factor: float) -> str:
    return f"{(factor - 1) * 100:+g}%"


def class_map(change: Change, whole: Floats) -> Floats:
    """How a change turns one quantity into others: a matrix to multiply row vectors of quantities by.

    Args:
      whole: the workload's quantities before the change; cache points are a share of its input.
    """
    matrix = np.eye(len(QUANTITIES))
    match change:
        case VolumeChange(factor):
            matrix *= factor
        case InputChange(factor):
            matrix[INPUT, INPUT] *= factor
        case OutputChange(factor):
            matrix[OUTPUT, OUTPUT] *= factor
        case CacheChange(points):
            source, target = (UNCACHED, CACHE_READ) if points > 0 else (CACHE_READ, UNCACHED)
            wanted = abs(points) * float(whole[INPUT].sum())
            moved = min(wanted / float(whole[source]), 1.0) if whole[source] > 0 else 0.0
            matrix[source, source] -= moved
            matrix[source, target] += moved
        case ModelMove() | PriceChange():
            pass
    return matrix


def changed_usage(usage: Usage, changes: Iterable[Change], whole: Floats) -> dict[str, Floats]:
    """The usage after the changes, by model.

    Args:
      whole: the workload's quantities over the period the changes are about, all models together.
    """
    result = dict(usage)
    for change in changes:
        if isinstance(change, ModelMove):
            source = result.get(change.from_model)
            if source is not None and change.from_model != change.to_model:
                moved = source * change.share
                result[change.from_model] = source - moved
                result[change.to_model] = result.get(change.to_model, np.zeros_like(source)) + moved
        else:
            matrix = class_map(change, whole)
            result = {model: quantities @ matrix for model, quantities in result.items()}
            whole = whole @ matrix
    return result


def changed_rates(rates: Mapping[str, Rate], changes: Iterable[Change]) -> dict[str, Rate]:
    """The rates after the price changes among `changes`."""
    return {**rates, **{change.model: change.rate for change in changes if isinstance(change, PriceChange)}}


def reprice(days: Sequence[DayUsage], changes: Sequence[Change], rates: Mapping[str, Rate]) -> tuple[DayUsage, ...]:
    """What the same days would have been, and cost, under the changes; ordered by day, then model.

    What stays with its model keeps what was booked per unit, long-context bands included; what moves pays list price.
    Tokens are rounded to whole ones, costs are computed before that. A model without a rate receives nothing for free:
    moving to one raises OutOfRange.
    """
    after = changed_rates(rates, changes)
    whole = np.array([day.quantities for day in days], dtype=np.float64).reshape(-1, len(QUANTITIES)).sum(axis=0)
    for change in changes:
        if isinstance(change, ModelMove) and change.to_model not in after:
            raise OutOfRange(f"{change.to_model} has no price yet. Set one with /budget price {change.to_model}.")
    result: list[DayUsage] = []
    ordered = sorted(days, key=lambda day: (day.on, day.model))
    for on, group in groupby(ordered, key=lambda day: day.on):
        usage: dict[str, Floats] = {}
        booked: dict[str, int] = {}
        for day in group:
            usage[day.model] = usage.get(day.model, 0.0) + np.array(day.quantities, dtype=np.float64)
            booked[day.model] = booked.get(day.model, 0) + day.cost_nanos
        prices = {
            model: booked_prices(usage[model], booked[model], rates.get(model), after.get(model)) for model in usage
        }
        for model, quantities in sorted(changed_usage(usage, changes, whole).items()):
            unit = prices[model] if model in prices else unit_prices(after[model])
            whole_ones = [round(quantity) for quantity in quantities]
            tokens = TokenClasses(*whole_ones[:REQUESTS])
            result.append(DayUsage(on, model, whole_ones[REQUESTS], tokens, round(float(quantities @ unit))))
    return tuple(result)


def booked_prices(quantities: Floats, cost_nanos: float, before: Rate | None, after: Rate | None) -> Floats:
    """Unit prices that keep what was booked, carried over to another rate in the proportion of booked to list."""
    unit = effective_prices(before, quantities, cost_nanos)
    if after is None or after == before:
        return unit
    at_list = float(quantities @ unit_prices(before)) if before else 0.0
    return unit_prices(after) * (cost_nanos / at_list if at_list > 0 and cost_nanos > 0 else 1.0)
