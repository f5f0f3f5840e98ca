"""What `/metrics` tells beside the counters that the rest keeps: the outbox, the database's connections, prices.

Labels have few values: formats, outcomes, tasks and event names are written in the code, and sources are bounded by `bounded`.
None is called `job` or `instance`: Prometheus gives those to what it scrapes, and renames ours.
"""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import SQLAlchemyError

from bot.wiring import Clock
from core.list_prices import newest_price_on
from core.period import Cycle
from core.store.checkup_rows import CheckupRows
from core.store.unit_of_work import UnitOfWork

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_FRESH_SECONDS: Final = 5.0
"""How long one reading of the books serves, so that many scrapers cost what one does."""
_MOST_SOURCES: Final = 50

SOURCE_EVENTS = Counter("outlay_source_events_total", "Usage events by source and outcome", ["source", "outcome"])
GUARD_SECONDS = Histogram(
    "outlay_guard_seconds", "Time to answer the guard's calls, in seconds", ["call"], buckets=SECONDS
)
DATABASE_UP = Gauge("outlay_database_up", "Whether the last reading of the books succeeded")
CONNECTIONS = Gauge("outlay_database_connections", "Connections to the database by pool and state", ["pool", "state"])
OUTBOX_WAITING = Gauge("outlay_outbox_waiting", "Notices that are due and not sent yet")
OUTBOX_OLDEST = Gauge("outlay_outbox_oldest_seconds", "For how long the oldest notice has been due")
OUTBOX_PARKED = Gauge("outlay_outbox_parked", "Notices that wait for a person, by Slack's reason", ["reason"])
UNPRICED = Gauge(
    "outlay_unpriced_requests", "Requests of this month without a price (of the five most used such models)"
)
USAGE_AGE = Gauge("outlay_latest_usage_age_seconds", "Age of the newest usage event")
PRICE_AGE = Gauge("outlay_price_age_seconds", "Time since the newest list price came into force, in whole days")

_sources: set[str] = set()


def bounded(source: str) -> str:
    """The source's name as a label: the first fifty that send, everybody else together."""
    if source not in _sources:
        if len(_sources) >= _MOST_SOURCES:
            return "(others)"
        _sources.add(source)
    return source


class BookMetrics:
    """Reads the books for the gauges when somebody scrapes, at most every five seconds."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock
        self._read_at = float("-inf")

    async def refresh(self) -> None:
        """Never raises for a database that does not answer: the other metrics are wanted most just then."""
        for pool, states in self._uow.connections().items():
            for state, count in states.items():
                CONNECTIONS.labels(pool, state).set(count)
        if time.monotonic() - self._read_at < _FRESH_SECONDS:
            return
        try:
            await self._read()
        except (SQLAlchemyError, OSError):
            DATABASE_UP.set(0)
            return
        DATABASE_UP.set(1)
        self._read_at = time.monotonic()

    async def _read(self) -> None:
        now = self._clock()
        cycle = Cycle.of(now, self._uow.zone)
        async with self._uow.read() as tx:
            rows = CheckupRows(tx.connection)
            waiting, oldest_at = await rows.waiting(now)
            parked = await rows.parked()
            unpriced = await tx.spend.unpriced_models(cycle.first_on, cycle.last_on)
            latest_at = await tx.spend.latest_at()
        OUTBOX_WAITING.set(waiting)
        OUTBOX_OLDEST.set(max(0.0, (now - oldest_at).total_seconds()) if oldest_at else 0)
        OUTBOX_PARKED.clear()
        for reason, count in parked.items():
            OUTBOX_PARKED.labels(reason[:40]).set(count)
        UNPRICED.set(sum(requests for _, requests in unpriced))
        USAGE_AGE.set(max(0.0, (now - latest_at).total_seconds()) if latest_at else float("nan"))
        PRICE_AGE.set((now.date() - newest_price_on(now.date())).total_seconds())
