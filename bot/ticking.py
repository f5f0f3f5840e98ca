"""From ticks to slots: each job looks often whether its slot is free, so that a dead process is replaced soon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from core.services.run_slots import Done, Job, run_slot
from core.slots import due_slot
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 15


class Ticking:
    """The jobs of one process; `told` is called when one of them has put something into the outbox."""

    def __init__(self, uow: UnitOfWork, clock: Callable[[], datetime], told: Callable[[], None]) -> None:
        self._uow = uow
        self._clock = clock
        self._told = told
        self._settled: dict[str, datetime] = {}

    def add_to(self, scheduler: AsyncIOScheduler, job: Job) -> None:
        """Look for it now and then as long as the scheduler runs; never twice at once in one process."""

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
            slot, done = await run_slot(self._uow, job, clock=self._clock)
            if slot and (done in (Done.DONE, Done.TOLD) or await self._is_done(job, slot)):
                self._settled[job.name] = slot
            if done is Done.TOLD:
                self._told()
        except asyncio.CancelledError:
            # The process stops; the slot is free again when its lease ends.
            log.info("job_stopped", extra={"job": job.name})
        except SQLAlchemyError:
            log.exception("slot_unreadable", extra={"job": job.name})

    async def _is_done(self, job: Job, slot: datetime) -> bool:
        async with self._uow.read() as tx:
            return await tx.slots.is_done(job.name, slot)
