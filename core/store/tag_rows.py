"""Aliases of tag values, and the values of each tag that are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.series_rows import insert_ignoring
from core.store.tag_tables import AliasRow, TagValueRow
from core.tags import Aliases

_ALIASES: Any = AliasRow.__table__  # type: ignore[attr-defined]
_VALUES: Any = TagValueRow.__table__  # type: ignore[attr-defined]
_PART: Final = 500


class TagRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def aliases(self) -> Aliases:
        rows = await self._connection.execute(select(_ALIASES.c.dimension, _ALIASES.c.spelling, _ALIASES.c.value))
        return Aliases({(dimension, spelling): value for dimension, spelling, value in rows})

    async def save(self, aliases: Aliases, *, by: str, at: datetime) -> None:
        """Make the stored aliases these: who added one that stays is kept."""
        stored = {(row.dimension, row.spelling): row.value for row in await self._connection.execute(select(_ALIASES))}
        wanted = {(dimension, spelling): value for dimension, spelling, value in aliases}
        for key, value in stored.items():
            if wanted.get(key) != value:
                place = (_ALIASES.c.dimension == key[0], _ALIASES.c.spelling == key[1])
                await self._connection.execute(delete(_ALIASES).where(*place))
        added = [
            {"dimension": key[0], "spelling": key[1], "value": value, "added_by": by, "added_at": at}
            for key, value in wanted.items()
            if stored.get(key) != value
        ]
        if added:
            await self._connection.execute(insert(_ALIASES), added)

    async def unknown(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those (dimension, value) pairs that no usage has brought yet."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for dimension, value in sorted(set(pairs)):
            wanted[dimension].append(value)
        missing: set[tuple[str, str]] = set()
        for dimension, values in wanted.items():
            for start in range(0, len(values), _PART):
                part = values[start : start + _PART]
                query = select(_VALUES.c.value).where(_VALUES.c.dimension == dimension, _VALUES.c.value.in_(part))
                known = set((await self._connection.execute(query)).scalars())
                missing.update((dimension, value) for value in part if value not in known)
        return missing

    async def new_on(self, dimension: str, day: int) -> int:
        """How many values that day of usage has brought so far; days since 1970 UTC."""
        query = select(func.count()).select_from(_VALUES)
        query = query.where(_VALUES.c.dimension == dimension, _VALUES.c.first_day == day)
        return int((await self._connection.execute(query)).scalar_one())

    async def know(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """Remember (dimension, value, day) as known; those that are already keep their day. Ordered against deadlocks."""
        values = [{"dimension": name, "value": value, "first_day": day} for name, value, day in sorted(rows)]
        for start in range(0, len(values), _PART):
            statement = insert_ignoring(self._connection, _VALUES, unique=["dimension", "value"])
            await self._connection.execute(statement, values[start : start + _PART])
