"""What the rollout looks up in the books: one statement each, whatever their size."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, case, cast, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.rollout_evidence import Covered, Mark
from core.store.breach_tables import BreachRow
from core.store.columns import day_number
from core.store.guard_tables import HoldRow
from core.store.invoice_tables import ReconciliationRow
from core.store.tables import AuditRow, DailyRow, HourlyRow, SeriesRow, WorkloadRow

_AUDIT: Any = AuditRow.__table__  # type: ignore[attr-defined]
_BREACHES: Any = BreachRow.__table__  # type: ignore[attr-defined]
_CLOSES: Any = ReconciliationRow.__table__  # type: ignore[attr-defined]
_DAILY: Any = DailyRow.__table__  # type: ignore[attr-defined]
_HOLDS: Any = HoldRow.__table__  # type: ignore[attr-defined]
_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]


class Activity(NamedTuple):
    """One workload over some days; `days` are those with usage."""

    nanos: int
    requests: int
    unpriced_requests: int
    days: int


class RolloutEvidenceRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def activity(self, first_on: date, last_on: date) -> dict[int, Activity]:
        """Per workload over those days, both included."""
        query = (
            select(
                _DAILY.c.workload_id, _sum(_DAILY.c.cost_nanos), _sum(_DAILY.c.requests),
                _sum(_DAILY.c.unpriced_requests), func.count(distinct(_DAILY.c.day)),
            )
            .where(_DAILY.c.day.between(day_number(first_on), day_number(last_on)), _DAILY.c.requests > 0)
            .group_by(_DAILY.c.workload_id)
        )  # fmt: skip
        rows = await self._connection.execute(query)
        return {number: Activity(*map(int, sums)) for number, *sums in rows}

    async def coverage(self, first_on: date, last_on: date) -> dict[str, Covered]:
        """How much of the dollars carries a feature, and an environment."""
        columns = {"feature": _SERIES.c.feature, "environment": _SERIES.c.environment}
        query = (
            select(
                _sum(_DAILY.c.cost_nanos),
                *(_sum(case((column.is_(None), _DAILY.c.cost_nanos), else_=0)) for column in columns.values()),
            )
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(_DAILY.c.day.between(day_number(first_on), day_number(last_on)))
        )
        total, *bare = map(int, (await self._connection.execute(query)).one())
        return {
            name: Covered(1 - missing / total if total else None, missing)
            for name, missing in zip(columns, bare, strict=True)
        }

    async def guarded_since(self, since: datetime) -> frozenset[int]:
        """Workloads whose requests have asked the guard since then."""
        query = select(_HOLDS.c.workload_id).where(_HOLDS.c.created_at >= since).distinct()
        return frozenset((await self._connection.execute(query)).scalars())

    async def dearest_hours(self, since: datetime) -> dict[int, int]:
        """The most nanos that each workload spent in one hour since then."""
        hours = (
            select(_HOURLY.c.workload_id, func.sum(_HOURLY.c.cost_nanos).label("nanos"))
            .where(_HOURLY.c.hour >= int(since.timestamp()))
            .group_by(_HOURLY.c.workload_id, _HOURLY.c.hour)
            .subquery()
        )
        query = select(hours.c.workload_id, func.max(hours.c.nanos)).group_by(hours.c.workload_id)
        return {number: int(nanos) for number, nanos in await self._connection.execute(query)}

    async def first_acknowledged(self) -> Mark | None:
        """The first real alert that somebody acknowledged."""
        query = (
            select(_BREACHES.c.acknowledged_by, _BREACHES.c.acknowledged_at, _WORKLOADS.c.name)
            .join(_WORKLOADS, _WORKLOADS.c.id == _BREACHES.c.workload_id)
            .where(_BREACHES.c.acknowledged_at.is_not(None))
            .order_by(_BREACHES.c.acknowledged_at)
            .limit(1)
        )
        row = (await self._connection.execute(query)).first()
        return Mark(f"the alert of {row.name}", row.acknowledged_by, row.acknowledged_at) if row else None

    async def first_dry_run(self) -> Mark | None:
        """The first ladder that was set to report only."""
        query = (
            select(_AUDIT.c.subject, _AUDIT.c.actor, _AUDIT.c.at)
            .where(
                _AUDIT.c.act.in_(["opened envelope", "changed envelope"]), cast(_AUDIT.c.detail, Text).like("%dry-run%")
            )
            .order_by(_AUDIT.c.seq)
            .limit(1)
        )
        row = (await self._connection.execute(query)).first()
        return Mark(row.subject, row.actor, row.at) if row else None

    async def first_signed(self) -> str | None:
        """The first comparison that was closed by its signatures, in words."""
        query = (
            select(_CLOSES.c.provider, _CLOSES.c.month)
            .where(_CLOSES.c.closed_at.is_not(None))
            .order_by(_CLOSES.c.closed_at)
            .limit(1)
        )
        row = (await self._connection.execute(query)).first()
        return f"{row.provider} {row.month} is signed by engineering and finance." if row else None


def _sum(column: Any) -> Any:
    # PostgreSQL sums BIGINT to NUMERIC; what is summed stays far below 2**63.
    return func.coalesce(func.sum(column), 0)
