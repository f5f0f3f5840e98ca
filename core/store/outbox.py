"""The outbox: what has to be told, kept in the transaction that decided it, claimed by lease and marked once sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.series_rows import insert_ignoring
from core.store.tables import OutboxRow

_OUTBOX: Any = OutboxRow.__table__  # type: ignore[attr-defined]
LEASE: Final = timedelta(seconds=60)
"""How long a claim holds: longer than the slowest send with its look-back, short enough after a crash."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to send.

    Attributes:
      kind: what the facts mean; the view is chosen by it.
      recipient: a Slack user id (a DM) or a channel id.
      facts: of the moment of the decision, plain values.
      channel, ts: where it was posted, once it was.
    """

    id: int
    kind: str
    recipient: str
    request_id: int | None
    facts: Mapping[str, Any]
    attempts: int
    channel: str | None = None
    ts: str | None = None


class Outbox:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        dedup_key: str,
        kind: str,
        recipient: str,
        *,
        facts: Mapping[str, object],
        at: datetime,
        request_id: int | None = None,
    ) -> None:
        """Put a message in; the same `dedup_key` again changes nothing."""
        await self._connection.execute(
            insert_ignoring(self._connection, _OUTBOX, unique=["dedup_key"]),
            {
                "dedup_key": dedup_key, "kind": kind, "recipient": recipient, "request_id": request_id,
                "facts": dict(facts), "created_at": at, "due_at": at, "attempts": 0,
            },
        )  # fmt: skip

    async def claim(self, *, now: datetime, limit: int = 10) -> list[Notice]:
        """Take due, unsent notices for the length of the lease; compare-and-swap, so that no two processes hold one."""
        due = _OUTBOX.c.sent_at.is_(None) & _OUTBOX.c.parked_because.is_(None) & (_OUTBOX.c.due_at <= now)
        rows = (
            await self._connection.execute(
                select(_OUTBOX).where(due).order_by(_OUTBOX.c.due_at, _OUTBOX.c.id).limit(limit)
            )
        ).all()
        claimed = []
        for row in rows:
            swap = update(_OUTBOX).where(
                _OUTBOX.c.id == row.id, _OUTBOX.c.sent_at.is_(None), _OUTBOX.c.due_at == row.due_at
            )
            result = await self._connection.execute(swap.values(due_at=now + LEASE, attempts=row.attempts + 1))
            if result.rowcount == 1:
                claimed.append(Notice(row.id, row.kind, row.recipient, row.request_id, row.facts, row.attempts + 1))
        return claimed

    async def sent(self, notice_id: int, *, channel: str, ts: str, at: datetime) -> None:
        await self._connection.execute(
            update(_OUTBOX).where(_OUTBOX.c.id == notice_id).values(sent_at=at, channel=channel, ts=ts)
        )

    async def retry_at(self, notice_id: int, due_at: datetime) -> None:
        await self._connection.execute(
            update(_OUTBOX).where(_OUTBOX.c.id == notice_id, _OUTBOX.c.sent_at.is_(None)).values(due_at=due_at)
        )

    async def park(self, notice_id: int, because: str) -> None:
        """Give up on it until somebody mends the cause; it stays visible as parked."""
        await self._connection.execute(update(_OUTBOX).where(_OUTBOX.c.id == notice_id).values(parked_because=because))

    async def unpark(self, reasons: Collection[str], *, due_at: datetime) -> None:
        """Try again what was parked for one of these reasons."""
        parked = update(_OUTBOX).where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.parked_because.in_(sorted(reasons)))
        await self._connection.execute(parked.values(parked_because=None, due_at=due_at))

    async def copies(self, request_id: int) -> list[tuple[str, str]]:
        """(channel, ts) of every message sent about a change request."""
        query = select(_OUTBOX.c.channel, _OUTBOX.c.ts).where(
            _OUTBOX.c.request_id == request_id, _OUTBOX.c.sent_at.is_not(None)
        )
        return [(channel, ts) for channel, ts in await self._connection.execute(query)]
