"""The price list as its own library computes it: the reference that our compiled rates are held against."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from core.list_prices import list_rates, price_context
from core.money import nanos_from_decimal
from core.usage import UsageEvent

MODELS: Final = [(provider.id, model) for provider in get_snapshot().providers for model in provider.models]
TIERS: Final = ("standard", "batch", "flex", "priority", "fast")


def reference_nanos(event: UsageEvent) -> int | None:
    """What `calc_price` says this event costs, to the nano; None where it knows no such model.

    Cached audio is said to be none, because an event's classes are disjoint: without that the library refuses to guess
    for the models that price it apart.
    """
    usage = Usage(
        input_tokens=event.input_tokens, cache_read_tokens=event.cache_read_tokens,
        cache_write_tokens=event.cache_write_tokens, cache_write_1h_tokens=event.cache_write_1h_tokens,
        input_audio_tokens=event.input_audio_tokens, cache_audio_read_tokens=0, output_tokens=event.output_tokens,
        output_reasoning_tokens=event.reasoning_tokens, output_audio_tokens=event.output_audio_tokens,
        web_searches=event.web_searches,
    )  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = calc_price(
                usage, event.model, provider_id=event.provider, genai_request_timestamp=event.at,
                price_context=price_context(event.tier),
            )  # fmt: skip
    except LookupError:
        return None
    return nanos_from_decimal(found.total_price)


def our_nanos(event: UsageEvent) -> int | None:
    """The same from the compiled rate in force at the event's time."""
    at = event.at.astimezone(UTC)
    begun = [
        rate for start, rate in list_rates(event.provider, event.model, event.tier, at.date()) if start <= at.time()
    ]
    return begun[-1].cost(event.classes(), event.requests) if begun else None


def tiers_of(model: ModelInfo) -> Iterator[str]:
    """The tiers for which this model may have prices of its own."""
    named = {value for variant in model.price_variants or () for value in variant.when.values()}
    yield from ("standard", *sorted(named & set(TIERS)))


def changes_of(model: ModelInfo) -> Iterator[datetime]:
    """The last second before and the first after every moment at which this model's price may change."""
    conditional = [] if isinstance(model.prices, ModelPrice) else list(model.prices)
    for dated in (*conditional, *(model.price_variants or ())):
        if isinstance(dated.constraint, StartDateConstraint):
            edges = [datetime.combine(dated.constraint.start_date, datetime.min.time(), UTC)]
        elif isinstance(dated.constraint, TimeOfDateConstraint):
            day = datetime(2026, 11, 24, tzinfo=UTC)
            edges = [
                datetime.combine(day, edge, edge.tzinfo or UTC)
                for edge in (dated.constraint.start_time, dated.constraint.end_time)
            ]
        else:
            edges = []
        for edge in edges:
            yield from (edge - timedelta(seconds=1), edge)


def context_thresholds(model: ModelInfo) -> set[int]:
    """Sizes of the input, in tokens, above which this model charges otherwise."""
    prices = [model.prices] if isinstance(model.prices, ModelPrice) else [dated.prices for dated in model.prices]
    prices += [variant.prices for variant in model.price_variants or ()]
    return {
        tier.start
        for price in prices
        for value in price.__dict__.values()
        if isinstance(value, TieredPrices)
        for tier in value.tiers
    }
