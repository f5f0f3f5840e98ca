"""What the books know of one provider's month, in UTC as providers bill: sums and shares of workloads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import HourlyRow, SeriesRow
from core.usage import CLASS_NAMES, TokenClasses

_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]


class SeriesSums(NamedTuple):
    """Sums of one series in an hour or a day; `starts_at` in Unix seconds.

    `band` is the place of the price band among those of its rate, for single calls; 0 is the lowest, and what sums of all
    calls have.
    """

    starts_at: int
    series_id: int
    requests: int
    unpriced_requests: int
    cost_nanos: int
    tokens: TokenClasses
    band: int = 0


class Share(NamedTuple):
    """What one workload had of a provider's month."""

    workload_id: int
    requests: int
    nanos: int


class EstimateRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def shares(self, provider: str, starts_at: datetime, ends_at: datetime) -> list[Share]:
        """Per workload, from one UTC hour to another; workloads without usage are absent. Their sum is the estimate."""
        query = (
            select(_HOURLY.c.workload_id, sum_of(_HOURLY.c.requests), sum_of(_HOURLY.c.cost_nanos))
            .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
            .where(*_hours(provider, starts_at, ends_at))
            .group_by(_HOURLY.c.workload_id)
            .order_by(_HOURLY.c.workload_id)
        )
        return [Share(one, int(requests), int(nanos)) for one, requests, nanos in await self._connection.execute(query)]

    async def count(self, provider: str, starts_at: datetime, ends_at: datetime) -> int:
        """Rows of hourly sums behind it: how much `sums` by hour would hand out at most."""
        query = select(func.count()).select_from(_HOURLY).join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
        return int((await self._connection.execute(query.where(*_hours(provider, starts_at, ends_at)))).scalar_one())

    async def sums(self, provider: str, starts_at: datetime, ends_at: datetime, *, seconds: int) -> list[SeriesSums]:
        """Per series and stretch of `seconds` (3600 or 86 400), cut in UTC."""
        start = _HOURLY.c.hour - _HOURLY.c.hour % seconds
        query = (
            select(
                start, _HOURLY.c.series_id, sum_of(_HOURLY.c.requests), sum_of(_HOURLY.c.unpriced_requests),
                sum_of(_HOURLY.c.cost_nanos), *(sum_of(_HOURLY.c[name]) for name in CLASS_NAMES),
            )
            .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
            .where(*_hours(provider, starts_at, ends_at))
            .group_by(start, _HOURLY.c.series_id)
            .order_by(start, _HOURLY.c.series_id)
        )  # fmt: skip
        return [_series_sums(row) for row in await self._connection.execute(query)]


def _hours(provider: str, starts_at: datetime, ends_at: datetime) -> tuple[Any, ...]:
    return (
        _SERIES.c.provider == provider,
        _HOURLY.c.hour >= int(starts_at.timestamp()), _HOURLY.c.hour < int(ends_at.timestamp()),
    )  # fmt: skip


def sum_of(column: Any) -> Any:
    """Their sum, 0 without any; as a whole number only once it is read."""
    # PostgreSQL sums BIGINT to NUMERIC.
    return func.coalesce(func.sum(column), 0)


def _series_sums(row: Any) -> SeriesSums:
    start, series, requests, unpriced, cost, *counts = row
    return SeriesSums(
        int(start), series, int(requests), int(unpriced), int(cost), TokenClasses(*(int(count) for count in counts))
    )
