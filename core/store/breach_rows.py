"""Breaches in the books: one row a threshold, cycle and revision, whatever restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import String, cast, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.breach import Breach, BreachKind, BreachState, Closing
from core.period import Cycle
from core.store.breach_tables import BreachRow
from core.store.outbox_tables import OutboxRow
from core.store.series_rows import insert_ignoring
from core.store.tables import WorkloadRow

_BREACHES: Any = BreachRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]
_OUTBOX: Any = OutboxRow.__table__  # type: ignore[attr-defined]
_KEY = ["workload_id", "cycle", "revision", "kind", "threshold_bp"]


class BreachRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, breach_id: int, *, lock: bool = False) -> Breach | None:
        """One breach or None; with `lock` nobody else changes it before this transaction ends."""
        found = await self._where(_BREACHES.c.id == breach_id, lock=lock)
        return found[0] if found else None

    async def open_of(self, workload_id: int, cycle: Cycle) -> list[Breach]:
        """Those of an envelope and cycle that are not closed, oldest first."""
        return await self._where(
            _BREACHES.c.workload_id == workload_id,
            _BREACHES.c.cycle == str(cycle),
            _BREACHES.c.state != BreachState.CLOSED.value,
        )

    async def of_cycle(self, cycle: Cycle, *, workload_ids: Sequence[int] | None = None) -> dict[int, list[Breach]]:
        """All of a cycle by workload, closed ones included, oldest first: one statement."""
        return self._by_workload(await self._where(_BREACHES.c.cycle == str(cycle), *_among(workload_ids)))

    async def left_open(self, cycle: Cycle, *, workload_ids: Sequence[int] | None = None) -> dict[int, list[Breach]]:
        """Those of cycles before this one that nobody has closed yet, by workload."""
        is_open = _BREACHES.c.state != BreachState.CLOSED.value
        return self._by_workload(await self._where(_BREACHES.c.cycle < str(cycle), is_open, *_among(workload_ids)))

    async def open(self, breach: Breach) -> Breach:
        """Put a new breach in, or find the one of the same threshold, cycle and revision; with its number."""
        values = {
            **_columns(breach),
            **{name: getattr(breach, name) for name in ("workload_id", "revision", "threshold_bp")},
        }
        values |= {"cycle": str(breach.cycle), "kind": breach.kind.value, "opened_at": breach.opened_at}
        await self._connection.execute(insert_ignoring(self._connection, _BREACHES, unique=_KEY), values)
        (found,) = await self._where(*(_BREACHES.c[name] == values[name] for name in _KEY))
        return found

    async def save(self, breach: Breach) -> Breach:
        """Store what may change of a breach: all but its threshold and when it was opened."""
        assert breach.id
        await self._connection.execute(update(_BREACHES).where(_BREACHES.c.id == breach.id).values(_columns(breach)))
        return breach

    async def has_undelivered(self) -> bool:
        """Whether a breach is known whose message was not out when somebody looked last."""
        query = select(_BREACHES.c.id).where(_BREACHES.c.told_at.is_(None)).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def mark_delivered(self) -> None:
        """Breaches whose message is out are told, from when it was; what was decided or closed meanwhile stays that."""
        sent = (
            select(func.min(_OUTBOX.c.sent_at, type_=_OUTBOX.c.sent_at.type))
            .where(
                _OUTBOX.c.subject == literal("breach/") + cast(_BREACHES.c.id, String), _OUTBOX.c.sent_at.is_not(None)
            )
            .scalar_subquery()
        )
        untold = update(_BREACHES).where(_BREACHES.c.told_at.is_(None), sent.is_not(None))
        await self._connection.execute(untold.values(told_at=sent))
        opened = update(_BREACHES).where(_BREACHES.c.state == BreachState.OPEN.value, _BREACHES.c.told_at.is_not(None))
        await self._connection.execute(opened.values(state=BreachState.TOLD.value))

    async def _where(self, *conditions: Any, lock: bool = False) -> list[Breach]:
        query = (
            select(_BREACHES, _WORKLOADS.c.name)
            .join(_WORKLOADS, _WORKLOADS.c.id == _BREACHES.c.workload_id)
            .where(*conditions)
            .order_by(_BREACHES.c.id)
        )
        if lock:
            query = query.with_for_update(of=_BREACHES)
        return [_breach(row) for row in await self._connection.execute(query)]

    def _by_workload(self, breaches: Sequence[Breach]) -> dict[int, list[Breach]]:
        found: dict[int, list[Breach]] = {}
        for breach in breaches:
            found.setdefault(breach.workload_id, []).append(breach)
        return found


def _among(workload_ids: Sequence[int] | None) -> list[Any]:
    return [] if workload_ids is None else [_BREACHES.c.workload_id.in_(workload_ids)]


def _columns(breach: Breach) -> dict[str, Any]:
    return {
        "state": breach.state.value, "told_at": breach.told_at, "decided_at": breach.decided_at,
        "decided_by": breach.decided_by, "closed_at": breach.closed_at,
        "closed_because": breach.closed_because.value if breach.closed_because else None,
        "acknowledged_by": breach.acknowledged_by, "acknowledged_at": breach.acknowledged_at,
        "worst_nanos": breach.worst_nanos, "facts": dict(breach.facts),
    }  # fmt: skip


def _breach(row: Any) -> Breach:
    opened = Breach(
        row.workload_id, row.name, Cycle.read(row.cycle), row.revision, BreachKind(row.kind), row.threshold_bp,
        row.opened_at, row.id, BreachState(row.state), facts=row.facts,
    )  # fmt: skip
    return replace(
        opened, told_at=row.told_at, decided_at=row.decided_at, decided_by=row.decided_by, closed_at=row.closed_at,
        closed_because=Closing(row.closed_because) if row.closed_because else None, acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at, worst_nanos=row.worst_nanos,
    )  # fmt: skip
