"""Lay a batch of usage out: validate, attribute and price it by the rules and prices that this process keeps in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from core.attribution import Attribution, Labels, are_alike
from core.double_capture import CHECKS, SourceRule
from core.period import Cycle, day_counter
from core.posting import (
    AT,
    DAY_SECONDS,
    SERIES,
    SUPERSEDED,
    Book,
    Posting,
    Row,
    add_up,
    correct,
    daily_rows,
    hourly_rows,
    post,
    series_key,
)
from core.services.admit_tags import admit
from core.services.price_usage import PriceBook
from core.store.columns import instant
from core.store.event_months import UTC_ZONE
from core.store.unit_of_work import Transaction, UnitOfWork
from core.tags import MAX_NEW_VALUES, NO_ALIASES
from core.usage import CLOCK_SLACK, UsageEvent
from core.witness import Witness

_INLINE: Final = 50
"""Batches up to this size are laid out on the event loop (under a millisecond); larger ones in a thread."""
_MAX_CACHED: Final = 400_000
"""Entries kept between batches (about 100 MB); beyond them everything is looked up anew. Several batches fit in."""
_DAY_MICROS: Final = DAY_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What was sent together: (index, event) pairs, and `refused` items that were no events at all."""

    source_id: int
    events: Sequence[tuple[int, UsageEvent]]
    witnesses: Mapping[int, Witness] | None
    now: datetime
    refused: int


@dataclass(slots=True)
class Laid:
    """A batch as journal rows and as what they add to the projections."""

    posting: Posting
    hourly: list[Row]
    daily: list[Row]


