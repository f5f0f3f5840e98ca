"""The way in for usage: authenticates, bounds what waits and what it weighs, records. Shared by all intake routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

from fastapi import Request
from prometheus_client import Counter, Gauge, Histogram

from bot.web.bodies import read_body
from bot.web.metrics import SOURCE_EVENTS, bounded
from bot.web.reading_room import ReadingRoom
from core.errors import BadToken, Overloaded
from core.intake import native
from core.intake.record import Taken
from core.services.book_usage import Receipt
from core.services.fold_reports import witness_of
from core.services.manage_tokens import source_for
from core.services.record_usage import Bookkeeper
from core.store.source_rows import Source
from core.store.unit_of_work import UnitOfWork

_WAITING: Final = 200
"""Requests that may wait for the books at once; the next is told to come back."""
_BYTES: Final = 512 << 20
"""What their bodies may weigh together, decompressed; so 50 senders with batches of 6 MB wait instead of losing them."""
_INLINE_BYTES: Final = 32 << 10
"""Bodies up to this size are decoded on the event loop (well under a millisecond)."""

EVENTS = Counter("outlay_usage_events_total", "Usage events by outcome", ["format", "outcome"])
SECONDS = Histogram("outlay_usage_seconds", "Time to record one request's events, in seconds", ["format"])
IN_FLIGHT = Gauge("outlay_usage_bytes_in_flight", "Decompressed bytes of bodies that are being taken in")


class Inlet:
    """One for the process, so that its bounds hold for all routes together."""

    def __init__(
        self, uow: UnitOfWork, bookkeeper: Bookkeeper, room: ReadingRoom, clock: Callable[[], datetime]
    ) -> None:
        self._uow = uow
        self._bookkeeper = bookkeeper
        self._room = room
        self._clock = clock
        self._inside = 0
        self._bytes = 0

    async def source(self, authorization: str | None, scope: str = "usage") -> Source:
        """The sender behind an `Authorization` header. Raises BadToken, MissingScope."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise BadToken(
                "Send the ingest token as `Authorization: Bearer …`. Make one with `outlay token create NAME --scope usage`."
            )
        return await source_for(self._uow, token.strip(), scope, now=self._clock())

    @asynccontextmanager
    async def body(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """The request's body, counted as in flight until the block ends. Raises Overloaded, TooLarge, Unreadable."""
        if self._inside >= _WAITING:
            raise Overloaded("Too many batches are waiting; send this one again in a moment.")
        self._inside += 1
        size = 0

        def weigh(part: int) -> None:
            nonlocal size
            if self._bytes + part > _BYTES:
                raise Overloaded("The batches that wait weigh too much together; send this one again in a moment.")
            size += part
            self._bytes += part
            IN_FLIGHT.set(self._bytes)

        try:
            yield await read_body(request, limit, weigh)
        finally:
            self._inside -= 1
            self._bytes -= size
            IN_FLIGHT.set(self._bytes)

    async def take_native(self, source: Source, body: bytes) -> tuple[Receipt, tuple[tuple[int, str], ...]]:
        """Record native events; the receipt, and all refusals in the order of the items."""
        started = time.perf_counter()
        if len(body) <= _INLINE_BYTES:
            intake = native.read(body)
        else:
            intake = await self._room.in_thread(partial(native.read, body))
        receipt = await self._bookkeeper.record(
            source.id, intake.events, now=self._clock(), refused=len(intake.rejected)
        )  # fmt: skip
        rejected = tuple(sorted((*intake.rejected, *receipt.rejected)))
        _count("native", source, receipt, len(rejected), started)
        return receipt, rejected

    async def take(self, source: Source, body: bytes, reader: str, kind: str) -> tuple[Receipt, Taken]:
        """Record what another format holds; its quality and what its sender knew go into the journal with it.

        Args:
          reader: a key of `READERS`.
          kind: the format, for the metrics.

        Raises Unreadable, TooLarge, Overloaded.
        """
        started = time.perf_counter()
        taken = await self._room.read(reader, body, self._clock())
        events = list(enumerate(record.event for record in taken.records))
        witnesses = {place: witness_of(record) for place, record in enumerate(taken.records)}
        receipt = await self._bookkeeper.record(
            source.id, events, now=self._clock(), witnesses=witnesses, refused=len(taken.refused)
        )  # fmt: skip
        _count(kind, source, receipt, len(taken.refused) + len(receipt.rejected), started)
        return receipt, taken


def _count(kind: str, source: Source, receipt: Receipt, rejected: int, started: float) -> None:
    for outcome, count in (("accepted", receipt.accepted), ("duplicate", receipt.duplicates), ("rejected", rejected)):
        EVENTS.labels(kind, outcome).inc(count)
        SOURCE_EVENTS.labels(bounded(source.name), outcome).inc(count)
    SECONDS.labels(kind).observe(time.perf_counter() - started)
