"""Record usage: validate, attribute, price, deduplicate and project one batch in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from core.attribution import Attribution, Labels, are_alike
from core.errors import Overloaded
from core.period import day_counter
from core.posting import (
    COST,
    DAY_SECONDS,
    SUPERSEDED,
    Book,
    Posting,
    Row,
    add_up,
    conflict_text,
    correct,
    daily_rows,
    hourly_rows,
    post,
    series_key,
)
from core.services.admit_tags import admit
from core.services.fold_reports import Folded, fold_reports, superseded
from core.services.price_usage import PriceBook
from core.services.watch_sources import arrivals_of
from core.store.journal import compared
from core.store.unit_of_work import Transaction, UnitOfWork
from core.tags import MAX_NEW_VALUES, NO_ALIASES
from core.usage import CLOCK_SLACK, UsageEvent
from core.witness import Knows, Witness

_INLINE: Final = 50
"""Batches up to this size are laid out on the event loop (under a millisecond); larger ones in a thread."""
_ATTEMPTS: Final = 6
_MAX_CACHED: Final = 400_000
"""Entries kept between batches (about 100 MB); beyond them everything is looked up anew. Several batches fit in."""
_RETRIED_SQLSTATES: Final = ("40001", "40P01")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch. `accepted + duplicates + len(rejected)` is its size.

    `rejected` and `conflicts` are (index, reason); a conflict is a duplicate whose content differs from what was
    recorded first, counted among the duplicates. `known_ids` are those that the journal had before.
    """

    accepted: int
    duplicates: int
    rejected: tuple[tuple[int, str], ...]
    conflicts: tuple[tuple[int, str], ...] = ()
    known_ids: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Laid:
    posting: Posting
    hourly: list[Row]
    daily: list[Row]


