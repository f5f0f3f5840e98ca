"""Posting: usage events become journal rows and the sums they add to the projections. The hot path; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from operator import add, sub
from typing import Any, Final, TypeAlias

from core.money import NANOS, nanos_from_decimal, usd
from core.rates import Rate
from core.usage import CLASS_NAMES, Quality, UsageEvent
from core.witness import SENDER, Witness

JOURNAL_COLUMNS: Final = (
    "source_id", "event_id", "at", "series_id", "workload_id", "requests", *CLASS_NAMES,
    "cost_nanos", "rate_id", "reported_nanos", "response_id", "quality",
    "trust", "knows", "superseded",
)  # fmt: skip
SUM_COLUMNS: Final = ("requests", *CLASS_NAMES, "unpriced_requests", "cost_nanos", "latest_at")
QUALITIES: Final = tuple(Quality)
MAX_EVENT_NANOS: Final = 1_000_000 * NANOS
"""A million dollars in one event is a mistake in units, not usage; refusing it also keeps sums inside 64 bits."""
MAX_BATCH_NANOS: Final = 1_000 * MAX_EVENT_NANOS
"""A billion dollars in one batch; the sums of a batch have to fit into 64 bits."""

DAY_SECONDS: Final = 86_400
_AT, _SERIES, _WORKLOAD, _REQUESTS, _COST = 2, 3, 4, 5, 15
AT, SERIES, COST = _AT, _SERIES, _COST
"""Where a journal row has its instant in microseconds, the number of its series, and its cost in nanos."""
RESPONSE_ID, QUALITY, TRUST, KNOWS, SUPERSEDED = 18, 19, 20, 21, 22
"""Places in a journal row. A superseded row is a second report of a call that another row counts; it is in no sum."""


Row: TypeAlias = tuple[Any, ...]
SumKey: TypeAlias = tuple[int, int, int, int]
"""(hour as Unix seconds, day since 1970 in the books' zone, workload id, series id)."""


PricedFrom: TypeAlias = tuple[tuple[int, Rate, int], ...]
"""Rates of one UTC day: (second of the day it starts at, rate, its stored number), ascending; empty = unpriced."""


@dataclass(slots=True)
class Book:
    """What posting looks up, kept between batches.

    Attributes:
      series: `series_key` of an event → (series id, workload id).
      prices: (series id, days since 1970 UTC) → the rates of that day.
    """

    series: dict[tuple[object, ...], tuple[int, int]] = field(default_factory=dict)
    prices: dict[tuple[int, int], PricedFrom] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.series) + len(self.prices)


Claim: TypeAlias = tuple[int, int, str]
"""(response key, source id, event id): the first report of a provider's answer, whoever sends it."""


@dataclass(slots=True)
class Posting:
    """What one batch becomes. `rows` follow `JOURNAL_COLUMNS`; `indexes[i]` is where row i stood in the batch.

    Where the book lacks something, `missing_series` or `missing_prices` say what; then the rest is not to be used.
    """

    rows: list[Row] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    duplicates: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    missing_series: dict[tuple[object, ...], UsageEvent] = field(default_factory=dict)
    missing_prices: set[tuple[int, int]] = field(default_factory=set)
    has_superseded: bool = False


def series_key(event: UsageEvent) -> tuple[object, ...]:
    """A cheap key for the event's labels as sent; several keys may stand for one series (order of tags)."""
    return (event.provider, event.model, event.tier, event.workload, *event.tags.items())


def conflict_text(event_id: str) -> str:
    return f"id {event_id[:80]} was recorded before with different content; the first one counts. Send a correction under a new id"


def response_key(response_id: str) -> int:
    """A 64-bit name for a provider's response id; equal names are compared in full before they mean anything."""
    return int.from_bytes(blake2b(response_id.encode(), digest_size=8).digest(), signed=True)


def post(
    events: Sequence[tuple[int, UsageEvent]],
    *,
    source_id: int,
    book: Book,
    latest: datetime,
    kept_since: datetime | None = None,
    witnesses: Mapping[int, Witness] | None = None,
) -> Posting:
    """Validate, price and lay out a batch.

    Args:
      events: (index in the batch, event) pairs, in the order they came.
      latest: last instant accepted, aware.
      kept_since: first instant accepted, aware, where older events have been let go: there a repeat would not be recognised.
      witnesses: how the events came to be known, by index; native events need none.
    """
    posting = Posting()
    rows, indexes = posting.rows, posting.indexes
    find_series, find_prices = book.series.get, book.prices.get
    seen: dict[str, UsageEvent] = {}
    batch_nanos = 0
    for index, event in events:
        if trouble := event.problem(latest):
            posting.rejected.append((index, trouble))
            continue
        if kept_since is not None and event.at < kept_since:
            posting.rejected.append((index, _too_old(event.at, kept_since)))
            continue
        key = series_key(event)
        located = find_series(key)
        if located is None:
            if trouble := event.label_problem():
                posting.rejected.append((index, trouble))
                continue
            posting.missing_series[key] = event
            continue
        if (first := seen.get(event.id)) is not None:
            posting.duplicates += 1
            if first != event:
                posting.conflicts.append((index, conflict_text(event.id)))
            continue
        at = event.at
        seconds = int(at.timestamp())
        day, second = divmod(seconds, DAY_SECONDS)
        prices = find_prices((located[0], day))
        if prices is None:
            posting.missing_prices.add((located[0], day))
            continue
        classes = event.classes()
        cost = rate_id = reported = None
        if prices:
            rate, rate_id = _in_force(prices, second)
            cost = rate.cost(classes, event.requests)
            if cost > MAX_EVENT_NANOS or batch_nanos + cost > MAX_BATCH_NANOS:
                posting.rejected.append((index, _too_dear(cost)))
                continue
        if event.cost_reported is not None:
            reported = _reported_nanos(event.cost_reported)
            if reported is None:
                posting.rejected.append((index, "cost_reported is not an amount in dollars from 0 to 1,000,000"))
                continue
        seen[event.id] = event
        batch_nanos += cost or 0
        rows.append(
            (source_id, event.id, seconds * 1_000_000 + at.microsecond, *located, event.requests, *classes,
             cost, rate_id, reported, event.response_id, *(_told(witnesses.get(index, SENDER)) if witnesses else _SENDER_TOLD))
        )  # fmt: skip
        indexes.append(index)
        for seen_id in witnesses[index].seen_ids if witnesses and index in witnesses else ():
            # Folded into this one already; kept so that it is recognised when it comes again by itself.
            rows.append((source_id, seen_id, *rows[-1][2:SUPERSEDED], 1))
            indexes.append(index)
            posting.has_superseded = True
        if event.response_id:
            posting.claims.append((response_key(event.response_id), source_id, event.id))
    return posting


