"""Rates: what a model's token classes cost, in whole nanos per million, exact where the list price is not whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import mul
from typing import Final

from core.errors import OutOfRange
from core.money import NANOS, divide_half_even, nanos_from_decimal
from core.usage import CLASS_NAMES, TokenClasses

MILLION: Final = 1_000_000
MAX_PRICE: Final = 1_000_000 * NANOS
"""A million dollars per million tokens; the dearest list price in 2026 is 600."""

_FALLBACK: Final = {
    "cache_read": "input_uncached",
    "cache_write": "input_uncached",
    "cache_write_1h": "cache_write",
    "input_audio": "input_uncached",
    "reasoning": "output",
    "output_audio": "output",
}
"""What a class costs where a private price does not name it: like its parent class, as `genai-prices` does."""


@dataclass(frozen=True, slots=True)
class Band:
    """Prices for requests whose whole input exceeds `above` tokens; the whole request pays them (a cliff, not a slope)."""

    above: int
    prices: TokenClasses
    per_request: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """The prices in force for one provider, model and tier at one time.

    Attributes:
      source: where they come from, with version or who negotiated them.
      bands: ascending by `above`; the first is `above=-1`, so that every request has one.
      per: how many tokens the prices are for. 1 000 000, or a power of ten above it where a list price has more
        than nine decimals (some marketplaces publish 0.08333333333333334).
    """

    source: str
    bands: tuple[Band, ...]
    per: int = MILLION

    def cost(self, classes: TokenClasses, requests: int = 1) -> int:
        """Whole nanos for one event, one division, half to even. Aggregates (`requests` > 1) pay the lowest band."""
        band = self.bands[0]
        if requests == 1 and len(self.bands) > 1:
            total = classes.input_total
            for candidate in self.bands[1:]:
                if total > candidate.above:
                    band = candidate
        return divide_half_even(sum(map(mul, classes, band.prices), band.per_request * requests), self.per)

    def by_class(self, classes: Iterable[int], band: int = 0) -> tuple[int, ...]:
        """Nanos for each token class at the prices of the band with that number, each rounded by itself."""
        prices = self.bands[band].prices
        return tuple(divide_half_even(tokens * price, self.per) for tokens, price in zip(classes, prices, strict=True))

    def with_prices(self, prices: Mapping[str, int], source: str) -> Rate:
        """The same rate with some classes at negotiated prices (nanos per million), in every band."""
        factor = self.per // MILLION
        scaled = {name: price * factor for name, price in prices.items()}
        bands = tuple(replace(band, prices=band.prices._replace(**scaled)) for band in self.bands)
        return Rate(source, bands, self.per)


@dataclass(frozen=True, slots=True)
class NegotiatedPrice:
    """Prices agreed with a provider for one model and tier from a UTC day on; overrides the list price.

    With `means` it says instead that the name stands for another model (an alias, a deployment): that one's price holds,
    in every tier without a price of its own, until a later statement about the name.

    `prices` maps token classes to nanos per million (per million calls for `web_searches`). Classes it does not name keep
    the list price; for a model without one they cost like their parent class.
    """

    provider: str
    model: str
    tier: str
    from_on: date
    prices: tuple[tuple[str, int], ...]
    set_by: str
    means: str | None = None

    def applied_to(self, listed: Rate | None) -> Rate:
        source = f"negotiated from {self.from_on.isoformat()}"
        if listed:
            return listed.with_prices(dict(self.prices), source)
        full = dict(self.prices)
        for name, parent in _FALLBACK.items():
            full.setdefault(name, full.get(parent, 0))
        return Rate(source, (Band(-1, TokenClasses(**full)),))


def parse_price(text: str) -> int:
    """Nanos per million from dollars per million as typed (`1.25`, `$3`). Zero is allowed. Raises OutOfRange."""
    shown = text.strip().removeprefix("$")
    try:
        value = Decimal(shown)
    except ArithmeticError:
        value = Decimal(-1)
    # Compared before it is multiplied: 1e999999 is finite, but its product overflows.
    if not value.is_finite() or not 0 <= value <= MAX_PRICE // NANOS:
        raise OutOfRange(f"“{text.strip()[:40]}” is not a price. Give dollars per million tokens, like 1.25.")
    return nanos_from_decimal(value)


def negotiated(
    provider: str, model: str, prices: Mapping[str, str], *, from_on: date, set_by: str, tier: str = "standard"
) -> NegotiatedPrice:
    """A negotiated price from what was typed: classes by their names, `input` for `input_uncached`. Raises OutOfRange."""
    parsed: dict[str, int] = {}
    for name, text in prices.items():
        token_class = "input_uncached" if name == "input" else name
        if token_class not in CLASS_NAMES:
            raise OutOfRange(f"“{name[:40]}” is not a token class. Use input, {', '.join(CLASS_NAMES[1:])}.")
        parsed[token_class] = parse_price(text)
    if not parsed:
        raise OutOfRange("A price needs at least one token class, for example input=1.25 output=10.")
    return NegotiatedPrice(provider.lower(), model.lower(), tier, from_on, tuple(sorted(parsed.items())), set_by)
