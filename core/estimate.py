"""The estimate of a month: what the books say that one provider's usage cost, in rows that an invoice can be held against.

Built from single events (`EstimateFold`, for files) or from the books' hourly or daily sums: then rows are made directly,
and `marked` holds what the journal knows of single calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from core.period import Cycle
from core.usage import TokenClasses

HOUR: Final = 3_600
DAY: Final = 86_400


class Mark(StrEnum):
    """What single calls can give away about themselves; the calls stay in the estimate, and are told apart beside it.

    REPEATED: another call before it had the same answer (provider's response id), or was its twin in every count within
    seconds. EMPTY: a call without tokens. GUESSED: so few input tokens that no chat has them. MOCK: exactly the 10 and 20
    tokens of LiteLLM's mock, named as a mock or a health check, or an answer out of a proxy's own cache. CONSTANT: the same
    counts as dozens of calls before it, as tests and health checks have them. AGGREGATE: several calls in one, so that none
    can be seen to be above a long-context threshold. SMALL: fewer input tokens than a thousandth of the largest context, so
    that they could be thousands of tokens. TWICE holds no calls, but what they would have less if their input counted its
    cached tokens twice: the tokens, and with them a long-context price that the calls would not have reached.
    """

    REPEATED = "repeated"
    EMPTY = "empty"
    GUESSED = "guessed"
    MOCK = "mock"
    CONSTANT = "constant"
    AGGREGATE = "aggregate"
    SMALL = "small"
    TWICE = "twice"


class EstimateRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Usage with equal labels in one hour or day.

    Attributes:
      starts_at: Unix seconds of the hour's or day's start, UTC.
      project: the provider's project or workspace id (`tags.project`); None where the usage does not say.
      api_key: the provider's key (`tags.api_key`), as `project`.
      tokens: disjoint classes, summed.
      cost_nanos: as booked; 0 for what has no price.
      class_nanos: the same by class, in the order of `CLASS_NAMES`; None where only the sum is known. Adds up to
        `cost_nanos` but for fees per request and rounding.
      is_long: the calls were above the model's long-context threshold, and priced so.
      unpriced_requests: of `requests`, those whose model had no price.
      long_nanos: of `cost_nanos`, what calls above a long-context threshold were charged above the price below it.
    """

    starts_at: int
    model: str
    tier: str = "standard"
    project: str | None = None
    api_key: str | None = None
    requests: int = 0
    tokens: TokenClasses = TokenClasses()
    cost_nanos: int = 0
    class_nanos: tuple[int, ...] | None = None
    is_long: bool = False
    unpriced_requests: int = 0
    long_nanos: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the books hold for one provider and month (UTC).

    Attributes:
      rows: of the month. Their costs add up to `total_nanos`.
      edges: rows of the 14 hours before and after the month, which a bill cut in another time zone would count; empty
        when they are not known. Not in the total.
      row_seconds: 3600 for hourly rows, 86 400 for daily ones.
      marked: rows of those calls only that carry a mark; they are in `rows` too.
      price_source: where the prices came from, for people.
    """

    provider: str
    month: Cycle
    rows: tuple[EstimateRow, ...]
    total_nanos: int
    edges: tuple[EstimateRow, ...] = ()
    row_seconds: int = DAY
    marked: Mapping[Mark, tuple[EstimateRow, ...]] = field(default_factory=dict)
    price_source: str = ""


def estimate_of(
    rows: Iterable[EstimateRow], *, provider: str, month: Cycle, row_seconds: int = DAY,
    edges: Iterable[EstimateRow] = (), marked: Mapping[Mark, tuple[EstimateRow, ...]] | None = None, price_source: str = "",
) -> Estimate:  # fmt: skip
    """The estimate that these rows of the month make; its total is their sum."""
    kept = tuple(rows)
    total = sum(row.cost_nanos for row in kept)
    return Estimate(provider, month, kept, total, tuple(edges), row_seconds, marked or {}, price_source)
