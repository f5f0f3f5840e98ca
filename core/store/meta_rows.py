"""Facts about the books as a whole."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import MetaRow

_META: Any = MetaRow.__table__  # type: ignore[attr-defined]
ZONE: Final = "zone"
VERSION: Final = "version"
_BOOKS_LOCK: Final = 0x0A0D18
"""The advisory lock on PostgreSQL between recording, which shares it, and changes of what is recorded how."""


class MetaRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_shared = connection.dialect.name == "postgresql"

    async def get(self, name: str) -> str | None:
        return await self._connection.scalar(select(_META.c.value).where(_META.c.name == name))

    async def put(self, name: str, value: str) -> None:
        await self._connection.execute(delete(_META).where(_META.c.name == name))
        await self._connection.execute(insert(_META).values(name=name, value=value))

    async def version(self) -> int:
        """Grows with every change of a rule, a workload or a negotiated price; whoever keeps them in memory compares it."""
        return int(await self.get(VERSION) or 0)

    async def held_version(self) -> int:
        """The version, which nobody changes before this transaction ends; others may hold it too."""
        # Two statements: one would read what was true before it waited.
        if self._is_shared:
            await self._connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _BOOKS_LOCK})
        return await self.version()

    async def next_version(self) -> None:
        """Tell every process that rules or prices have changed, and keep everybody from recording until the commit.

        Comes after the first audit entry of a transaction: all take those two locks in this order.
        """
        if self._is_shared:
            await self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _BOOKS_LOCK})
        await self._connection.execute(
            update(_META).where(_META.c.name == VERSION).values(value=str(await self.version() + 1))
        )
