"""Sources of usage: ingest tokens (hashed) and named imports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.series_rows import insert_ignoring
from core.store.tables import ImportRow, SourceRow

_SOURCES: Any = SourceRow.__table__  # type: ignore[attr-defined]
_IMPORTS: Any = ImportRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Source:
    """Where usage comes from. `scopes` are among usage, guard, read; none for an import. Instants are aware UTC."""

    id: int
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    has_token: bool


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far a file has come: whole rows, and what became of them."""

    rows_done: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


class SourceRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_token(self, token_hash: str) -> Source | None:
        return await self._one(_SOURCES.c.token_hash == token_hash)

    async def named(self, name: str) -> Source | None:
        return await self._one(_SOURCES.c.name == name)

    async def all(self) -> tuple[Source, ...]:
        result = await self._connection.execute(select(_SOURCES).order_by(_SOURCES.c.id))
        return tuple(_source(row) for row in result)

    async def add(
        self,
        name: str,
        *,
        scopes: frozenset[str],
        token_hash: str | None,
        at: datetime,
        expires_at: datetime | None = None,
    ) -> None:
        """Does nothing when the name exists already: two imports that start together share one source."""
        await self._connection.execute(
            insert_ignoring(self._connection, _SOURCES, unique=["name"]),
            {
                "name": name,
                "scopes": ",".join(sorted(scopes)),
                "token_hash": token_hash,
                "created_at": at,
                "expires_at": expires_at,
            },
        )

    async def revoke(self, source_id: int, *, at: datetime) -> None:
        await self._connection.execute(update(_SOURCES).where(_SOURCES.c.id == source_id).values(revoked_at=at))

    async def progress(self, fingerprint: str, source_id: int) -> ImportProgress | None:
        row = (
            await self._connection.execute(
                select(_IMPORTS).where(_IMPORTS.c.fingerprint == fingerprint, _IMPORTS.c.source_id == source_id)
            )
        ).first()
        return ImportProgress(row.rows_done, row.accepted, row.duplicates, row.rejected) if row else None

    async def save_progress(
        self, fingerprint: str, source_id: int, file_name: str, progress: ImportProgress, *, at: datetime
    ) -> None:
        row = {
            "file_name": file_name, "rows_done": progress.rows_done, "accepted": progress.accepted,
            "duplicates": progress.duplicates, "rejected": progress.rejected, "updated_at": at,
        }  # fmt: skip
        # Two runs of one file may meet here; the later mark holds, and ids keep what it passes over from counting twice.
        await self._connection.execute(
            insert_ignoring(self._connection, _IMPORTS, unique=["fingerprint", "source_id"]),
            {"fingerprint": fingerprint, "source_id": source_id, **row},
        )
        await self._connection.execute(
            update(_IMPORTS)
            .where(_IMPORTS.c.fingerprint == fingerprint, _IMPORTS.c.source_id == source_id)
            .values(**row)
        )

    async def _one(self, condition: Any) -> Source | None:
        row = (await self._connection.execute(select(_SOURCES).where(condition))).first()
        return _source(row) if row else None


def _source(row: Any) -> Source:
    scopes = frozenset(filter(None, row.scopes.split(",")))
    return Source(row.id, row.name, scopes, row.created_at, row.expires_at, row.revoked_at, row.token_hash is not None)
