"""Closed cycles: their frozen estimates, and the adjustments that come after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.close import Adjustment, Because, CycleClosing, Figure, FrozenLine, Place
from core.period import Cycle
from core.store.closing_tables import AdjustmentRow, CycleClosingRow, FrozenRow
from core.store.columns import day_number, day_of
from core.store.series_rows import insert_ignoring
from core.store.tables import DailyRow, SeriesRow, UsageRow

_CLOSINGS: Any = CycleClosingRow.__table__  # type: ignore[attr-defined]
_FROZEN: Any = FrozenRow.__table__  # type: ignore[attr-defined]
_ADJUSTMENTS: Any = AdjustmentRow.__table__  # type: ignore[attr-defined]
_DAILY: Any = DailyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]


class ClosingRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, cycle: Cycle, *, lock: bool = False) -> CycleClosing | None:
        """How a cycle was closed; None while it runs. With `lock` nobody else closes it before this transaction ends."""
        query = select(_CLOSINGS).where(_CLOSINGS.c.cycle == str(cycle))
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _closing(row) if row else None

    async def is_frozen(self, cycle: Cycle) -> bool:
        """Whether the cycle changes through adjustments only."""
        found = await self.of(cycle)
        return found is not None and found.frozen_at is not None

    async def latest(self) -> CycleClosing | None:
        """The last cycle that was turned."""
        row = (await self._connection.execute(select(_CLOSINGS).order_by(_CLOSINGS.c.cycle.desc()).limit(1))).first()
        return _closing(row) if row else None

    async def recent(self, limit: int) -> list[CycleClosing]:
        """The last closed cycles, oldest first."""
        query = select(_CLOSINGS).order_by(_CLOSINGS.c.cycle.desc()).limit(limit)
        return [_closing(row) for row in (await self._connection.execute(query)).all()][::-1]

    async def turn(self, closing: CycleClosing) -> bool:
        """Keep that a cycle is over; False where somebody was first."""
        values = {
            "cycle": str(closing.cycle), "ended_at": closing.ended_at, "frozen_from": closing.frozen_from,
            "turned_at": closing.turned_at,
        }  # fmt: skip
        done = await self._connection.execute(insert_ignoring(self._connection, _CLOSINGS, unique=["cycle"]), values)
        return bool(done.rowcount)

    async def freeze(self, cycle: Cycle, lines: Sequence[FrozenLine], *, at: datetime) -> bool:
        """Keep the estimate of a turned cycle for good; False where it is frozen already."""
        unfrozen = update(_CLOSINGS).where(_CLOSINGS.c.cycle == str(cycle), _CLOSINGS.c.frozen_at.is_(None))
        if not (await self._connection.execute(unfrozen.values(frozen_at=at))).rowcount:
            return False
        rows = [
            {
                "cycle": str(cycle), "workload_id": line.workload_id, "provider": line.provider, "model": line.model,
                "tier": line.tier, "rate_id": line.rate_id or 0, "requests": line.requests, "cost_nanos": line.nanos,
            }
            for line in lines
        ]  # fmt: skip
        for start in range(0, len(rows), 500):
            await self._connection.execute(insert(_FROZEN), rows[start : start + 500])
        return True

    async def frozen(self, cycle: Cycle) -> list[FrozenLine]:
        """The estimate as it was frozen; empty before."""
        query = select(_FROZEN).where(_FROZEN.c.cycle == str(cycle)).order_by(*_FROZEN.primary_key.columns)
        return [
            FrozenLine(
                row.workload_id, row.provider, row.model, row.tier, row.rate_id or None, row.requests, row.cost_nanos
            )
            for row in await self._connection.execute(query)
        ]

    async def adjust(self, adjustments: Iterable[Adjustment]) -> None:
        """Add adjustments; none is ever changed or removed."""
        rows = [
            {
                "cycle": str(one.cycle), "workload_id": one.place.workload_id, "provider": one.place.provider,
                "requests": one.figure.requests, "cost_nanos": one.figure.nanos, "because": one.because.value,
                "booked_day": day_number(one.booked_on), "at": one.at, "by": one.by,
            }
            for one in adjustments
        ]  # fmt: skip
        if rows:
            await self._connection.execute(insert(_ADJUSTMENTS), rows)

    async def adjustments(self, cycle: Cycle) -> list[Adjustment]:
        """All of a cycle, oldest first."""
        query = select(_ADJUSTMENTS).where(_ADJUSTMENTS.c.cycle == str(cycle)).order_by(_ADJUSTMENTS.c.id)
        return [
            Adjustment(
                cycle, Place(row.workload_id, row.provider), Figure(row.cost_nanos, row.requests), Because(row.because),
                day_of(row.booked_day), row.at, row.by, row.id,
            )
            for row in await self._connection.execute(query)
        ]  # fmt: skip

    async def to_freeze(self, starts_at: datetime, ends_at: datetime) -> list[FrozenLine]:
        """What the journal holds between two instants, by workload, model and rate. Reads every event of the month once."""
        labels = (_USAGE.c.workload_id, _SERIES.c.provider, _SERIES.c.model, _SERIES.c.tier, _USAGE.c.rate_id)
        query = (
            select(*labels, func.sum(_USAGE.c.requests), func.sum(func.coalesce(_USAGE.c.cost_nanos, 0)))
            .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
            .where(_USAGE.c.at >= starts_at, _USAGE.c.at < ends_at, _USAGE.c.superseded == 0)
            .group_by(*labels)
        )
        return [
            FrozenLine(workload, provider, model, tier, rate, int(requests), int(nanos))
            for workload, provider, model, tier, rate, requests, nanos in await self._connection.execute(query)
        ]

    async def live(self, cycle: Cycle) -> dict[Place, Figure]:
        """What the books say of a cycle now, by workload and provider."""
        query = (
            select(_DAILY.c.workload_id, _SERIES.c.provider, func.sum(_DAILY.c.cost_nanos), func.sum(_DAILY.c.requests))
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(_DAILY.c.day.between(day_number(cycle.first_on), day_number(cycle.last_on)))
            .group_by(_DAILY.c.workload_id, _SERIES.c.provider)
        )
        return {
            Place(workload, provider): Figure(int(nanos), int(requests))
            for workload, provider, nanos, requests in await self._connection.execute(query)
        }


def _closing(row: Any) -> CycleClosing:
    return CycleClosing(Cycle.read(row.cycle), row.ended_at, row.frozen_from, row.turned_at, row.frozen_at)
