"""Book what waits at the same time in one transaction: to begin, to ask, to add up and to commit is paid for once.

A batch of an exporter is small, and what surrounds its rows costs as much as they do. While one transaction runs, the batches
that come meanwhile are laid out and share the next one. Nobody is answered before the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.services.book_usage import NotAllNew, Receipt, book_all_new, book_batch
from core.services.group_commits import GroupCommit
from core.services.lay_out_usage import Batch, Laid, Layout
from core.store.unit_of_work import Transaction, UnitOfWork

_MOST_ROWS: Final = 5_000
"""Of one transaction: on SQLite everybody else who writes waits for it, the guard too."""
_WRITERS: Final = 8
"""Transactions at the same time on PostgreSQL; SQLite has one writer."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that is laid out under one version of rules and prices."""

    batch: Batch
    version: int
    laid: Laid


class Bookings:
    """The way into the books for the batches of one process."""

    def __init__(self, uow: UnitOfWork, layout: Layout) -> None:
        self._uow = uow
        self._layout = layout
        self._had_duplicates = False
        self._group: GroupCommit[Waiting, Receipt | None] = GroupCommit(
            self._carry_out, at_once=1 if uow.is_sqlite else _WRITERS, weigh=_rows, most=_MOST_ROWS
        )

    async def book(self, waiting: Waiting) -> Receipt | None:
        """The receipt once it is committed; None when rules or prices have changed since the batch was laid out.

        Raises what the database raises, and Overloaded.
        """
        return await self._group.submit(waiting)

    async def book_in(self, tx: Transaction, batch: Batch, laid: Laid) -> Receipt:
        """Book in the caller's transaction a batch whose version the caller has compared."""
        receipt = await book_batch(tx, self._layout, batch, laid, expect_new=not self._had_duplicates)
        self._had_duplicates = bool(receipt.known_ids)
        return receipt

    async def finish(self) -> None:
        """Wait for what was taken on."""
        await self._group.finish()

    async def _carry_out(self, group: Sequence[Waiting]) -> Sequence[Receipt | Exception | None]:
        if len(group) > 1 and not self._had_duplicates:
            try:
                async with self._uow.write_briefly() as tx:
                    return await self._booked(tx, group, are_new=True)
            except NotAllNew:
                # Undone; now each by itself, in the order they came.
                self._had_duplicates = True
        async with self._uow.write_briefly() as tx:
            return await self._booked(tx, group, are_new=False)

    async def _booked(self, tx: Transaction, group: Sequence[Waiting], *, are_new: bool) -> list[Receipt | None]:
        """Receipts of a group; None for what was laid out under another version than the books have."""
        version = await tx.meta.held_version()
        places = [place for place, waiting in enumerate(group) if waiting.version == version]
        current = [(group[place].batch, group[place].laid) for place in places]
        receipts: list[Receipt | None] = [None] * len(group)
        if current:
            booked = await book_all_new(tx, current) if are_new else await self._one_by_one(tx, current)
            await tx.guard.counters()
            for place, receipt in zip(places, booked, strict=True):
                receipts[place] = receipt
        return receipts

    async def _one_by_one(self, tx: Transaction, current: Sequence[tuple[Batch, Laid]]) -> list[Receipt]:
        return [await self.book_in(tx, batch, laid) for batch, laid in current]


def _rows(waiting: Waiting) -> int:
    return len(waiting.laid.posting.rows)
