"""What the price list says about a model: its one name, what a token costs, and what its other ways of being served cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from typing import Final, NamedTuple

from genai_prices.data_snapshot import get_snapshot

from core.list_prices import list_rates
from core.rates import Band, Rate
from core.usage import CLASS_NAMES

RateOf = Callable[[str, str, str, date], Rate | None]
"""(provider, model, tier, UTC day) → the rate at noon, or None where there is no price."""

RESIDENCY: Final = 1.1
"""Anthropic `inference_geo=us`, OpenAI's regional processing, Bedrock's regional endpoints (usage-formats §8, cause 10)."""
NOWHERE: Final = frozenset({"", "global", "not_available", "none", "unknown"})
"""Words for a region that costs nothing extra."""
TIERS: Final = ("batch", "flex", "priority", "fast")
OFFERED: Final = {"openai": ("batch", "flex", "priority"), "anthropic": ("batch", "fast")}
"""Tiers that are billed by the token: OpenAI answers `fast` as priority, Anthropic's priority is prepaid and in no cost
report (usage-formats §3.1, §4.4). Elsewhere all of them."""
ASSUMED: Final = {"batch": 0.5, "flex": 0.5, "priority": 2.0, "fast": 2.0}
"""What tiers usually cost, in parts of the standard price, where the list has no price of their own for a model
(usage-formats §8, causes 7, 8 and 13)."""
_DATED: Final = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")
_LONG: Final = re.compile(r"(\d+)\s*k?\s*-\s*1\s*m|long|above|>\s*\d+\s*k", re.IGNORECASE)


class Variant(NamedTuple):
    """How a call was served, as far as its price depends on it."""

    tier: str = "standard"
    region: str = ""
    is_long: bool = False

    @property
    def words(self) -> str:
        parts = [self.tier] if self.tier != "standard" or not (self.region or self.is_long) else []
        return ", ".join([*parts, *([self.region] if self.region else []), *(["long context"] if self.is_long else [])])


STANDARD: Final = Variant()


@lru_cache(maxsize=1_000)
def variant_of(tier: str, region: str | None, window: str | None) -> Variant:
    """The variant that a bill's labels name. A plain window (`0-200k`) and a global region are the standard one."""
    where = (region or "").lower()
    return Variant(tier or "standard", "" if where in NOWHERE else where, bool(window and _LONG.search(window)))


@lru_cache(maxsize=20_000)
def one_name(provider: str, model: str) -> str:
    """The price list's id for a model however it is written; the name without its date where the list does not know it."""
    plain = model.lower().rpartition("/")[2]
    try:
        _, info = get_snapshot().find_provider_model(plain, None, provider, None)
    except LookupError:
        return _DATED.sub("", plain)
    return info.id


@lru_cache(maxsize=100_000)
def listed(provider: str, model: str, tier: str, on: date) -> Rate | None:
    """The list rate at noon; None where the list has none."""
    noon = time(12)
    return next((rate for start, rate in reversed(list_rates(provider, model, tier, on)) if start <= noon), None)


def unit_nanos(rate_of: RateOf, provider: str, model: str, variant: Variant, on: date) -> dict[str, float]:
    """Nanos for one token of each class under a variant; empty where there is no price."""
    rate = rate_of(provider, model, variant.tier, on)
    if rate is None:
        return {}
    assumed = 1.0
    if variant.tier in ASSUMED and rate == rate_of(provider, model, "standard", on):
        assumed = ASSUMED[variant.tier]
    band: Band = rate.bands[-1] if variant.is_long and len(rate.bands) > 1 else rate.bands[0]
    factor = (RESIDENCY if variant.region else 1.0) * assumed
    return {name: price / rate.per * factor for name, price in zip(CLASS_NAMES, band.prices, strict=True)}


def tier_factor(rate_of: RateOf, provider: str, model: str, tier: str, on: date) -> float | None:
    """A tier's price of a token in parts of the standard one (0.5 for batch); None where the list has no such tier."""
    base, other = (unit_nanos(rate_of, provider, model, Variant(name), on) for name in ("standard", tier))
    for name in ("output", "input_uncached"):
        if base.get(name) and other.get(name) and base[name] != other[name]:
            return other[name] / base[name]
    return None


def long_factors(rate_of: RateOf, provider: str, model: str, on: date) -> tuple[float, float] | None:
    """(input, output) prices above the long-context threshold in parts of those below; None where there is no threshold."""
    rate = rate_of(provider, model, "standard", on)
    if rate is None or len(rate.bands) < 2:
        return None
    low, high = rate.bands[0].prices, rate.bands[-1].prices
    if not low.input_uncached or not low.output:
        return None
    return high.input_uncached / low.input_uncached, high.output / low.output
