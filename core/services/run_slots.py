"""Does what the clock asks for, once a slot, however many processes run and whichever of them dies at it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final, Protocol

from core.slots import Cadence, due_slot, missed
from core.store.slot_rows import KEPT, LEASE
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

_LONGEST_WAIT: Final = timedelta(hours=1)


class Work(Protocol):
    """What a job does; idempotent, since a process can die between doing it and noting that. True: something to tell."""

    def __call__(self, *, now: datetime) -> Coroutine[Any, Any, object]: ...


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    cadence: Cadence
    work: Work


class Done(Enum):
    """What a tick came to.

    DONE, TOLD: this process has done the slot (and there is something to tell). TAKEN: somebody has it or has done it;
    NOT_DUE: it is too late for it. FAILED: it will be tried again.
    """

    DONE = auto()
    TOLD = auto()
    TAKEN = auto()
    NOT_DUE = auto()
    FAILED = auto()


async def run_slot(uow: UnitOfWork, job: Job, *, clock: Callable[[], datetime]) -> tuple[datetime | None, Done]:
    """Do the job's slot unless somebody else has it; (the slot, what it came to).

    Slots that nobody did are folded into this one, and logged. A slot that fails is free again after a while that grows
    from try to try; one whose holder died when its lease ends. Raises only what the database raises.
    """
    now = clock()
    slot = due_slot(now, job.cadence)
    if slot is None:
        return None, Done.NOT_DUE
    async with uow.write() as tx:
        if not await tx.slots.claim(job.name, slot, now=now):
            return slot, Done.TAKEN
        last = await tx.slots.last(job.name, before=slot)
        await tx.slots.prune(job.name, before=now - KEPT)
    if skipped := missed(last, slot, job.cadence):
        log.warning("slots_missed", extra={"job": job.name, "slots": skipped, "since": last})
    beating = asyncio.create_task(_keep(uow, job, slot, clock), name=f"lease of {job.name}")
    try:
        said = await job.work(now=now)
    except Exception:
        log.exception("job_failed", extra={"job": job.name, "slot": slot})
        await _try_later(uow, job, slot, clock())
        return slot, Done.FAILED
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    async with uow.write() as tx:
        await tx.slots.done(job.name, slot, at=clock())
    return slot, Done.TOLD if said else Done.DONE


async def _keep(uow: UnitOfWork, job: Job, slot: datetime, clock: Callable[[], datetime]) -> None:
    """Extend the lease for as long as the job runs."""
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        async with uow.write() as tx:
            await tx.slots.extend(job.name, slot, until=clock() + LEASE)


async def _try_later(uow: UnitOfWork, job: Job, slot: datetime, now: datetime) -> None:
    async with uow.write() as tx:
        tries = await tx.slots.attempts(job.name, slot)
        wait = min(LEASE * 2 ** min(tries, 10) / 4, _LONGEST_WAIT)
        await tx.slots.extend(job.name, slot, until=now + wait)
