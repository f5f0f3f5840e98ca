"""The estimate of a month: what the books say that one provider's usage cost, in rows that an invoice can be held against.

Built from single events (`EventFold`, for files) or from the books' hourly or daily sums: then rows are made directly,
and `marked` holds what the journal knows of single calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.period import Cycle
from core.usage import CLASS_NAMES, TokenClasses

HOUR: Final = 3_600
DAY: Final = 86_400
EDGE: Final = timedelta(hours=14)
"""No time zone is further from UTC (Kiritimati, +14:00)."""


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
    """Usage with equal labels in one UTC day (or in one hour, on its way into an estimate).

    Attributes:
      starts_at: Unix seconds of the day's start.
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


class UsageLabel(NamedTuple):
    """What usage is told apart by; the attributes are those of `EstimateRow`."""

    model: str
    tier: str
    project: str | None
    api_key: str | None
    is_long: bool


@dataclass(frozen=True, slots=True, eq=False)
class HourlyTokens:
    """Tokens by UTC hour of a month and of the 14 hours around it, which a bill cut in another time zone would count.

    Attributes:
      starts_at: Unix seconds of each hour's start, one for each row.
      label: the place of each row's label in `labels`.
      tokens: rows × classes, in the order of `CLASS_NAMES`.
    """

    labels: tuple[UsageLabel, ...]
    starts_at: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[EstimateRow]) -> HourlyTokens:
        """From hourly rows."""
        places: dict[UsageLabel, int] = {}
        label = [places.setdefault(label_of(row), len(places)) for row in rows]
        tokens = np.array([row.tokens for row in rows], dtype=np.int64).reshape(len(rows), len(CLASS_NAMES))
        starts_at = np.array([row.starts_at for row in rows], dtype=np.int64)
        return cls(tuple(places), starts_at, np.array(label, dtype=np.int64), tokens)


def label_of(row: EstimateRow) -> UsageLabel:
    """What the row's usage is told apart by."""
    return UsageLabel(row.model, row.tier, row.project, row.api_key, row.is_long)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the books hold for one provider and month (UTC).

    Attributes:
      rows: of the month's days. Their costs add up to `total_nanos`.
      hours: the same tokens by hour, and those around the month; None when they are not known.
      marked: rows of those calls only that carry a mark; they are in `rows` too.
      price_source: where the prices came from, for people.
    """

    provider: str
    month: Cycle
    rows: tuple[EstimateRow, ...]
    total_nanos: int
    hours: HourlyTokens | None = None
    marked: Mapping[Mark, tuple[EstimateRow, ...]] = field(default_factory=dict)
    price_source: str = ""


def estimate_of(
    rows: Iterable[EstimateRow], *, provider: str, month: Cycle, hours: HourlyTokens | None = None,
    marked: Mapping[Mark, tuple[EstimateRow, ...]] | None = None, price_source: str = "",
) -> Estimate:  # fmt: skip
    """The estimate that these rows of the month make; its total is their sum."""
    kept = tuple(rows)
    total = sum(row.cost_nanos for row in kept)
    return Estimate(provider, month, kept, total, hours, marked or {}, price_source)


def by_day(rows: Iterable[EstimateRow]) -> list[EstimateRow]:
    """Hourly rows added up by label and UTC day. Those that do not tell their cost by class stay apart from those that do."""
    days: dict[tuple[int, UsageLabel, bool], list[EstimateRow]] = {}
    for row in rows:
        place = (row.starts_at - row.starts_at % DAY, label_of(row), row.class_nanos is None)
        days.setdefault(place, []).append(row)
    return [added_rows(day, parts) for (day, _, _), parts in days.items()]


def added_rows(day: int, parts: Sequence[EstimateRow]) -> EstimateRow:
    """One row of several with the same label; its class costs are known as far as theirs are."""
    classes = [part.class_nanos for part in parts if part.class_nanos is not None]
    return msgspec.structs.replace(
        parts[0], starts_at=day, requests=sum(part.requests for part in parts),
        tokens=TokenClasses(*map(sum, zip(*(part.tokens for part in parts), strict=True))),
        cost_nanos=sum(part.cost_nanos for part in parts),
        class_nanos=tuple(map(sum, zip(*classes, strict=True))) if classes else None,
        unpriced_requests=sum(part.unpriced_requests for part in parts),
        long_nanos=sum(part.long_nanos for part in parts),
    )  # fmt: skip
