"""Who does which slot of which job: the first who claims it, or the next after somebody who died at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.outbox_tables import SlotRow
from core.store.series_rows import insert_ignoring

_SLOTS: Any = SlotRow.__table__  # type: ignore[attr-defined]
LEASE: Final = timedelta(minutes=2)
"""How long a claim holds unless it is extended: short enough after a crash."""
KEPT: Final = timedelta(days=7)


class SlotRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, job: str, slot: datetime, *, now: datetime, lease: timedelta = LEASE) -> bool:
        """Whether the slot is the caller's now: by a unique insert, or because whoever had it let its lease run out."""
        row = {"job": job, "slot": slot, "claimed_at": now, "leased_until": now + lease, "attempts": 1}
        inserted = await self._connection.execute(
            insert_ignoring(self._connection, _SLOTS, unique=["job", "slot"]).values(**row)
        )
        if inserted.rowcount == 1:
            return True
        left = update(_SLOTS).where(*_is(job, slot), _SLOTS.c.done_at.is_(None), _SLOTS.c.leased_until <= now)
        taken = await self._connection.execute(
            left.values(claimed_at=now, leased_until=now + lease, attempts=_SLOTS.c.attempts + 1)
        )
        return taken.rowcount == 1

    async def extend(self, job: str, slot: datetime, *, until: datetime) -> None:
        """Whoever is at it still lives."""
        await self._connection.execute(
            update(_SLOTS).where(*_is(job, slot), _SLOTS.c.done_at.is_(None)).values(leased_until=until)
        )

    async def done(self, job: str, slot: datetime, *, at: datetime) -> None:
        await self._connection.execute(update(_SLOTS).where(*_is(job, slot)).values(done_at=at))

    async def is_done(self, job: str, slot: datetime) -> bool:
        return await self._connection.scalar(select(_SLOTS.c.done_at).where(*_is(job, slot))) is not None

    async def attempts(self, job: str, slot: datetime) -> int:
        return await self._connection.scalar(select(_SLOTS.c.attempts).where(*_is(job, slot))) or 0

    async def last(self, job: str, *, before: datetime) -> datetime | None:
        """The newest slot of the job before that one."""
        query = select(func.max(_SLOTS.c.slot)).where(_SLOTS.c.job == job, _SLOTS.c.slot < before)
        return await self._connection.scalar(query)

    async def prune(self, job: str, *, before: datetime) -> None:
        """Let go of old slots; the newest of the job stays, so that what was missed can be counted."""
        newest = select(func.max(_SLOTS.c.slot)).where(_SLOTS.c.job == job).scalar_subquery()
        await self._connection.execute(
            delete(_SLOTS).where(_SLOTS.c.job == job, _SLOTS.c.slot < before, _SLOTS.c.slot < newest)
        )


def _is(job: str, slot: datetime) -> tuple[Any, ...]:
    return _SLOTS.c.job == job, _SLOTS.c.slot == slot