@lru_cache(maxsize=256)
def _told_of(quality: Quality, trust: int, knows: int) -> tuple[int, int, int, int]:
    return QUALITIES.index(quality), int(trust), knows, 0


def _told(witness: Witness) -> tuple[int, int, int, int]:
    """The last columns of a journal row: quality, trust, knows, superseded."""
    return _told_of(witness.quality, witness.trust, witness.knows)


_SENDER_TOLD: Final = _told(SENDER)


def _too_old(at: datetime, kept_since: datetime) -> str:
    return (
        f"at {at.isoformat()} is before {kept_since:%Y-%m-%d}: older months are closed, their single events are not kept any more "
        "and a repeat could not be told from something new"
    )


def _too_dear(cost: int) -> str:
    if cost > MAX_EVENT_NANOS:
        return f"it would cost {usd(cost)}; an event above $1,000,000 is refused, check the units"
    return "the batch would cost more than $1 billion with it; check the units"


def _in_force(prices: PricedFrom, second: int) -> tuple[Rate, int]:
    """The last rate that has begun at this second of the day."""
    chosen = prices[0]
    for candidate in prices[1:]:
        if candidate[0] <= second:
            chosen = candidate
    return chosen[1], chosen[2]


def _reported_nanos(value: str | float) -> int | None:
    try:
        dollars = Decimal(str(value))
    except InvalidOperation:
        return None
    return nanos_from_decimal(dollars) if dollars.is_finite() and 0 <= dollars <= 1_000_000 else None


def correct(sums: dict[SumKey, list[int]], was: Iterable[Row], day_number_of: Callable[[int], int]) -> None:
    """Take what these rows had added out of the sums again; amounts may become negative, as a difference to what is stored."""
    for key, amounts in add_up(was, day_number_of).items():
        found = sums.setdefault(key, [0] * 12 + [amounts[12]])
        found[:12] = map(sub, found[:12], amounts)


def add_up(rows: Iterable[Row], day_number_of: Callable[[int], int]) -> dict[SumKey, list[int]]:
    """The sums that these journal rows add to the projections, each list in the order of `SUM_COLUMNS`.

    Args:
      day_number_of: the day (since 1970, books' zone) that holds a Unix second.
    """
    places: dict[SumKey, list[Row]] = {}
    for row in rows:
        seconds = row[_AT] // 1_000_000
        key = (seconds - seconds % 3600, day_number_of(seconds), row[_WORKLOAD], row[_SERIES])
        found = places.get(key)
        if found is None:
            places[key] = [row]
        else:
            found.append(row)
    return {key: _added(found) for key, found in places.items()}


def _added(rows: Sequence[Row]) -> list[int]:
    """The sums of rows of one place."""
    amounts = [sum(column) for column in zip(*(row[_REQUESTS:_COST] for row in rows), strict=True)]
    costs = [row[_COST] for row in rows]
    unpriced = sum(row[_REQUESTS] for row in rows if row[_COST] is None) if None in costs else 0
    return [*amounts, unpriced, sum(filter(None, costs)), max(row[_AT] for row in rows)]


def hourly_rows(sums: Mapping[SumKey, list[int]]) -> list[Row]:
    """Rows (hour, workload, series, *SUM_COLUMNS), one per key, sorted so that two writers lock in the same order."""
    return _folded(sums, 0)


def daily_rows(sums: Mapping[SumKey, list[int]]) -> list[Row]:
    """Rows (day, workload, series, *SUM_COLUMNS), as `hourly_rows`."""
    return _folded(sums, 1)


def joined(parts: Sequence[Sequence[Row]]) -> list[Row]:
    """Hourly or daily rows of several batches as those of one: of every place one row, sorted."""
    if len(parts) == 1:
        return list(parts[0])
    found: dict[Row, list[int]] = {}
    for row in chain.from_iterable(parts):
        key, amounts = row[:3], row[3:]
        before = found.get(key)
        found[key] = [*map(add, before[:12], amounts), max(before[12], amounts[12])] if before else list(amounts)
    return [(*key, *amounts) for key, amounts in sorted(found.items())]


def _folded(sums: Mapping[SumKey, list[int]], position: int) -> list[Row]:
    # Two days can share a UTC hour (zones off by half an hour), and many hours share a day.
    folded: dict[tuple[int, int, int], list[int]] = {}
    for place, amounts in sums.items():
        key = (place[position], place[2], place[3])
        found = folded.get(key)
        folded[key] = [*map(add, found[:12], amounts), max(found[12], amounts[12])] if found else amounts
    return [(*key, *amounts) for key, amounts in sorted(folded.items())]
