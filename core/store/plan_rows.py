"""Plans and business metrics of workloads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.forecasting.month import BusinessMetric
from core.rates import Band, Rate
from core.scenario import CacheChange, Change, InputChange, ModelMove, OutputChange, Plan, PriceChange, VolumeChange
from core.store.columns import day_number, day_of
from core.store.forecast_tables import MetricPointRow, MetricRow, PlanRow
from core.usage import TokenClasses

_PLANS: Any = PlanRow.__table__  # type: ignore[attr-defined]
_METRICS: Any = MetricRow.__table__  # type: ignore[attr-defined]
_POINTS: Any = MetricPointRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan with its number, its workload and who entered it (Slack user id)."""

    id: int
    workload_id: int
    plan: Plan
    planned_by: str


class PlanRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def standing(self, *, workload_id: int | None = None) -> list[StoredPlan]:
        """Plans that were not withdrawn, by their day."""
        query = select(_PLANS).where(_PLANS.c.withdrawn_at.is_(None)).order_by(_PLANS.c.from_day, _PLANS.c.id)
        if workload_id is not None:
            query = query.where(_PLANS.c.workload_id == workload_id)
        return [_stored(row) for row in await self._connection.execute(query)]

    async def of(self, plan_id: int) -> StoredPlan | None:
        row = (
            await self._connection.execute(
                select(_PLANS).where(_PLANS.c.id == plan_id, _PLANS.c.withdrawn_at.is_(None))
            )
        ).first()
        return _stored(row) if row else None

    async def add(self, workload_id: int, plan: Plan, *, by: str, at: datetime) -> int:
        values = {
            "workload_id": workload_id, "from_day": day_number(plan.from_on), "changes": [packed(change) for change in plan.changes],
            "note": plan.note, "planned_by": by, "planned_at": at,
        }  # fmt: skip
        return int(
            (await self._connection.execute(insert(_PLANS).values(**values).returning(_PLANS.c.id))).scalar_one()
        )

    async def withdraw(self, plan_id: int, *, at: datetime) -> None:
        await self._connection.execute(update(_PLANS).where(_PLANS.c.id == plan_id).values(withdrawn_at=at))

    async def metrics(self) -> dict[int, BusinessMetric]:
        """Every workload's metric with all its days."""
        units = {row.workload_id: row.unit for row in await self._connection.execute(select(_METRICS))}
        days: dict[tuple[int, bool], dict[date, float]] = defaultdict(dict)
        for row in await self._connection.execute(select(_POINTS)):
            days[row.workload_id, bool(row.is_planned)][day_of(row.day)] = row.amount
        return {number: BusinessMetric(unit, days[number, False], days[number, True]) for number, unit in units.items()}

    async def set_metric(
        self, workload_id: int, unit: str, *, actual: Mapping[date, float], planned: Mapping[date, float]
    ) -> None:
        """Tie a metric to a workload, and keep these days of it; days given before and not now stay."""
        await self._connection.execute(delete(_METRICS).where(_METRICS.c.workload_id == workload_id))
        await self._connection.execute(insert(_METRICS).values(workload_id=workload_id, unit=unit))
        for points, is_planned in ((actual, False), (planned, True)):
            numbers = [day_number(day) for day in points]
            where = (
                (_POINTS.c.workload_id == workload_id)
                & (_POINTS.c.is_planned == is_planned)
                & _POINTS.c.day.in_(numbers)
            )
            await self._connection.execute(delete(_POINTS).where(where))
            rows = [
                {"workload_id": workload_id, "day": day_number(day), "is_planned": is_planned, "amount": amount}
                for day, amount in points.items()
            ]
            if rows:
                await self._connection.execute(insert(_POINTS), rows)


def packed(change: Change) -> list[Any]:
    """A change as plain values; the inverse of `unpacked`."""
    match change:
        case VolumeChange(factor):
            return ["volume", factor]
        case InputChange(factor):
            return ["input", factor]
        case OutputChange(factor):
            return ["output", factor]
        case CacheChange(points):
            return ["cache", points]
        case ModelMove(source, target, share):
            return ["move", source, target, share]
        case PriceChange(model, rate):
            bands = [[band.above, [str(price) for price in band.prices], str(band.per_request)] for band in rate.bands]
            return ["price", model, rate.source, bands, str(rate.per)]


def unpacked(values: list[Any]) -> Change:
    """Raises ValueError for a kind that this version does not know."""
    kind, *rest = values
    simple = {
        "volume": VolumeChange,
        "input": InputChange,
        "output": OutputChange,
        "cache": CacheChange,
        "move": ModelMove,
    }
    if kind in simple:
        change: Change = simple[kind](*rest)
        return change
    if kind == "price":
        model, source, bands, per = rest
        made = tuple(
            Band(above, TokenClasses(*(int(price) for price in prices)), int(fee)) for above, prices, fee in bands
        )
        return PriceChange(model, Rate(source, made, int(per)))
    raise ValueError(f"a plan holds an unknown change: {kind}")


def _stored(row: Any) -> StoredPlan:
    changes = tuple(unpacked(change) for change in row.changes)
    return StoredPlan(row.id, row.workload_id, Plan(day_of(row.from_day), changes, row.note), row.planned_by)
