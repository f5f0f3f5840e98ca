"""What `outlay doctor` reads of the database itself: its schema's revision, and how the outbox stands. Changes nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.columns import instant, micros


class CheckupRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def revision(self) -> str | None:
        """The schema's revision; None for a database without tables."""
        found = await self._connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version"))
        if not found:
            return None
        told = await self._connection.scalar(text("SELECT version_num FROM alembic_version"))
        return str(told) if told is not None else None

    async def waiting(self, now: datetime) -> tuple[int, datetime | None]:
        """Notices that are due, and since when the oldest of them is. Reminders of later are none of them."""
        query = text(
            "SELECT count(*), min(due_at) FROM outbox WHERE sent_at IS NULL AND parked_because IS NULL AND due_at <= :now"
        )
        count, oldest = (await self._connection.execute(query, {"now": micros(now)})).one()
        return int(count), instant(oldest) if oldest is not None else None

    async def parked(self) -> dict[str, int]:
        """Notices that wait for a person, by why Slack refused them."""
        query = text(
            "SELECT parked_because, count(*) FROM outbox WHERE sent_at IS NULL AND parked_because IS NOT NULL GROUP BY 1"
        )
        return {str(because): int(count) for because, count in await self._connection.execute(query)}
