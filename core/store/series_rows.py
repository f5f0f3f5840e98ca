"""Series: distinct label sets, interned once and named by number ever after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.attribution import Labels, named_dimensions
from core.store.tables import SeriesRow

_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]


def digest_of(*parts: object) -> str:
    """A stable name for nested plain values: SHA-256 of their canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def insert_ignoring(connection: AsyncConnection, table: Any, *, unique: Sequence[str]) -> Any:
    """An INSERT that leaves existing rows alone, in the dialect at hand."""
    statement = sqlite_insert(table) if connection.dialect.name == "sqlite" else postgres_insert(table)
    return statement.on_conflict_do_nothing(index_elements=list(unique))


class SeriesRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def intern(self, wanted: Iterable[Labels]) -> dict[Labels, int]:
        """The number of each label set; unknown ones get one. Ordered by digest, so that two writers never deadlock."""
        digests = {
            digest_of(labels.provider, labels.model, labels.tier, labels.workload, labels.tags): labels
            for labels in wanted
        }
        rows = [
            {
                "digest": digest, "provider": labels.provider, "model": labels.model, "tier": labels.tier, "workload": labels.workload,
                "tags": labels.tags, **named_dimensions(dict(labels.tags)),
            }
            for digest, labels in sorted(digests.items())
        ]  # fmt: skip
        found: dict[Labels, int] = {}
        for start in range(0, len(rows), 500):
            part = rows[start : start + 500]
            await self._connection.execute(insert_ignoring(self._connection, _SERIES, unique=["digest"]), part)
            query = select(_SERIES.c.digest, _SERIES.c.id).where(_SERIES.c.digest.in_([row["digest"] for row in part]))
            for digest, number in await self._connection.execute(query):
                found[digests[digest]] = number
        return found

    async def of(self, numbers: Iterable[int]) -> dict[int, Labels]:
        """Some series by number."""
        result = await self._connection.execute(select(_SERIES).where(_SERIES.c.id.in_(sorted(numbers))))
        return {row.id: _labels(row) for row in result}

    async def all(self) -> dict[int, Labels]:
        """Every series of the books by number. As many as there are distinct label sets: thousands, not millions."""
        result = await self._connection.execute(select(_SERIES))
        return {row.id: _labels(row) for row in result}


def _labels(row: Any) -> Labels:
    return Labels(row.provider, row.model, row.tier, row.workload, tuple((name, value) for name, value in row.tags))
