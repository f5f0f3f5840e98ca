"""Variance: why spend is not what was planned, split exactly into volume, model mix, cache share, token shape and price.

Spend is a sum of products, one per model and token class: requests x share of the model x tokens a request x price. Each
product's change is divided among its factors by the Shapley value: the mean of a factor's effect over all orders in which
the factors could have changed. So no order is preferred, nothing is left over, and a factor that did not move has no part.

Shapley rather than LMDI, the other order-free method (Ang, “Decomposition analysis for policymaking in energy”, Energy
Policy 32, 2004), because LMDI takes logarithms: models that are new, gone or unused would need replacement values, and no
exact arithmetic could carry the parts to the nano. For small changes both give the same. Sources: Shapley, “A value for
n-person games” (1953); Shorrocks, “Decomposition procedures for distributional analysis: a unified framework based on the
Shapley value”, Journal of Economic Inequality 11 (2013); Sun, “Changes in energy consumption and energy intensity: a
complete decomposition model”, Energy Economics 20 (1998), for products of factors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import factorial
from typing import Final

from core.rates import Rate
from core.token_shape import ModelTotals
from core.usage import CLASS_NAMES


class Driver(StrEnum):
    """What can move spend; the order is the order of the waterfall."""

    VOLUME = "volume"
    MODEL_MIX = "model mix"
    CACHE_SHARE = "cache share"
    INPUT = "input per request"
    CACHE_WRITE = "cache writes per request"
    CACHE_WRITE_1H = "1 h cache writes per request"
    INPUT_AUDIO = "audio input per request"
    OUTPUT = "output per request"
    REASONING = "reasoning per request"
    OUTPUT_AUDIO = "audio output per request"
    WEB_SEARCHES = "web searches per request"
    PRICE = "price"


_CLASS_DRIVERS: Final = {
    "cache_write": Driver.CACHE_WRITE,
    "cache_write_1h": Driver.CACHE_WRITE_1H,
    "input_audio": Driver.INPUT_AUDIO,
    "output": Driver.OUTPUT,
    "reasoning": Driver.REASONING,
    "output_audio": Driver.OUTPUT_AUDIO,
    "web_searches": Driver.WEB_SEARCHES,
}
"""Classes that stand alone. Uncached input and cache reads are one driver, their sum, and a second, how it is divided."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one driver did through one model, in nanos; negative where it saved."""

    driver: Driver
    model: str
    nanos: int


@dataclass(frozen=True, slots=True)
class Variance:
    """A difference in spend and its causes.

    Attributes:
      parts: those that are not 0, by driver in waterfall order, then model; they add up to the difference exactly.
    """

    planned_nanos: int
    actual_nanos: int
    parts: tuple[Part, ...]

    @property
    def gap_nanos(self) -> int:
        """Actual less planned: above 0 is overspend."""
        return self.actual_nanos - self.planned_nanos

    def by_driver(self) -> dict[Driver, int]:
        """Every driver's sum in nanos, in waterfall order, those without effect left out."""
        sums = dict.fromkeys(Driver, 0)
        for part in self.parts:
            sums[part.driver] += part.nanos
        return {driver: nanos for driver, nanos in sums.items() if nanos}

    def by_model(self) -> dict[str, int]:
        """Every model's sum in nanos, largest effect first."""
        sums: dict[str, int] = {}
        for part in self.parts:
            sums[part.model] = sums.get(part.model, 0) + part.nanos
        return dict(sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0])))


@dataclass(frozen=True, slots=True)
class _Model:
    """One model's drivers on one side; None where nothing can be said because nothing was used."""

    share: Fraction
    whole_input: Fraction | None
    cached: Fraction | None
    per_request: dict[str, Fraction] | None
    prices: dict[str, Fraction] | None


def explain(
    planned: Sequence[ModelTotals],
    actual: Sequence[ModelTotals],
    *,
    planned_rates: Mapping[str, Rate],
    actual_rates: Mapping[str, Rate],
) -> Variance:
    """The causes of the difference between two sets of totals over comparable periods.

    Costs are taken as booked. List prices only say how a model's cost divides over its classes; long-context bands, fees,
    discounts and the rounding of events scale them, and so count as price. A model without a rate is taken to cost the same
    for every token. Where one side did not use a model, nothing of it is shape, cache or price; where one side used nothing
    at all, everything is volume.

    Raises:
      ValueError: a model is named twice on one side, or has tokens or cost but no requests.
    """
    before, after = _checked(planned), _checked(actual)
    volumes = tuple(Fraction(sum(total.requests for total in side.values())) for side in (before, after))
    exact: dict[tuple[Driver, str], Fraction] = {}
    for model in sorted(before.keys() | after.keys()):
        first = _model(before.get(model), volumes[0], planned_rates.get(model))
        second = _model(after.get(model), volumes[1], actual_rates.get(model))
        if not volumes[0]:
            first = _Model(second.share, None, None, None, None)
        if not volumes[1]:
            second = _Model(first.share, None, None, None, None)
        for term in _terms(first, second):
            factors = [(Driver.VOLUME, volumes[0], volumes[1]), (Driver.MODEL_MIX, first.share, second.share), *term]
            for driver, part in shapley(factors):
                key = (driver, model)
                exact[key] = exact.get(key, Fraction(0)) + part
    rounded = whole_parts(list(exact.values()))
    order = {driver: index for index, driver in enumerate(Driver)}
    parts = [Part(driver, model, nanos) for (driver, model), nanos in zip(exact, rounded, strict=True) if nanos]
    parts.sort(key=lambda part: (order[part.driver], part.model))
    costs = [sum(total.cost_nanos for total in side) for side in (planned, actual)]
    return Variance(costs[0], costs[1], tuple(parts))