@dataclass(frozen=True, slots=True)
class _Batch:
    source_id: int
    events: Sequence[tuple[int, UsageEvent]]
    witnesses: Mapping[int, Witness] | None
    now: datetime
    refused: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that is priced and laid out under one version of rules and prices, to be booked in somebody's transaction.

    `costs` are nanos by event id, None where unpriced; `rejected` are (index, reason).
    """

    batch: _Batch
    version: int
    laid: _Laid

    @property
    def source_id(self) -> int:
        return self.batch.source_id

    @property
    def costs(self) -> dict[str, int | None]:
        return {row[1]: row[COST] for row in self.laid.posting.rows}

    @property
    def rejected(self) -> list[tuple[int, str]]:
        return self.laid.posting.rejected


class Bookkeeper:
    """Records usage for one process. Keeps rules, prices and series in memory until the books say that they changed."""

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
        self._version: int | None = None
        self._preparing = asyncio.Lock()
        self._had_duplicates = False

    async def record(
        self,
        source_id: int,
        events: Sequence[tuple[int, UsageEvent]],
        *,
        now: datetime,
        witnesses: Mapping[int, Witness] | None = None,
        refused: int = 0,
    ) -> Receipt:
        """Record one batch, given as (index, event) pairs. All of the good ones are committed when this returns.

        Args:
          witnesses: how the events came to be known, by index; native events need none.
          refused: items that were no events at all, for the source's record.

        Raises Overloaded when the database stays locked; the whole batch can be sent again.
        """
        batch = _Batch(source_id, events, witnesses, now, refused)
        for attempt in range(_ATTEMPTS):
            try:
                return await self._record_once(batch)
            except OperationalError as locked:
                if "locked" not in str(locked.orig):
                    raise
                break
            except DBAPIError as failed:
                # Two writers met on PostgreSQL; one of them has to do it again.
                if getattr(failed.orig, "sqlstate", None) not in _RETRIED_SQLSTATES:
                    raise
                await asyncio.sleep(0.02 * 2**attempt)
        raise Overloaded("The books are busy; send the batch again in a moment.")

    async def _record_once(self, batch: _Batch) -> Receipt:
        while True:
            version, laid = await self._lay_out(batch)
            async with self._uow.write() as tx:
                if await tx.meta.held_version() == version:
                    receipt = await self._commit(tx, batch, laid)
                    await tx.guard.counters()
                    return receipt
            # Rules or prices changed since the batch was laid out: look at it again with the new ones.
            self.forget()

    async def rules(self) -> tuple[int, Attribution, PriceBook]:
        """(version, rules, prices) as this process knows them; whoever uses them compares the version when it writes."""
        while self._version is None:
            await self._reload()
        return self._version, self._attribution, self._prices

    def forget(self) -> None:
        """Read rules and prices anew before the next batch."""
        self._version = None

    async def prepare(self, source_id: int, events: Sequence[tuple[int, UsageEvent]], *, now: datetime) -> Prepared:
        """Price and lay out a batch for `book`."""
        batch = _Batch(source_id, events, None, now, 0)
        version, laid = await self._lay_out(batch)
        return Prepared(batch, version, laid)

    async def book(self, tx: Transaction, prepared: Prepared) -> Receipt:
        """Record a prepared batch in the caller's transaction, after the caller has compared the version.

        The caller also writes the counters (`tx.guard.counters`), after everything else that it changes of them.
        """
        return await self._commit(tx, prepared.batch, prepared.laid)

    async def _lay_out(self, batch: _Batch) -> tuple[int, _Laid]:
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
                return version, laid
            await self._prepare(laid.posting, now=batch.now)

    def _unfold(self, now: datetime) -> None:
        """Look again, on another day, at labels with a value that found no room."""
        today = now.toordinal()
        for key in [key for key, day in self._folded.items() if day != today]:
            self._book.series.pop(key, None)
            del self._folded[key]

    def _laid(self, batch: _Batch) -> _Laid:
        latest = batch.now + CLOCK_SLACK
        posting = post(
            batch.events, source_id=batch.source_id, book=self._book, latest=latest, witnesses=batch.witnesses
        )
        if posting.missing_series or posting.missing_prices:
            return _Laid(posting, [], [])
        return self._summed(posting, counting(posting.rows) if posting.has_superseded else posting.rows, ())

    def _summed(self, posting: Posting, counted: Sequence[Row], amended: Sequence[tuple[Row, Row | None]]) -> _Laid:
        """The sums of new rows that count, and the differences that amended rows make."""
        sums = add_up(chain(counted, (after for _, after in amended if after)), self._day_of)
        if amended:
            correct(sums, (before for before, _ in amended), self._day_of)
        return _Laid(posting, hourly_rows(sums), daily_rows(sums))

    async def _commit(self, tx: Transaction, batch: _Batch, laid: _Laid) -> Receipt:
        posting, rows = laid.posting, laid.posting.rows
        contested = await tx.claims.take(posting.claims)
        folded = await fold_reports(tx, rows, contested, self._row_of) if contested else Folded(rows)
        known = await tx.journal.insert(folded.rows, expect_new=not self._had_duplicates)
        self._had_duplicates = bool(known)
        conflicts = [*posting.conflicts, *await self._conflicts(tx, posting, known)]
        counted = posting.rows if not posting.has_superseded else counting(posting.rows)
        sent, second = len(counted), 0
        if known or contested:
            skipped = set(known)
            fresh = [row for place, row in enumerate(folded.rows) if place not in skipped]
            counted = counting(fresh)
            second = sum(
                row[SUPERSEDED] and not before[SUPERSEDED] for row, before in zip(folded.rows, rows, strict=True)
            )
            await tx.journal.amend([after or superseded(before) for before, after in folded.amended])
            await tx.claims.hand_over(folded.handed)
            laid = await asyncio.to_thread(self._summed, posting, counted, folded.amended)
        await tx.journal.add_hourly(laid.hourly)
        await tx.journal.add_daily(laid.daily)
        tx.guard.count_spend(laid.daily)
        receipt = Receipt(
            accepted=len(counted),
            duplicates=posting.duplicates + sent - len(counted),
            rejected=tuple(posting.rejected),
            conflicts=tuple(sorted(conflicts)),
            known_ids=frozenset(folded.rows[place][1] for place in known),
        )
        arrivals = arrivals_of(receipt, counted, refused=batch.refused, folded=second)
        await tx.source_days.add(batch.source_id, arrivals, now=batch.now)
        return receipt

    async def _conflicts(self, tx: Transaction, posting: Posting, known: Sequence[int]) -> list[tuple[int, str]]:
        """Of the rows that were there already, those with other content than what came now."""
        rows = posting.rows
        if not known:
            return []
        there = await tx.journal.existing(rows[0][0], [rows[place][1] for place in known])
        differing = []
        for place in known:
            *content, knows, hidden = there[rows[place][1]]
            # A row that learned from another report, or that another report replaced, differs without anybody's fault.
            if not hidden and not knows & Knows.MERGED and tuple(content) != compared(rows[place])[:-2]:
                differing.append((place, tuple(content), compared(rows[place])[:-2]))
        labels = await tx.series.of({content[2] for _, *both in differing for content in both}) if differing else {}
        found = []
        for place, before, after in differing:
            alike = are_alike(*(self._attribution.as_kept(labels[content[2]]) for content in (before, after)))
            # Spelt otherwise by an alias, or folded, since it was sent first.
            if not (alike and (*before[:2], *before[3:]) == (*after[:2], *after[3:])):
                found.append((posting.indexes[place], conflict_text(rows[place][1])))
        return found

    async def _row_of(self, tx: Transaction, source_id: int, event: UsageEvent, witness: Witness) -> Row | None:
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

    async def _prepare(self, posting: Posting, *, now: datetime) -> None:
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

    async def _reload(self) -> None:
        async with self._preparing:
            if self._version is not None and self._book.size < _MAX_CACHED:
                return
            async with self._uow.read() as tx:
                version = await tx.meta.version()
                workloads = await tx.workloads.all()
                negotiated = await tx.prices.negotiated()
                aliases = await tx.tags.aliases()
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
