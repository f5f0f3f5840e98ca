"""List prices from `genai-prices`, compiled once per provider, model, tier and stretch of days into integers.

`calc_price` takes about 100 µs a call, too slow for every event. A model's price is linear in its token classes inside
one context band, so a handful of `calc_price` calls on probe usages give all coefficients exactly; what the library
decides (aliases, inheritance between classes, tiers, dates) stays its decision.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Final

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
    Usage,
)

from core.money import NANOS
from core.rates import MILLION, Band, Rate
from core.usage import CLASS_NAMES, TokenClasses

SOURCE: Final = f"genai-prices {genai_prices.__version__}"

LONG_WRITE: Final = Fraction(5, 2)
"""Price of OpenAI's 12-hour cache writes to that of its input, where it charges for writes at all (gpt-5.6 and later). They
are counted in the class of the longer lifetime. `genai-prices` 0.2.3 has no price for them; LiteLLM's map has (November 2026)."""
_BEFORE: Final = date(1970, 1, 1)
"""Stands for the days before every dated price."""

_PROBES: Final[dict[str, tuple[str, ...]]] = {
    "cache_read": ("cache_read_tokens",),
    "cache_write": ("cache_write_tokens",),
    "cache_write_1h": ("cache_write_tokens", "cache_write_1h_tokens"),
    "input_audio": ("input_audio_tokens",),
    "output": ("output_tokens",),
    "reasoning": ("output_tokens", "output_reasoning_tokens"),
    "output_audio": ("output_tokens", "output_audio_tokens"),
    "web_searches": ("web_searches",),
}
"""Which `Usage` fields one unit of a class moves, beside `input_tokens` for the input classes."""


def price_context(tier: str) -> dict[str, str]:
    """How `genai-prices` names a service tier. `standard` and `default` are the plain list price."""
    name = tier.strip().lower()
    if name in ("", "standard", "default", "auto"):
        return {}
    if name == "batch":
        return {"processing": "batch"}
    return {"service_tier": name, "speed": name} if name == "fast" else {"service_tier": name}


@lru_cache(maxsize=50_000)
def list_rates(provider: str, model: str, tier: str, on: date) -> tuple[tuple[time, Rate], ...]:
    """The list rates of one UTC day as `(from this time on, rate)`, the first from 00:00; empty when the model is unknown.

    More than one only for models with prices by hour (off-peak).
    """
    try:
        _, info = get_snapshot().find_provider_model(model, None, provider or None, None)
    except LookupError:
        return ()
    # Between two dated prices nothing changes, so that a year of days is compiled once an era and not once a day.
    era = max((start for start in _start_dates(info) if start <= on), default=_BEFORE)
    return _rates_of_era(provider, model, tier, era)


@lru_cache(maxsize=10_000)
def _rates_of_era(provider: str, model: str, tier: str, first_day: date) -> tuple[tuple[time, Rate], ...]:
    found, info = get_snapshot().find_provider_model(model, None, provider or None, None)
    context = price_context(tier)
    rates: list[tuple[time, Rate]] = []
    for start in _price_edges(info):
        at = datetime.combine(first_day, start, UTC)
        rate = _compiled(found, info, context, at)
        if not rates or rates[-1][1] != rate:
            rates.append((start, rate))
    return tuple(rates)


def _constraints(info: ModelInfo) -> list[StartDateConstraint | TimeOfDateConstraint | None]:
    """When each of its prices and variants (tiers) holds."""
    dated = [] if isinstance(info.prices, ModelPrice) else info.prices
    return [one.constraint for one in (*dated, *(info.price_variants or ()))]


def _start_dates(info: ModelInfo) -> list[date]:
    return [one.start_date for one in _constraints(info) if isinstance(one, StartDateConstraint)]


def _price_edges(info: ModelInfo) -> list[time]:
    """Times of the UTC day at which the price may change; always starts with midnight."""
    edges = {time(0)}
    for constraint in _constraints(info):
        if isinstance(constraint, TimeOfDateConstraint):
            for edge in (constraint.start_time, constraint.end_time):
                moment = datetime.combine(date(2000, 1, 2), edge, edge.tzinfo or UTC).astimezone(UTC)
                edges.add(moment.time())
    return sorted(edges)


def _compiled(provider: Provider, info: ModelInfo, context: dict[str, str], at: datetime) -> Rate:
    """Coefficients of every band, found by probing; exact as fractions, then brought to one whole divisor."""
    price = info.get_prices(at, context if any(info is own for own in provider.models) else None)
    starts = sorted(
        {tier.start for value in price.__dict__.values() if isinstance(value, TieredPrices) for tier in value.tiers}
    )

    def dollars(**usage: int) -> Fraction:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            calculated = info.calc_price(Usage(**usage), provider, genai_request_timestamp=at, price_context=context)
        return Fraction(calculated.total_price)

    probed: list[tuple[int, dict[str, Fraction], Fraction]] = []
    for above in (-1, *starts):
        size = above + 1
        flat = dollars(input_tokens=size)
        slope = _slope(dollars, size)
        per_unit = {"input_uncached": slope}
        for name, fields in _PROBES.items():
            is_input = "input" in name or "cache" in name
            moved = dict.fromkeys(fields, 1)
            if is_input:
                # One more input token of this class on top of what fills the band.
                per_unit[name] = dollars(input_tokens=size + 1, **moved) - flat
            else:
                per_unit[name] = dollars(input_tokens=size, **moved) - flat
        if provider.id == "openai" and per_unit["cache_write"] > slope:
            per_unit["cache_write_1h"] = slope * LONG_WRITE
        probed.append((above, per_unit, flat - slope * size))
    return _whole(probed)


def _slope(dollars: Callable[..., Fraction], size: int) -> Fraction:
    """Price of one more uncached input token in the band that starts at `size`."""
    return dollars(input_tokens=size + 1) - dollars(input_tokens=size)


def _whole(probed: list[tuple[int, dict[str, Fraction], Fraction]]) -> Rate:
    """Bands with whole coefficients: nanos per million, or per a larger number where the prices are finer than that."""
    values = [value for _, per_unit, flat in probed for value in (*per_unit.values(), flat)]
    divisor = lcm(1, *((value * NANOS * MILLION).denominator for value in values))
    per = MILLION * divisor
    bands = tuple(
        Band(above, TokenClasses(*(int(per_unit[name] * NANOS * per) for name in CLASS_NAMES)), int(flat * NANOS * per))
        for above, per_unit, flat in probed
    )
    return Rate(SOURCE, bands, per)


def newest_price_on(today: date) -> date:
    """The day from which the newest dated price of the list holds, up to today: how old the list is at most."""
    starts = {start for listed in get_snapshot().providers for info in listed.models for start in _start_dates(info)}
    return max((start for start in starts if start <= today), default=date(2020, 1, 1))


def providers_of(model: str) -> tuple[str, ...]:
    """The provider that the price list itself would choose for this model name; empty when it knows none."""
    try:
        provider, _ = get_snapshot().find_provider_model(model, None, None, None)
    except LookupError:
        return ()
    return (provider.id,)


def similar_models(provider: str, model: str) -> tuple[str, ...]:
    """Up to three known model names that look like this one, nearest first; of that provider if it is known."""
    known = [
        info.id
        for listed in get_snapshot().providers
        if listed.id == provider or not provider
        for info in listed.models
    ]
    return tuple(get_close_matches(model.lower(), known, n=3, cutoff=0.6))
