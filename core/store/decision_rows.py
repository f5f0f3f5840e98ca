"""The reasons why something was told or not, and what the guard refused: both count up in rows that stay few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.breach import BreachKind
from core.period import Cycle
from core.store.breach_tables import DecisionRow, RefusalRow

_DECISIONS: Any = DecisionRow.__table__  # type: ignore[attr-defined]
_REFUSALS: Any = RefusalRow.__table__  # type: ignore[attr-defined]
_KEY = ["workload_id", "cycle", "revision", "kind", "threshold_bp", "reason"]
_REFUSED_KEY = ["workload_id", "cycle", "revision"]


@dataclass(frozen=True, slots=True)
class KeptReason:
    """A reason that held for a threshold: how often it came up, first and last; `facts` as of the last change."""

    workload_id: int
    cycle: Cycle
    revision: int
    kind: BreachKind
    threshold_bp: int
    reason: str
    times: int
    first_at: datetime
    last_at: datetime
    facts: Mapping[str, Any]


class DecisionRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, reasons: Iterable[KeptReason]) -> None:
        """Add reasons: `times` counts on, the first time stays, the rest is replaced."""
        rows = [_row(one) for one in reasons]
        if not rows:
            return
        statement = self._insert(_DECISIONS)
        fresh = statement.excluded
        values = {"times": _DECISIONS.c.times + fresh.times, "last_at": fresh.last_at, "facts": fresh.facts}
        rows.sort(key=lambda row: tuple(row[name] for name in _KEY))
        await self._connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=values), rows)

    async def of_cycle(self, cycle: Cycle, *, workload_ids: Sequence[int] | None = None) -> dict[int, list[KeptReason]]:
        """Everything kept of a cycle by workload, latest first: one statement."""
        query = select(_DECISIONS).where(_DECISIONS.c.cycle == str(cycle)).order_by(_DECISIONS.c.last_at.desc())
        if workload_ids is not None:
            query = query.where(_DECISIONS.c.workload_id.in_(workload_ids))
        found: dict[int, list[KeptReason]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.workload_id, []).append(_kept(row))
        return found

    async def latest(
        self, cycle: Cycle, *, workload_ids: Sequence[int]
    ) -> dict[tuple[int, int, BreachKind], tuple[str, int]]:
        """The (reason, threshold) that held last in a cycle, by (workload, revision, kind): one statement."""
        names = (_DECISIONS.c[name] for name in ("workload_id", "revision", "kind", "reason", "threshold_bp"))
        query = (
            select(*names)
            .where(_DECISIONS.c.cycle == str(cycle), _DECISIONS.c.workload_id.in_(workload_ids))
            .order_by(_DECISIONS.c.last_at)
        )
        rows = (await self._connection.execute(query)).all()
        return {(number, revision, BreachKind(kind)): (reason, bp) for number, revision, kind, reason, bp in rows}

    async def add_refusals(self, refused: Mapping[tuple[int, str, int], int], *, at: datetime) -> None:
        """Count refused requests by (workload, cycle, revision)."""
        rows = [
            {**dict(zip(_REFUSED_KEY, key, strict=True)), "refused": count, "first_at": at, "last_at": at}
            for key, count in sorted(refused.items())
        ]
        if not rows:
            return
        statement = self._insert(_REFUSALS)
        values = {"refused": _REFUSALS.c.refused + statement.excluded.refused, "last_at": statement.excluded.last_at}
        await self._connection.execute(statement.on_conflict_do_update(index_elements=_REFUSED_KEY, set_=values), rows)

    async def refusals(self, cycle: Cycle, *, workload_ids: Sequence[int] | None = None) -> dict[tuple[int, int], int]:
        """Refused requests of a cycle by (workload, revision)."""
        query = (
            select(_REFUSALS.c.workload_id, _REFUSALS.c.revision, func.sum(_REFUSALS.c.refused))
            .where(_REFUSALS.c.cycle == str(cycle))
            .group_by(_REFUSALS.c.workload_id, _REFUSALS.c.revision)
        )
        if workload_ids is not None:
            query = query.where(_REFUSALS.c.workload_id.in_(workload_ids))
        return {(number, revision): int(count) for number, revision, count in await self._connection.execute(query)}

    def _insert(self, table: Any) -> Any:
        return sqlite_insert(table) if self._connection.dialect.name == "sqlite" else postgres_insert(table)


def _row(kept: KeptReason) -> dict[str, Any]:
    return {
        "workload_id": kept.workload_id, "cycle": str(kept.cycle), "revision": kept.revision, "kind": kept.kind.value,
        "threshold_bp": kept.threshold_bp, "reason": kept.reason, "times": kept.times, "first_at": kept.first_at,
        "last_at": kept.last_at, "facts": dict(kept.facts),
    }  # fmt: skip


def _kept(row: Any) -> KeptReason:
    return KeptReason(
        row.workload_id, Cycle.read(row.cycle), row.revision, BreachKind(row.kind), row.threshold_bp, row.reason,
        row.times, row.first_at, row.last_at, row.facts,
    )  # fmt: skip