class Layout:
    """Rules, prices and series as one process knows them; whoever books by them compares the version in the transaction."""

    def __init__(self, uow: UnitOfWork, *, max_new_values: int = MAX_NEW_VALUES) -> None:
        """`max_new_values`: values never seen before that one day of usage may bring to a tag; the rest is `(many)`."""
        self._uow = uow
        self._max_new_values = max_new_values
        self._day_of = day_counter(uow.zone)
        self._book = Book()
        self._labels: dict[int, Labels] = {}
        self._prices = PriceBook(())
        self._attribution = Attribution(())
        self._aliases = NO_ALIASES
        self._folded: dict[tuple[object, ...], int] = {}
        self._kept_since: datetime | None = None
        self._months: frozenset[Cycle] = frozenset()
        self._rules: tuple[SourceRule, ...] = ()
        self._version: int | None = None
        self._preparing = asyncio.Lock()

    async def rules(self) -> tuple[int, Attribution, PriceBook]:
        """(version, rules, prices) as this process knows them; whoever uses them compares the version when it writes."""
        while self._version is None:
            await self._reload()
        return self._version, self._attribution, self._prices

    def forget(self) -> None:
        """Read rules and prices anew before the next batch."""
        self._version = None

    async def lay_out(self, batch: Batch) -> tuple[int, Laid]:
        """(version, laid out under it); what was not seen before is interned first, in a transaction of its own."""
        while True:
            if self._version is None or self._book.size >= _MAX_CACHED:
                await self._reload()
            version = self._version
            self._unfold(batch.now)
            if len(batch.events) <= _INLINE:
                laid = self._laid(batch)
            else:
                laid = await asyncio.to_thread(self._laid, batch)
            if version is not None and not laid.posting.missing_series and not laid.posting.missing_prices:
                await self._open_months(laid.posting.rows)
                return version, laid
            await self._intern(laid.posting, now=batch.now)

    def summed(self, posting: Posting, counted: Sequence[Row], amended: Sequence[tuple[Row, Row | None]]) -> Laid:
        """The sums of new rows that count, and the differences that amended rows make."""
        sums = add_up(chain(counted, (after for _, after in amended if after)), self._day_of)
        if amended:
            correct(sums, (before for before, _ in amended), self._day_of)
        return Laid(posting, hourly_rows(sums), daily_rows(sums))

    def is_same(self, one: Labels, other: Labels) -> bool:
        """Whether labels that were kept at different times are the same, spelt by the aliases of now."""
        return are_alike(self._attribution.as_kept(one), self._attribution.as_kept(other))

    async def row_of(self, tx: Transaction, source_id: int, event: UsageEvent, witness: Witness) -> Row | None:
        """The journal row of one event outside of a batch, priced and attributed; None when it cannot be booked."""
        wanted = {0: (labels_of(event), int(event.at.timestamp()) // DAY_SECONDS)}
        kept, _ = await admit(tx, wanted, aliases=self._aliases, limit=self._max_new_values)
        labels = kept[0]
        number = (await tx.series.intern([labels]))[labels]
        day = int(event.at.timestamp()) // DAY_SECONDS
        rates = self._prices.rates_on(labels, day)
        numbers = await self._prices.intern(tx, [rates])
        prices = tuple((start, key[3], numbers[key]) for start, key in rates)
        located = (number, self._attribution.workload_for(labels))
        book = Book({series_key(event): located}, {(number, day): prices})
        # Already accepted once, so no later bound on its time applies.
        posting = post([(0, event)], source_id=source_id, book=book, latest=event.at, witnesses={0: witness})
        return posting.rows[0] if posting.rows else None

    def _unfold(self, now: datetime) -> None:
        """Look again, on another day, at labels with a value that found no room."""
        today = now.toordinal()
        for key in [key for key, day in self._folded.items() if day != today]:
            self._book.series.pop(key, None)
            del self._folded[key]

    def _laid(self, batch: Batch) -> Laid:
        latest = batch.now + CLOCK_SLACK
        posting = post(
            batch.events, source_id=batch.source_id, book=self._book, latest=latest,
            kept_since=self._kept_since, witnesses=batch.witnesses,
        )  # fmt: skip
        if posting.missing_series or posting.missing_prices:
            return Laid(posting, [], [])
        self._set_aside(posting, batch.source_id)
        return self.summed(posting, counting(posting.rows) if posting.has_superseded else posting.rows, ())

    def _set_aside(self, posting: Posting, source_id: int) -> None:
        """Rows of a source that only checks stay out of the sums, and claim no answer: another source reports it."""
        held = [rule for rule in self._rules if rule.checks == source_id]
        if not held:
            return
        aside = set()
        for place, row in enumerate(posting.rows):
            if row[SUPERSEDED]:
                continue
            provider, at = self._labels[row[SERIES]].provider, instant(row[AT])
            if any(rule.sets_aside(source_id, provider, at) for rule in held):
                posting.rows[place] = (*row[:SUPERSEDED], CHECKS)
                aside.add(row[1])
        posting.has_superseded |= bool(aside)
        posting.claims[:] = [claim for claim in posting.claims if claim[2] not in aside]

    async def _intern(self, posting: Posting, *, now: datetime) -> None:
        """Intern what the book lacks. One at a time: the second of two batches usually finds it done."""
        async with self._preparing:
            lacking = {key: event for key, event in posting.missing_series.items() if key not in self._book.series}
            # A series that is not known any more was numbered before a reload; laying out again asks for it anew.
            days = {key for key in posting.missing_prices if key not in self._book.prices and key[0] in self._labels}
            if not lacking and not days:
                return
            async with self._uow.write() as tx:
                sent = {
                    key: (labels_of(event), int(event.at.timestamp()) // DAY_SECONDS) for key, event in lacking.items()
                }
                wanted, folded = await admit(tx, sent, aliases=self._aliases, limit=self._max_new_values)
                numbers = await tx.series.intern(set(wanted.values()))
                priced = {
                    (series_id, day): self._prices.rates_on(self._labels[series_id], day) for series_id, day in days
                }
                rate_numbers = await self._prices.intern(tx, priced.values())
            self._prices.remember(rate_numbers)
            self._folded |= dict.fromkeys(folded, now.toordinal())
            for key, labels in wanted.items():
                self._labels[numbers[labels]] = labels
                self._book.series[key] = (numbers[labels], self._attribution.workload_for(labels))
            for place, found in priced.items():
                self._book.prices[place] = tuple((start, key[3], rate_numbers[key]) for start, key in found)

    async def _open_months(self, rows: Sequence[Row]) -> None:
        """See to it that the journal has room for every month of these rows; on SQLite it always has."""
        if self._uow.is_sqlite:
            return
        days = {row[AT] // _DAY_MICROS for row in rows}
        lacking = {Cycle.of(instant(day * _DAY_MICROS), UTC_ZONE) for day in days} - self._months
        if lacking:
            async with self._uow.write() as tx:
                await tx.months.open(lacking)
            self._months |= lacking

    async def _reload(self) -> None:
        async with self._preparing:
            if self._version is not None and self._book.size < _MAX_CACHED:
                return
            async with self._uow.read() as tx:
                version = await tx.meta.version()
                workloads = await tx.workloads.all()
                negotiated = await tx.prices.negotiated()
                aliases = await tx.tags.aliases()
                kept_since = await tx.months.kept_since()
                source_rules = await tx.captures.standing()
            self._kept_since = kept_since
            self._rules = source_rules
            self._aliases = aliases
            self._attribution = Attribution(workloads, aliases)
            self._folded = {}
            self._prices = PriceBook(negotiated)
            self._book = Book()
            self._labels = {}
            self._version = version


def counting(rows: Sequence[Row]) -> list[Row]:
    """Those that are in the sums: not the second reports of calls that another row counts."""
    return [row for row in rows if not row[SUPERSEDED]]


def labels_of(event: UsageEvent) -> Labels:
    """The labels as they are kept: provider and names of tags in lower case, blank tags dropped, tags sorted."""
    # Sorted first, so that of `Team` and `team` the plain one counts.
    named = {name.strip().lower(): value.strip() for name, value in sorted(event.tags.items())}
    tags = tuple(sorted((name, value) for name, value in named.items() if name and value))
    return Labels(event.provider.lower(), event.model, event.tier.lower() or "standard", event.workload, tags)
