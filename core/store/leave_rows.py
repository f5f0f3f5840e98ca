"""Who said that they are away, and until when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.leave import Leave, LeaveSource
from core.store.response_tables import LeaveRow

_LEAVES: Any = LeaveRow.__table__  # type: ignore[attr-defined]


class LeaveRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, people: Collection[str], *, now: datetime) -> dict[str, Leave]:
        """Of those, by Slack user id: who is away now, as they said themselves."""
        query = select(_LEAVES).where(_LEAVES.c.person.in_(sorted(people)), _LEAVES.c.until > now)
        return {row.person: Leave(LeaveSource.SAID, row.until) for row in await self._connection.execute(query)}

    async def save(self, person: str, until: datetime | None, *, at: datetime) -> None:
        """Away until then; None: back."""
        await self._connection.execute(delete(_LEAVES).where(_LEAVES.c.person == person))
        if until is not None:
            await self._connection.execute(insert(_LEAVES).values(person=person, until=until, said_at=at))
