"""What a token costs, asked of `genai-prices` for one model and day; the generator's own way to a price."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from genai_prices import Usage, calc_price

NANOS: Final = 1_000_000_000
MILLION: Final = 1_000_000


class Tokens(NamedTuple):
    """Disjoint counts of one call; `search` counts web searches. Prices per million come in the same places."""

    text: int = 0
    read: int = 0
    write: int = 0
    write_1h: int = 0
    audio: int = 0
    out: int = 0
    thought: int = 0
    audio_out: int = 0
    search: int = 0

    @property
    def input_total(self) -> int:
        return sum(self[:5])


LONG_ABOVE: Final = {
    "gpt-5.4": 272_000, "gpt-5.5": 272_000, "gpt-6-sol": 272_000, "claude-sonnet-4-5": 200_000,
    "claude-haiku-5-5": 100_000,
}  # fmt: skip
"""Input tokens above which the whole call pays the long-context price (price lists of November 2026)."""

_FIELDS: Final = (
    {}, {"cache_read_tokens": 1000}, {"cache_write_tokens": 1000},
    {"cache_write_tokens": 1000, "cache_write_1h_tokens": 1000}, {"input_audio_tokens": 1000},
)  # fmt: skip
_OUTPUTS: Final = (
    {"output_tokens": 1000},
    {"output_tokens": 1000, "output_reasoning_tokens": 1000},
    {"output_tokens": 1000, "output_audio_tokens": 1000},
    {"web_searches": 1000},
)


@lru_cache(maxsize=20_000)
def prices_of(provider: str, model: str, on: date, *, is_long: bool = False) -> Tokens | None:
    """Nanos per million tokens (or calls) of each class at list price on a UTC day; None when the list lacks the model.

    A price that is the same on a month's first and last day is taken to hold in between: asking takes milliseconds.
    """
    first, last = on.replace(day=1), on.replace(day=monthrange(on.year, on.month)[1])
    begins = _asked(provider, model, first, is_long)
    return begins if begins == _asked(provider, model, last, is_long) else _asked(provider, model, on, is_long)


@lru_cache(maxsize=20_000)
def _asked(provider: str, model: str, on: date, is_long: bool) -> Tokens | None:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    start = LONG_ABOVE[model] + 1 if is_long else 0

    def dollars(**usage: int) -> Decimal:
        counted = Usage(**{"input_tokens": start, **usage})
        return calc_price(counted, model, provider_id=provider, genai_request_timestamp=at).total_price

    try:
        base = dollars()
    except LookupError:
        return None
    found = [dollars(input_tokens=start + 1000, **fields) - base for fields in _FIELDS]
    found += [dollars(**fields) - base for fields in _OUTPUTS]
    return Tokens(*(int(value * 1000 * NANOS) for value in found))


def is_long(model: str, tokens: Tokens) -> bool:
    """Whether one call with these tokens pays the long-context price."""
    return tokens.input_total > LONG_ABOVE.get(model, MILLION * MILLION)


def micro_cost(tokens: Tokens, prices: Tokens) -> int:
    """Exact cost in millionths of a nano."""
    return sum(map(int.__mul__, tokens, prices))


def whole_nanos(micro: int) -> int:
    """Millionths of a nano as whole nanos, halves to even."""
    whole, rest = divmod(micro, MILLION)
    return whole + (rest * 2 > MILLION or (rest * 2 == MILLION and whole % 2 == 1))
