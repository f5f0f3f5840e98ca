"""A month's daily spend with its labels, streamed: however large the books, only a few rows are held at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.exporting.lines import BookedDay
from core.period import Cycle
from core.store.columns import day_number, day_of
from core.store.tables import DailyRow, SeriesRow, WorkloadRow
from core.usage import CLASS_NAMES, TokenClasses

_DAILY: Any = DailyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]
_PART: Final = 200


class ExportRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def days(self, cycle: Cycle) -> AsyncIterator[list[BookedDay]]:
        """Parts of the month's rows by day, workload and series; rows that were moved away whole are left out."""
        counts = [_DAILY.c[name] for name in ("requests", "unpriced_requests", "cost_nanos", *CLASS_NAMES)]
        query = (
            select(
                _DAILY.c.day, _WORKLOADS.c.name, _SERIES.c.provider, _SERIES.c.model, _SERIES.c.tier, _SERIES.c.tags, *counts
            )
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .join(_WORKLOADS, _WORKLOADS.c.id == _DAILY.c.workload_id)
            .where(_DAILY.c.day.between(day_number(cycle.first_on), day_number(cycle.last_on)))
            .order_by(_DAILY.c.day, _DAILY.c.workload_id, _DAILY.c.series_id)
        )  # fmt: skip
        result = await self._connection.stream(query)
        async for part in result.partitions(_PART):
            yield [
                BookedDay(
                    day_of(day), workload, provider, model, tier, tuple((name, value) for name, value in tags), requests, unpriced,
                    TokenClasses(*tokens), cost,
                )
                for day, workload, provider, model, tier, tags, requests, unpriced, cost, *tokens in part
                if requests or cost or any(tokens)
            ]  # fmt: skip
