"""What the books know of one provider's month, in UTC as providers bill: sums, shares of workloads, and telltale single calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, and_, case, func, not_, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import HourlyRow, SeriesRow, UsageRow
from core.usage import CLASS_NAMES, TokenClasses

_HOURLY: Any = HourlyRow.__table__  # type: ignore[attr-defined]
_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_SECOND: Final = 1_000_000
_TWIN_SECONDS: Final = 5
_TWIN_TOKENS: Final = 200
"""Below this many tokens two different calls may well agree in every count."""
_OFTEN: Final = 40
_GUESSED_TOKENS: Final = 16
_MOCK_WORDS: Final = ("mock", "healthcheck", "health-check", "health_check")
_MOCK_INPUT, _MOCK_OUTPUT = 10, 20
"""What LiteLLM's mock answers count (usage-formats §8, cause 23). These marks are those of `core.closing.events`."""
_GUESSED: Final = (2, 3)
"""`guessed` and `missing` as the journal numbers qualities (`core.posting`)."""

_INPUT: Any = sum((_USAGE.c[name] for name in CLASS_NAMES[1:5]), _USAGE.c[CLASS_NAMES[0]])
_OUTPUT: Any = _USAGE.c.output + _USAGE.c.reasoning + _USAGE.c.output_audio


class SeriesSums(NamedTuple):
    """Sums of one series in an hour or a day; `starts_at` in Unix seconds."""

    starts_at: int
    series_id: int
    requests: int
    unpriced_requests: int
    cost_nanos: int
    tokens: TokenClasses


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
            select(_HOURLY.c.workload_id, _sum(_HOURLY.c.requests), _sum(_HOURLY.c.cost_nanos))
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
                start, _HOURLY.c.series_id, _sum(_HOURLY.c.requests), _sum(_HOURLY.c.unpriced_requests),
                _sum(_HOURLY.c.cost_nanos), *(_sum(_HOURLY.c[name]) for name in CLASS_NAMES),
            )
            .join(_SERIES, _SERIES.c.id == _HOURLY.c.series_id)
            .where(*_hours(provider, starts_at, ends_at))
            .group_by(start, _HOURLY.c.series_id)
            .order_by(start, _HOURLY.c.series_id)
        )  # fmt: skip
        return [_series_sums(row) for row in await self._connection.execute(query)]

    async def marked(
        self, provider: str, starts_at: datetime, ends_at: datetime, *, seconds: int
    ) -> dict[str, list[SeriesSums]]:
        """Per mark (a name of `core.estimate.Mark`), series and stretch: the calls that give something away about themselves.

        Reads the journal of the month once for each mark.
        """
        calls = and_(
            _SERIES.c.provider == provider, _USAGE.c.superseded == 0,
            _USAGE.c.at >= starts_at, _USAGE.c.at < ends_at,
        )  # fmt: skip
        tokens = sum((_USAGE.c[name] for name in CLASS_NAMES[1:]), _USAGE.c[CLASS_NAMES[0]])
        single = _USAGE.c.requests == 1
        is_mock = or_(
            and_(single, _INPUT == _MOCK_INPUT, _OUTPUT == _MOCK_OUTPUT),
            *(
                func.coalesce(_SERIES.c[name], "").like(f"%{word}%")
                for name in ("model", "feature")
                for word in _MOCK_WORDS
            ),
        )
        guessed = or_(_USAGE.c.quality.in_(_GUESSED), and_(single, _INPUT > 0, _INPUT < _GUESSED_TOKENS))
        shape = (_USAGE.c.series_id, *(_USAGE.c[name] for name in CLASS_NAMES))
        near = _start_of(_USAGE.c.at, _TWIN_SECONDS)
        found = {
            "empty": await self._calls(and_(calls, tokens == 0), seconds),
            "mock": await self._calls(and_(calls, tokens > 0, is_mock), seconds),
            "guessed": await self._calls(and_(calls, tokens > 0, guessed, not_(is_mock)), seconds),
            "repeated": await self._beyond(and_(calls, tokens >= _TWIN_TOKENS, single), (*shape, near), 1, seconds),
            "constant": await self._beyond(and_(calls, tokens > 0), shape, _OFTEN, seconds),
        }
        return {name: rows for name, rows in found.items() if rows}

    async def above(
        self,
        series_ids: Sequence[int],
        starts_at: datetime,
        ends_at: datetime,
        *,
        above: int,
        until: int | None,
        seconds: int,
    ) -> list[SeriesSums]:
        """Single calls of these series with more input tokens than `above` and at most `until`: the long-context ones."""
        start = _start_of(_USAGE.c.at, seconds)
        query = (
            select(start, _USAGE.c.series_id, *_added(_USAGE))
            .where(
                _USAGE.c.series_id.in_(series_ids), _USAGE.c.superseded == 0, _USAGE.c.requests == 1,
                _USAGE.c.at >= starts_at, _USAGE.c.at < ends_at, above < _INPUT,
            )
            .group_by(start, _USAGE.c.series_id)
        )  # fmt: skip
        if until is not None:
            query = query.where(until >= _INPUT)
        return [_series_sums(row) for row in await self._connection.execute(query)]

    async def _calls(self, condition: Any, seconds: int) -> list[SeriesSums]:
        start = _start_of(_USAGE.c.at, seconds)
        query = (
            select(start, _USAGE.c.series_id, *_added(_USAGE))
            .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
            .where(condition)
            .group_by(start, _USAGE.c.series_id)
        )
        return [_series_sums(row) for row in await self._connection.execute(query)]

    async def _beyond(self, condition: Any, equal: Sequence[Any], most: int, seconds: int) -> list[SeriesSums]:
        """All but the first `most` of the calls that are equal in these columns."""
        place = func.row_number().over(partition_by=equal, order_by=(_USAGE.c.at, _USAGE.c.event_id))
        calls = (
            select(_USAGE.c.at, _USAGE.c.series_id, _USAGE.c.requests, _USAGE.c.cost_nanos,
                   *(_USAGE.c[name] for name in CLASS_NAMES), place.label("place"))
            .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
            .where(condition)
            .subquery()
        )  # fmt: skip
        start = _start_of(calls.c.at, seconds)
        query = select(start, calls.c.series_id, *_added(calls)).where(calls.c.place > most)
        rows = await self._connection.execute(query.group_by(start, calls.c.series_id))
        return [_series_sums(row) for row in rows]


