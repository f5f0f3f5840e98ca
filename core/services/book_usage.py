"""Book batches that are laid out: claims, journal, projections and the source's day, in the caller's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.double_capture import CHECKS
from core.posting import SUPERSEDED, Posting, Row, conflict_text, joined
from core.services.fold_reports import Folded, fold_reports, superseded
from core.services.lay_out_usage import Batch, Laid, Layout, counting
from core.services.watch_sources import arrivals_of
from core.store.journal import compared
from core.store.source_days import Arrivals
from core.store.unit_of_work import Transaction
from core.witness import Knows


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


class NotAllNew(Exception):
    """Among batches that were to be booked together something is known already, or is there twice."""


async def book_all_new(tx: Transaction, batches: Sequence[tuple[Batch, Laid]]) -> list[Receipt]:
    """Write several batches down as one, when all that is in them is new; a receipt for each.

    The same comes of it as of `book_batch` for one after another. Raises NotAllNew; then the transaction has to be undone.
    """
    postings = [laid.posting for _, laid in batches]
    if await tx.claims.take([claim for posting in postings for claim in posting.claims]):
        raise NotAllNew
    if not await tx.journal.insert_new([row for posting in postings for row in posting.rows]):
        raise NotAllNew
    daily = joined([laid.daily for _, laid in batches])
    await tx.journal.add_hourly(joined([laid.hourly for _, laid in batches]))
    await tx.journal.add_daily(daily)
    tx.guard.count_spend(daily)
    receipts = []
    days: dict[tuple[int, date], tuple[Arrivals, datetime]] = {}
    for batch, laid in batches:
        posting = laid.posting
        counted = posting.rows if not posting.has_superseded else counting(posting.rows)
        receipt = Receipt(
            len(counted), posting.duplicates + len(posting.rows) - len(counted), tuple(posting.rejected), tuple(posting.conflicts)
        )  # fmt: skip
        receipts.append(receipt)
        arrivals = arrivals_of(
            receipt, counted, refused=batch.refused, folded=_checking(posting.rows) if posting.has_superseded else 0
        )
        before = days.get(key := (batch.source_id, batch.now.date()))
        days[key] = (before[0].plus(arrivals), max(before[1], batch.now)) if before else (arrivals, batch.now)
    for (source_id, _), (arrivals, now) in sorted(days.items(), key=lambda item: item[0]):
        await tx.source_days.add(source_id, arrivals, now=now)
    return receipts


async def book_batch(tx: Transaction, layout: Layout, batch: Batch, laid: Laid, *, expect_new: bool) -> Receipt:
    """Write a batch down. The caller has compared the version that it was laid out under.

    Args:
      expect_new: whether most ids are probably new; the answer is the same, only the way to it is shorter.
    """
    posting, rows = laid.posting, laid.posting.rows
    contested = await tx.claims.take(posting.claims)
    folded = await fold_reports(tx, rows, contested, layout.row_of) if contested else Folded(rows)
    known = await tx.journal.insert(folded.rows, expect_new=expect_new)
    conflicts = [*posting.conflicts, *await _conflicts(tx, layout, posting, known)]
    counted = posting.rows if not posting.has_superseded else counting(posting.rows)
    sent = len(counted) + (_checking(posting.rows) if posting.has_superseded else 0)
    second = 0
    if known or contested:
        skipped = set(known)
        fresh = [row for place, row in enumerate(folded.rows) if place not in skipped]
        counted = counting(fresh)
        second = sum(row[SUPERSEDED] and not before[SUPERSEDED] for row, before in zip(folded.rows, rows, strict=True))
        await tx.journal.amend([after or superseded(before) for before, after in folded.amended])
        await tx.claims.hand_over(folded.handed)
        laid = await asyncio.to_thread(layout.summed, posting, counted, folded.amended)
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
    if posting.has_superseded:
        there = set(known)
        second += _checking(row for place, row in enumerate(folded.rows) if place not in there)
    arrivals = arrivals_of(receipt, counted, refused=batch.refused, folded=second)
    await tx.source_days.add(batch.source_id, arrivals, now=batch.now)
    return receipt


def _checking(rows: Iterable[Row]) -> int:
    """How many are of a source that only checks what another one counts."""
    return sum(row[SUPERSEDED] == CHECKS for row in rows)


async def _conflicts(tx: Transaction, layout: Layout, posting: Posting, known: Sequence[int]) -> list[tuple[int, str]]:
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
        alike = layout.is_same(labels[before[2]], labels[after[2]])
        # Spelt otherwise by an alias, or folded, since it was sent first.
        if not (alike and (*before[:2], *before[3:]) == (*after[:2], *after[3:])):
            found.append((posting.indexes[place], conflict_text(rows[place][1])))
    return found
