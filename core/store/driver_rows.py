"""Drivers of the forecast, read from the projections: usage per day and model, and the shape of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.columns import day_number, day_of
from core.store.tables import DailyRow, HourlyRow, SeriesRow
from core.token_shape import DayUsage
from core.usage import CLASS_NAMES, TokenClasses

_DAILY: Any = DailyRow.__table__  # type: ignore[attr-defined]
_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]


_PART: Final = 500
"""Rows handled at a time: about two milliseconds."""


@dataclass(frozen=True, slots=True)
class Priced:
    """What stands behind a model key of the drivers: who provides it, under which name and tier."""

    provider: str
    model: str
    tier: str


def key_of(model: str, tier: str) -> str:
    """The name under which drivers know a model: its own, with the tier where that changes the price."""
    return model if tier == "standard" else f"{model} ({tier})"


@dataclass(frozen=True, slots=True)
class Drivers:
    """Usage per day and model of one workload, and what its model keys stand for."""

    days: tuple[DayUsage, ...]
    models: dict[str, Priced]


class DriverRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def between(
        self, first_on: date, last_on: date, *, workload_ids: Sequence[int] | None = None
    ) -> dict[int, Drivers]:
        """Per workload, over those days, both included; one statement. Workloads without usage are absent."""
        labels = (_DAILY.c.workload_id, _DAILY.c.day, _SERIES.c.model, _SERIES.c.tier)
        sums = [func.sum(_DAILY.c[name]) for name in ("requests", *CLASS_NAMES, "cost_nanos")]
        query = (
            select(*labels, func.min(_SERIES.c.provider), *sums)
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(_DAILY.c.day.between(day_number(first_on), day_number(last_on)))
            .group_by(*labels)
        )
        if workload_ids is not None:
            query = query.where(_DAILY.c.workload_id.in_(workload_ids))
        days: dict[int, list[DayUsage]] = defaultdict(list)
        models: dict[int, dict[str, Priced]] = defaultdict(dict)
        async for workload, day, model, tier, provider, requests, *rest in self._rows(query):
            *tokens, cost = (int(value) for value in rest)
            if not int(requests):
                # What re-attribution left behind: a row whose sums are all zero.
                continue
            key = key_of(model, tier)
            days[workload].append(DayUsage(day_of(day), key, int(requests), TokenClasses(*tokens), cost))
            models[workload].setdefault(key, Priced(provider, model, tier))
        return {workload: Drivers(tuple(found), models[workload]) for workload, found in days.items()}

    async def hours(
        self, workload_ids: Sequence[int], since: datetime, until: datetime, zone: ZoneInfo
    ) -> dict[int, list[list[float]]]:
        """Cost per hour of the day, per past day, in the books' zone; for the profile of a partial day."""
        query = (
            select(_HOURLY.c.workload_id, _HOURLY.c.hour, func.sum(_HOURLY.c.cost_nanos))
            .where(_HOURLY.c.hour >= int(since.timestamp()), _HOURLY.c.hour < int(until.timestamp()))
            .where(_HOURLY.c.workload_id.in_(workload_ids))
            .group_by(_HOURLY.c.workload_id, _HOURLY.c.hour)
        )
        found: dict[int, dict[date, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0] * 24))
        async for workload, hour, cost in self._rows(query):
            local = datetime.fromtimestamp(hour, zone)
            found[workload][local.date()][local.hour] += float(cost)
        return {workload: list(days.values()) for workload, days in found.items()}

    async def by_hour(
        self, workload_id: int, since: datetime, until: datetime
    ) -> list[list[tuple[str, int, TokenClasses, int]]]:
        """Per hour with usage, oldest first, what it used of each model: (model, requests, tokens, nanos); one statement."""
        labels = (_HOURLY.c.hour, _SERIES.c.model)
        sums = [func.sum(_HOURLY.c[name]) for name in ("requests", *CLASS_NAMES, "cost_nanos")]
        query = (
            select(*labels, *sums)
            .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
            .where(_HOURLY.c.workload_id == workload_id)
            .where(_HOURLY.c.hour >= int(since.timestamp()), _HOURLY.c.hour < int(until.timestamp()))
            .group_by(*labels)
            .order_by(*labels)
        )
        found: dict[int, list[tuple[str, int, TokenClasses, int]]] = defaultdict(list)
        async for hour, model, requests, *rest in self._rows(query):
            *tokens, cost = (int(value) for value in rest)
            if int(requests):
                found[hour].append((model, int(requests), TokenClasses(*tokens), cost))
        return list(found.values())

    async def _rows(self, query: Any) -> AsyncIterator[Any]:
        """The rows in small parts, between which the event loop answers others: a large company has half a million."""
        result = await self._connection.stream(query)
        async for part in result.partitions(_PART):
            for row in part:
                yield row