def _hours(provider: str, starts_at: datetime, ends_at: datetime) -> tuple[Any, ...]:
    return (
        _SERIES.c.provider == provider,
        _HOURLY.c.hour >= int(starts_at.timestamp()), _HOURLY.c.hour < int(ends_at.timestamp()),
    )  # fmt: skip


def _sum(column: Any) -> Any:
    # PostgreSQL sums BIGINT to NUMERIC.
    return func.coalesce(func.sum(column), 0)


def _added(calls: Any) -> tuple[Any, ...]:
    unpriced = case((calls.c.cost_nanos.is_(None), calls.c.requests), else_=0)
    return (
        _sum(calls.c.requests), _sum(unpriced), _sum(calls.c.cost_nanos), *(_sum(calls.c[name]) for name in CLASS_NAMES)
    )  # fmt: skip


def _start_of(at: Any, seconds: int) -> Any:
    """Start of the UTC hour or day in Unix seconds, of an instant that is kept in microseconds."""
    return type_coerce(at, BigInteger) // (seconds * _SECOND) * seconds


def _series_sums(row: Any) -> SeriesSums:
    start, series, requests, unpriced, cost, *counts = row
    return SeriesSums(
        int(start), series, int(requests), int(unpriced), int(cost), TokenClasses(*(int(count) for count in counts))
    )
