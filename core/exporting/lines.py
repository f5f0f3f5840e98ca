"""A booked day, divided into lines: one per token class, whose costs add up to what was booked, to the nano."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Final

from core.exporting.cells import quotient
from core.money import NANOS
from core.rates import Rate
from core.usage import CLASS_NAMES, TokenClasses

REQUESTS: Final = "requests"
"""The kind of a line for what has no tokens: calls without counts, or fees per request."""


@dataclass(frozen=True, slots=True)
class BookedDay:
    """One row of daily spend with its labels; `on` is a day in the books' zone."""

    on: date
    workload: str
    provider: str
    model: str
    tier: str
    tags: tuple[tuple[str, str], ...]
    requests: int
    unpriced_requests: int
    tokens: TokenClasses
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One class of a booked day.

    Attributes:
      kind: a token class, `web_searches`, or `requests`.
      quantity: tokens or calls of that class, ≥ 0.
      nanos: its part of what was booked.
      requests, unpriced_requests: of the whole day, on its first line alone, so that they add up over a file.
      price, list_price: dollars a unit as agreed and as listed, exact; None where nobody knows one.
    """

    day: BookedDay
    kind: str
    quantity: int
    nanos: int
    requests: int
    unpriced_requests: int
    price: Decimal | None
    list_price: Decimal | None


def split(day: BookedDay, rate: Rate | None, listed: Rate | None) -> list[ExportLine]:
    """The lines of a day. Costs are divided by what each class costs at the rate in force; what they add up to is booked.

    Long-context prices and rates that changed meanwhile are in the booked cost; they scale every class alike.
    """
    counts = [(name, count) for name, count in zip(CLASS_NAMES, day.tokens, strict=True) if count]
    if not counts:
        counts = [(REQUESTS, day.requests)]
    weights = [count * _price_of(rate, name) for name, count in counts] if rate else []
    if not any(weights):
        weights = [count for _, count in counts]
    lines = []
    for place, ((name, count), nanos) in enumerate(zip(counts, _divided(day.cost_nanos, weights), strict=True)):
        first = place == 0
        lines.append(
            ExportLine(
                day, name, count, nanos, day.requests if first else 0, day.unpriced_requests if first else 0,
                _unit_price(rate, name), _unit_price(listed, name),
            )
        )  # fmt: skip
    return lines


def _divided(nanos: int, weights: list[int]) -> list[int]:
    """The amount in parts by weight, each within a nano of its share; the parts add up to it."""
    total = sum(weights)
    if not total:
        return [nanos, *(0 for _ in weights[1:])]
    reached = [nanos * running // total for running in accumulate(weights)]
    return [now - before for before, now in zip([0, *reached], reached, strict=False)]


def _price_of(rate: Rate, name: str) -> int:
    return 0 if name == REQUESTS else int(getattr(rate.bands[0].prices, name))


def _unit_price(rate: Rate | None, name: str) -> Decimal | None:
    if rate is None or name == REQUESTS:
        return None
    return quotient(_price_of(rate, name), rate.per * NANOS)
