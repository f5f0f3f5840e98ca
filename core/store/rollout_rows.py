"""Rollouts, their ticks and marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.rollout import Rollout, RolloutState, Tick
from core.rollout_evidence import Mark
from core.store.columns import day_number, day_of
from core.store.rollout_tables import MarkRow, RolloutRow, RolloutTickRow
from core.store.series_rows import insert_ignoring

_ROLLOUTS: Any = RolloutRow.__table__  # type: ignore[attr-defined]
_TICKS: Any = RolloutTickRow.__table__  # type: ignore[attr-defined]
_MARKS: Any = MarkRow.__table__  # type: ignore[attr-defined]


class RolloutRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def latest(self, *, lock: bool = False) -> Rollout | None:
        """The newest rollout, whatever its state; with `lock` nobody else changes it before this transaction ends."""
        query = select(_ROLLOUTS).order_by(_ROLLOUTS.c.id.desc()).limit(1)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _rollout(row) if row else None

    async def add(self, fresh: Rollout, *, at: datetime) -> Rollout:
        """Store it; every older one that was live is replaced by it."""
        live = _ROLLOUTS.c.state.in_([RolloutState.RUNNING.value, RolloutState.PAUSED.value])
        await self._connection.execute(update(_ROLLOUTS).where(live).values(state=RolloutState.REPLACED.value))
        result = await self._connection.execute(
            insert(_ROLLOUTS)
            .values(
                channel=fresh.channel, zone=fresh.zone.key, started_on=day_number(fresh.started_on), people=list(fresh.people),
                started_by=fresh.started_by, started_at=at, state=fresh.state.value, paused_days=0, posted=0,
            )
            .returning(_ROLLOUTS.c.id)
        )  # fmt: skip
        return replace(fresh, id=int(result.scalar_one()))

    async def save(self, rollout: Rollout) -> None:
        """State, rests and posts; the rest of a rollout never changes."""
        await self._connection.execute(
            update(_ROLLOUTS)
            .where(_ROLLOUTS.c.id == rollout.id)
            .values(
                state=rollout.state.value, paused_days=rollout.paused_days, posted=rollout.posted,
                paused_on=day_number(rollout.paused_on) if rollout.paused_on else None,
            )
        )  # fmt: skip

    async def ticks(self, rollout_id: int) -> dict[str, Tick]:
        """By item."""
        rows = await self._connection.execute(select(_TICKS).where(_TICKS.c.rollout_id == rollout_id))
        return {row.item: Tick(row.item, row.ticked_at, row.ticked_by, row.evidence) for row in rows}

    async def tick(self, rollout_id: int, tick: Tick) -> None:
        """What is ticked already stays as it was ticked first."""
        await self._connection.execute(
            insert_ignoring(self._connection, _TICKS, unique=["rollout_id", "item"]),
            {
                "rollout_id": rollout_id, "item": tick.key, "ticked_at": tick.at, "ticked_by": tick.by,
                "evidence": tick.evidence,
            },
        )  # fmt: skip

    async def untick(self, rollout_id: int, item: str) -> None:
        await self._connection.execute(delete(_TICKS).where(_TICKS.c.rollout_id == rollout_id, _TICKS.c.item == item))

    async def marks(self) -> dict[str, Mark]:
        rows = await self._connection.execute(select(_MARKS))
        return {row.kind: Mark(row.subject, row.marked_by, row.marked_at) for row in rows}

    async def mark(self, kind: str, mark: Mark) -> None:
        """The first of a kind stays."""
        await self._connection.execute(
            insert_ignoring(self._connection, _MARKS, unique=["kind"]),
            {"kind": kind, "subject": mark.subject, "marked_by": mark.by, "marked_at": mark.at},
        )


def _rollout(row: Any) -> Rollout:
    return Rollout(
        row.id, row.channel, ZoneInfo(row.zone), day_of(row.started_on), tuple(row.people), row.started_by,
        RolloutState(row.state), day_of(row.paused_on) if row.paused_on is not None else None, row.paused_days, row.posted,
    )  # fmt: skip
