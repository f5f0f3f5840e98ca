"""Hours of spend by workload, for telling a runaway: the last few with their labels, and four weeks to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import HourlyRow, SeriesRow

_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_PART: Final = 500
"""Rows handled at a time: about two milliseconds."""
_EVIDENCE: Final = ("model", "feature", "customer")


class HourSpend(NamedTuple):
    """One workload's hour: Unix seconds of its start, nanos, requests."""

    hour: int
    cost_nanos: int
    requests: int


class HourRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def between(
        self, since: datetime, until: datetime, *, workload_ids: Sequence[int] | None = None
    ) -> dict[int, list[HourSpend]]:
        """Per workload, oldest first, from `since` up to but without `until`; hours without usage are absent.

        One statement; the rows come in small parts, between which the event loop answers others.
        """
        query = (
            select(_HOURLY.c.workload_id, _HOURLY.c.hour, func.sum(_HOURLY.c.cost_nanos), func.sum(_HOURLY.c.requests))
            .where(_HOURLY.c.hour >= int(since.timestamp()), _HOURLY.c.hour < int(until.timestamp()))
            .group_by(_HOURLY.c.workload_id, _HOURLY.c.hour)
            .order_by(_HOURLY.c.hour)
        )
        if workload_ids is not None:
            query = query.where(_HOURLY.c.workload_id.in_(workload_ids))
        found: dict[int, list[HourSpend]] = {}
        result = await self._connection.stream(query)
        async for part in result.partitions(_PART):
            for workload, hour, cost, requests in part:
                found.setdefault(workload, []).append(HourSpend(hour, int(cost), int(requests)))
        return found

    async def leading(self, workload_id: int, hour_at: datetime) -> list[tuple[str, str, int]]:
        """(dimension, label, nanos): of each kind of label the one with most spend in that hour."""
        found = []
        for dimension in _EVIDENCE:
            label = _SERIES.c[dimension]
            total = func.sum(_HOURLY.c.cost_nanos)
            query = (
                select(label, total)
                .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
                .where(_HOURLY.c.hour == int(hour_at.timestamp()), _HOURLY.c.workload_id == workload_id)
                .where(label.is_not(None))
                .group_by(label)
                .order_by(total.desc(), label)
                .limit(1)
            )
            row = (await self._connection.execute(query)).first()
            if row is not None and int(row[1]) > 0:
                found.append((dimension, str(row[0]), int(row[1])))
        return found
