"""Record usage: validate, attribute, price, deduplicate and project; what comes at the same time shares a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from core.attribution import Attribution
from core.errors import Overloaded
from core.posting import COST
from core.services.alert_signals import AlertSignals
from core.services.book_together import Bookings, Waiting
from core.services.book_usage import Receipt
from core.services.lay_out_usage import Batch, Laid, Layout
from core.services.price_usage import PriceBook
from core.store.unit_of_work import Transaction, UnitOfWork
from core.tags import MAX_NEW_VALUES
from core.usage import UsageEvent
from core.witness import Witness

_ATTEMPTS: Final = 6
_HISTORY_SECONDS: Final = 2 * 86_400
_RETRIED_SQLSTATES: Final = ("40001", "40P01")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that is priced and laid out under one version of rules and prices, to be booked in somebody's transaction.

    `costs` are nanos by event id, None where unpriced; `rejected` are (index, reason).
    """

    batch: Batch
    version: int
    laid: Laid

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

    def __init__(
        self, uow: UnitOfWork, *, max_new_values: int = MAX_NEW_VALUES, signals: AlertSignals | None = None
    ) -> None:
        """
        Args:
          max_new_values: values never seen before that one day of usage may bring to a tag; the rest is `(many)`.
          signals: hears which workloads have new usage.
        """
        self._uow = uow
        self._signals = signals
        self._layout = Layout(uow, max_new_values=max_new_values)
        self._bookings = Bookings(uow, self._layout)

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
        batch = Batch(source_id, events, witnesses, now, refused)
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

    async def _record_once(self, batch: Batch) -> Receipt:
        while True:
            version, laid = await self._layout.lay_out(batch)
            receipt = await self._bookings.book(Waiting(batch, version, laid))
            if receipt is not None:
                self._signal(laid, batch.now)
                return receipt
            # Rules or prices changed since the batch was laid out: look at it again with the new ones.
            self.forget()

    async def finish(self) -> None:
        """Wait for what was taken on."""
        await self._bookings.finish()

    async def rules(self) -> tuple[int, Attribution, PriceBook]:
        """(version, rules, prices) as this process knows them; whoever uses them compares the version when it writes."""
        return await self._layout.rules()

    def forget(self) -> None:
        """Read rules and prices anew before the next batch."""
        self._layout.forget()

    async def prepare(self, source_id: int, events: Sequence[tuple[int, UsageEvent]], *, now: datetime) -> Prepared:
        """Price and lay out a batch for `book`."""
        batch = Batch(source_id, events, None, now, 0)
        version, laid = await self._layout.lay_out(batch)
        return Prepared(batch, version, laid)

    async def book(self, tx: Transaction, prepared: Prepared) -> Receipt:
        """Record a prepared batch in the caller's transaction, after the caller has compared the version.

        The caller also writes the counters (`tx.guard.counters`), after everything else that it changes of them.
        """
        receipt = await self._bookings.book_in(tx, prepared.batch, prepared.laid)
        # The commit follows at once, and whoever hears of it gathers for a second first.
        self._signal(prepared.laid, prepared.batch.now)
        return receipt

    def _signal(self, laid: Laid, now: datetime) -> None:
        if self._signals is not None and laid.daily:
            # Hours are sorted. What merely comes a day late changes no pace that is worth learning anew for.
            has_history = int(laid.hourly[0][0]) < now.timestamp() - _HISTORY_SECONDS
            self._signals.touch({int(row[1]) for row in laid.daily}, has_history=has_history)
