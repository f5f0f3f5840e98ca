"""Reading the projections: sums by workload, day, label. Every query is one statement over the primary key's range."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.columns import day_number, day_of
from core.store.event_months import EventMonths
from core.store.tables import DailyRow, HourlyRow, SeriesRow, UsageRow
from core.usage import CLASS_NAMES, DIMENSIONS, TokenClasses

_DAILY: Any = DailyRow.__table__  # type: ignore[attr-defined]
_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_GROUPED = (*DIMENSIONS, "model", "provider")
_TOKEN_CLASSES = CLASS_NAMES[:8]
"""All but `web_searches`, which are calls."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums over some days: nanos, requests, requests without a price, and the newest event, aware UTC.

    `last_day_nanos` is the part of `cost_nanos` that was spent on the day asked for as `last_day`; 0 without one.
    """

    cost_nanos: int = 0
    requests: int = 0
    unpriced_requests: int = 0
    latest_at: datetime | None = None
    last_day_nanos: int = 0


class UtcDaySpend(NamedTuple):
    """What the books know of one UTC day and series."""

    day: date
    series_id: int
    requests: int
    tokens: int
    cost_nanos: int


def _sum(column: Any) -> Any:
    # PostgreSQL sums BIGINT to NUMERIC; the total of the books stays far below 2**63 nanos (9.2 billion dollars).
    return func.coalesce(func.sum(column), 0)


class SpendRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_workload(
        self, first_on: date, last_on: date, *, workload_ids: Sequence[int] | None = None, last_day: date | None = None
    ) -> dict[int, Spent]:
        """Per workload over those days, both included, or of some of them. Workloads without usage are absent."""
        on_last_day = (
            func.sum(case((_DAILY.c.day == day_number(last_day), _DAILY.c.cost_nanos), else_=0))
            if last_day
            else literal(0)
        )
        query = (
            select(
                _DAILY.c.workload_id, _sum(_DAILY.c.cost_nanos), _sum(_DAILY.c.requests),
                _sum(_DAILY.c.unpriced_requests), func.max(_DAILY.c.latest_at, type_=_DAILY.c.latest_at.type), on_last_day,
            )
            .where(_between(first_on, last_on))
            .group_by(_DAILY.c.workload_id)
        )  # fmt: skip
        if workload_ids is not None:
            query = query.where(_DAILY.c.workload_id.in_(workload_ids))
        result = await self._connection.execute(query)
        return {
            workload: Spent(int(cost), int(requests), int(unpriced), latest, int(on_last))
            for workload, cost, requests, unpriced, latest, on_last in result
        }

    async def tokens_of(
        self, provider: str, models: Sequence[str], first_on: date, last_on: date
    ) -> list[tuple[int, str, str, int, TokenClasses]]:
        """(workload, model, tier, requests, tokens) on some models of a provider over those days; empty for none."""
        key = (_DAILY.c.workload_id, _SERIES.c.model, _SERIES.c.tier)
        query = (
            select(*key, _sum(_DAILY.c.requests), *(_sum(_DAILY.c[kind]) for kind in CLASS_NAMES))
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(
                _between(first_on, last_on), _SERIES.c.provider == provider,
                func.lower(_SERIES.c.model).in_([model.lower() for model in models]),
            )
            .group_by(*key)
        )  # fmt: skip
        return [
            (workload, model, tier, int(requests), TokenClasses(*map(int, tokens)))
            for workload, model, tier, requests, *tokens in await self._connection.execute(query)
        ]

    async def by_day(self, workload_id: int, first_on: date, last_on: date) -> dict[date, int]:
        """Nanos of one workload per day; days without usage are absent."""
        query = (
            select(_DAILY.c.day, _sum(_DAILY.c.cost_nanos))
            .where(_between(first_on, last_on), _DAILY.c.workload_id == workload_id)
            .group_by(_DAILY.c.day)
        )
        return {day_of(day): int(cost) for day, cost in await self._connection.execute(query)}

    async def by_label(
        self, dimension: str, first_on: date, last_on: date, *, workload_id: int | None = None
    ) -> list[tuple[date, str | None, int, int]]:
        """(day, label, nanos, requests) for a named dimension, model, provider or `workload` (label = its number as text)."""
        label = _DAILY.c.workload_id if dimension == "workload" else _SERIES.c[_known(dimension)]
        query = (
            select(_DAILY.c.day, label, _sum(_DAILY.c.cost_nanos), _sum(_DAILY.c.requests))
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(_between(first_on, last_on))
            .group_by(_DAILY.c.day, label)
        )
        if workload_id is not None:
            query = query.where(_DAILY.c.workload_id == workload_id)
        rows = await self._connection.execute(query)
        return [
            (day_of(day), None if name is None else str(name), int(cost), int(requests))
            for day, name, cost, requests in rows
        ]

    async def by_utc_day(self, provider: str, starts_at: datetime, ends_at: datetime) -> list[UtcDaySpend]:
        """Per UTC day and series of one provider, from one UTC midnight to another: as providers cut their days."""
        day = _HOURLY.c.hour // 86_400
        tokens = sum((_HOURLY.c[name] for name in _TOKEN_CLASSES[1:]), _HOURLY.c[_TOKEN_CLASSES[0]])
        query = (
            select(day, _HOURLY.c.series_id, _sum(_HOURLY.c.requests), _sum(tokens), _sum(_HOURLY.c.cost_nanos))
            .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
            .where(
                _SERIES.c.provider == provider,
                _HOURLY.c.hour >= int(starts_at.timestamp()), _HOURLY.c.hour < int(ends_at.timestamp()),
            )
            .group_by(day, _HOURLY.c.series_id)
        )  # fmt: skip
        return [
            UtcDaySpend(day_of(int(number)), series, int(requests), int(counted), int(nanos))
            for number, series, requests, counted, nanos in await self._connection.execute(query)
        ]

    async def by_series(self, first_on: date, last_on: date) -> list[tuple[int, int, int, int]]:
        """(workload, series, nanos, requests) over those days."""
        query = (
            select(_DAILY.c.workload_id, _DAILY.c.series_id, _sum(_DAILY.c.cost_nanos), _sum(_DAILY.c.requests))
            .where(_between(first_on, last_on))
            .group_by(_DAILY.c.workload_id, _DAILY.c.series_id)
        )
        return [
            (workload, series, int(cost), int(requests))
            for workload, series, cost, requests in await self._connection.execute(query)
        ]

    async def classes(self, workload_id: int, first_on: date, last_on: date) -> dict[str, int]:
        """Tokens per class of one workload."""
        query = select(*(_sum(_DAILY.c[name]) for name in CLASS_NAMES)).where(
            _between(first_on, last_on), _DAILY.c.workload_id == workload_id
        )
        row = (await self._connection.execute(query)).one()
        return {name: int(value) for name, value in zip(CLASS_NAMES, row, strict=True)}

    async def unpriced_models(
        self, first_on: date, last_on: date, *, workload_id: int | None = None, apart_from: Collection[int] = ()
    ) -> list[tuple[str, int]]:
        """(model, requests without a price), most first, at most five; of one workload, or of all but some."""
        total = _sum(_DAILY.c.unpriced_requests)
        query = (
            select(_SERIES.c.model, total)
            .join(_SERIES, _SERIES.c.id == _DAILY.c.series_id)
            .where(_between(first_on, last_on), _DAILY.c.unpriced_requests > 0)
            .group_by(_SERIES.c.model)
            .order_by(total.desc(), _SERIES.c.model)
            .limit(5)
        )
        if workload_id is not None:
            query = query.where(_DAILY.c.workload_id == workload_id)
        if apart_from:
            query = query.where(_DAILY.c.workload_id.not_in(sorted(apart_from)))
        return [(model, int(requests)) for model, requests in await self._connection.execute(query)]

    async def latest_at(self) -> datetime | None:
        """The newest usage event of the books, aware UTC: from the newest day, so that it is one short read."""
        newest = select(func.max(_DAILY.c.day)).scalar_subquery()
        query = select(func.max(_DAILY.c.latest_at, type_=_DAILY.c.latest_at.type)).where(_DAILY.c.day == newest)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def totals(self) -> dict[str, tuple[int, int, int]]:
        """(requests, nanos, output tokens) of the events that are kept, of those that were let go, of hours and of days.

        In whole books the first two together are the third, and the fourth.
        """
        months = EventMonths(self._connection)
        since = await months.kept_since()
        found = {"released": await months.released()}
        for name, table in (("events", _USAGE), ("hourly", _HOURLY), ("daily", _DAILY)):
            query = select(_sum(table.c.requests), _sum(table.c.cost_nanos), _sum(table.c.output))
            if table is _USAGE:
                query = query.where(_USAGE.c.superseded == 0)
                query = query if since is None else query.where(_USAGE.c.at >= since)
            row = (await self._connection.execute(query)).one()
            found[name] = (int(row[0]), int(row[1]), int(row[2]))
        return found


def _between(first_on: date, last_on: date) -> Any:
    return _DAILY.c.day.between(day_number(first_on), day_number(last_on))


def _known(dimension: str) -> str:
    if dimension not in _GROUPED:
        raise ValueError(f"{dimension} is not kept as a column")
    return dimension
