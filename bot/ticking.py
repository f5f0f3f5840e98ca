"""From ticks to slots: each job looks often whether its slot is free, so that a dead process is replaced soon."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import SQLAlchemyError

from core.services.run_slots import Done, Job, run_slot
from core.slots import due_slot
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15

RUNS = Counter("outlay_job_runs_total", "Runs of scheduled jobs by outcome, done or failed", ["task", "outcome"])
LAG = Gauge("outlay_job_lag_seconds", "How long after its slot the last run of a job began", ["task"])
SECONDS = Gauge("outlay_job_seconds", "How long the last run of a job took", ["task"])
LAST = Gauge("outlay_job_last_success_timestamp_seconds", "When a job last ended well in this process", ["task"])
RAN: Final = frozenset({Done.DONE, Done.TOLD, Done.FAILED})


class Ticking:
    """The jobs of one process; `told` is called when one of them has put something into the outbox."""

    def __init__(self, uow: UnitOfWork, clock: Callable[[], datetime], told: Callable[[], None]) -> None:
        self._uow = uow
        self._clock = clock
        self._told = told
        self._settled: dict[str, datetime] = {}

    def add_to(self, scheduler: AsyncIOScheduler, job: Job) -> None:
        """Look for it now and then as long as the scheduler runs; never twice at once in one process."""

        for outcome in ("done", "failed"):
            # Counted from nought: what begins with its first failure has not grown.
            RUNS.labels(job.name, outcome)

        async def look() -> None:
            await self.look(job)

        seconds = min(LOOK_SECONDS, max(1, int(job.cadence.every.total_seconds() / 4)))
        scheduler.add_job(look, "interval", seconds=seconds, id=job.name)
        # And once at the start, for what was due while nobody ran.
        scheduler.add_job(look, "date", id=f"{job.name}_first")

    async def look(self, job: Job) -> None:
        """Do the slot if it is free. Never raises: a database that is away now is asked again at the next look."""
        if self._settled.get(job.name) == due_slot(self._clock(), job.cadence):
            return
        try:
            began_at, began = self._clock(), time.monotonic()
            slot, done = await run_slot(self._uow, job, clock=self._clock)
            if slot and done in RAN:
                _count(job, done, lag=began_at - slot, seconds=time.monotonic() - began)
            if slot and (done in (Done.DONE, Done.TOLD) or await self._is_done(job, slot)):
                self._settled[job.name] = slot
            if done is Done.TOLD:
                self._told()
        except asyncio.CancelledError:
            # The process stops; the slot is free again when its lease ends.
            log.info("job_stopped", extra={"job": job.name})
        except SQLAlchemyError:
            RUNS.labels(job.name, "failed").inc()
            log.exception("slot_unreadable", extra={"job": job.name})

    async def _is_done(self, job: Job, slot: datetime) -> bool:
        async with self._uow.read() as tx:
            return await tx.slots.is_done(job.name, slot)


def _count(job: Job, done: Done, *, lag: timedelta, seconds: float) -> None:
    """Note how a run of this process ended."""
    is_well = done is not Done.FAILED
    RUNS.labels(job.name, "done" if is_well else "failed").inc()
    LAG.labels(job.name).set(max(0.0, lag.total_seconds()))
    SECONDS.labels(job.name).set(seconds)
    if is_well:
        LAST.labels(job.name).set(time.time())