Factor = tuple[Driver, Fraction, Fraction]
"""Who it belongs to, its value before and after."""


def shapley(factors: Sequence[Factor]) -> list[tuple[Driver, Fraction]]:
    """Each factor's part in the change of their product; the parts add up to it exactly.

    The subsets of the other factors that changed first are summed by their size: they are the coefficients of the
    polynomial Π (before + after·x), so no 2ⁿ subsets are listed.
    """
    count, zero = len(factors), Fraction(0)
    parts: list[tuple[Driver, Fraction]] = []
    for index, (driver, before, after) in enumerate(factors):
        sums = [Fraction(1)]
        for other, (_, was, now) in enumerate(factors):
            if other != index:
                sums = [low * was + high * now for low, high in zip([*sums, zero], [zero, *sums], strict=True)]
        orders = [factorial(size) * factorial(count - size - 1) for size in range(count)]
        mean = sum((each * times for each, times in zip(sums, orders, strict=True)), Fraction(0)) / factorial(count)
        parts.append((driver, mean * (after - before)))
    return parts


def whole_parts(parts: Sequence[Fraction]) -> list[int]:
    """The parts as whole nanos with the same sum, which must be whole.

    Fractions are cut towards 0; what is missing goes to the largest fractions of its sign, first come first. So negated
    parts round to negated nanos, and a part of 0 stays 0. Raises ValueError if the sum is not whole.
    """
    total = sum(parts, Fraction(0))
    if total.denominator != 1:
        raise ValueError(f"the parts add up to {total}, which is not whole")
    cut = [int(part) for part in parts]
    missing = int(total) - sum(cut)
    sign = 1 if missing > 0 else -1
    by_rest = sorted(range(len(parts)), key=lambda index: (-sign * (parts[index] - cut[index]), index))
    for index in by_rest[: abs(missing)]:
        cut[index] += sign
    return cut


def _checked(totals: Iterable[ModelTotals]) -> dict[str, ModelTotals]:
    """The totals by model, those without any use left out."""
    result: dict[str, ModelTotals] = {}
    for total in totals:
        if total.model in result:
            raise ValueError(f"{total.model} is named twice")
        if total.requests:
            result[total.model] = total
        elif any(total.tokens) or total.cost_nanos:
            raise ValueError(f"{total.model} has usage but no requests")
    return result


def _model(total: ModelTotals | None, volume: Fraction, rate: Rate | None) -> _Model:
    if total is None:
        return _Model(Fraction(0), None, None, None, None)
    tokens = total.tokens
    whole = tokens.input_uncached + tokens.cache_read
    return _Model(
        share=Fraction(total.requests) / volume,
        whole_input=Fraction(whole, total.requests),
        cached=Fraction(tokens.cache_read, whole) if whole else None,
        per_request={name: Fraction(getattr(tokens, name), total.requests) for name in _CLASS_DRIVERS},
        prices=_prices(total, rate),
    )


def _prices(total: ModelTotals, rate: Rate | None) -> dict[str, Fraction]:
    """Exact nanos per token of each class and per request (`requests`), scaled so that they make the booked cost."""
    names = (*CLASS_NAMES, "requests")
    used = dict(zip(names, (*total.tokens, total.requests), strict=True))
    listed = {name: Fraction(0) for name in names}
    if rate:
        band = rate.bands[0]
        prices = zip(CLASS_NAMES, band.prices, strict=True)
        listed = {name: Fraction(price, rate.per) for name, price in prices} | {"requests": Fraction(band.per_request)}
    at_list = sum((used[name] * listed[name] for name in names), Fraction(0))
    if at_list:
        return {name: price * total.cost_nanos / at_list for name, price in listed.items()}
    tokens = sum(total.tokens)
    # Without a price for anything that was used, the cost is spread evenly: over the tokens, or over the requests.
    even = Fraction(total.cost_nanos, tokens) if tokens else Fraction(0)
    flat = dict.fromkeys(CLASS_NAMES, even)
    return flat | {"requests": Fraction(0) if tokens else Fraction(total.cost_nanos, total.requests)}


def _terms(first: _Model, second: _Model) -> list[list[Factor]]:
    """The products that make a model's cost per request, as factors before and after.

    What one side cannot say is taken from the other, so that it does not move. Products with a
    factor that is 0 on both sides are left out: they are 0 in every order.
    """
    before = first if first.prices is not None else second
    after = second if second.prices is not None else first
    if before.prices is None or after.prices is None:
        return []
    assert before.per_request is not None and after.per_request is not None
    assert before.whole_input is not None and after.whole_input is not None
    cached = [side.cached for side in (before, after)]
    was = cached[0] if cached[0] is not None else cached[1] or Fraction(0)
    now = cached[1] if cached[1] is not None else was
    prices = [(before.prices[name], after.prices[name]) for name in ("input_uncached", "cache_read", "requests")]
    whole = (Driver.INPUT, before.whole_input, after.whole_input)
    terms: list[list[Factor]] = [
        [whole, (Driver.CACHE_SHARE, 1 - was, 1 - now), (Driver.PRICE, *prices[0])],
        [whole, (Driver.CACHE_SHARE, was, now), (Driver.PRICE, *prices[1])],
        [(Driver.PRICE, *prices[2])],
    ]
    for name, driver in _CLASS_DRIVERS.items():
        shape = (driver, before.per_request[name], after.per_request[name])
        terms.append([shape, (Driver.PRICE, before.prices[name], after.prices[name])])
    return [term for term in terms if all(was or now for _, was, now in term)]
