"""Facts about the books as a whole."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import MetaRow

_META: Any = MetaRow.__table__  # type: ignore[attr-defined]
ZONE: Final = "zone"
VERSION: Final = "version"


class MetaRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, name: str) -> str | None:
        return await self._connection.scalar(select(_META.c.value).where(_META.c.name == name))

    async def put(self, name: str, value: str) -> None:
        await self._connection.execute(delete(_META).where(_META.c.name == name))
        await self._connection.execute(insert(_META).values(name=name, value=value))

    async def version(self) -> int:
        """Grows with every change of a rule, a workload or a negotiated price; whoever keeps them in memory compares it."""
        return int(await self.get(VERSION) or 0)

    async def next_version(self) -> None:
        """Tell every process that rules or prices have changed. The row is locked until the commit."""
        await self._connection.execute(
            update(_META).where(_META.c.name == VERSION).values(value=str(await self.version() + 1))
        )
