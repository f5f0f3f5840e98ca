"""The audit chain's rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import GENESIS, digest
from core.standing import AuditLine
from core.store.tables import AuditRow

_AUDIT: Any = AuditRow.__table__  # type: ignore[attr-defined]
_CHAIN_LOCK: Final = 0x0A0D17
"""The advisory lock on PostgreSQL under which the chain grows: its next link needs the last one."""


class AuditRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, *, at: datetime, actor: str, act: str, subject: str, detail: Mapping[str, object]) -> None:
        """Add one link. On SQLite the write lock already serialises; on PostgreSQL an advisory lock does until commit."""
        await self.hold()
        last = (
            await self._connection.execute(select(_AUDIT.c.seq, _AUDIT.c.digest).order_by(_AUDIT.c.seq.desc()).limit(1))
        ).first()
        seq, previous = (last.seq + 1, last.digest) if last else (1, GENESIS)
        link = digest(previous, at=at, actor=actor, act=act, subject=subject, detail=detail)
        await self._connection.execute(
            insert(_AUDIT).values(
                seq=seq, at=at, actor=actor, act=act, subject=subject, detail=dict(detail), digest=link
            )
        )

    async def hold(self) -> None:
        """Take the chain's lock now, for an act whose entry can only be written once it is done."""
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK})

    async def newest(self, *, subject: str | None, limit: int) -> list[AuditLine]:
        query = select(_AUDIT).order_by(_AUDIT.c.seq.desc()).limit(limit)
        if subject is not None:
            query = query.where(_AUDIT.c.subject == subject)
        return [_line(row) for row in await self._connection.execute(query)]

    async def count(self, *, subject: str | None) -> int:
        query = select(func.count()).select_from(_AUDIT)
        if subject is not None:
            query = query.where(_AUDIT.c.subject == subject)
        return int((await self._connection.execute(query)).scalar_one())

    async def links(self) -> AsyncIterator[tuple[int, str, Mapping[str, object]]]:
        """Every link in order, as `core.audit.first_break` takes them; constant memory."""
        result = await self._connection.stream(select(_AUDIT).order_by(_AUDIT.c.seq))
        async for row in result:
            yield (
                row.seq,
                row.digest,
                {"at": row.at, "actor": row.actor, "act": row.act, "subject": row.subject, "detail": row.detail},
            )


def _line(row: Any) -> AuditLine:
    return AuditLine(row.seq, row.at, row.actor, row.act, row.subject, row.detail, row.digest)
