"""Forecasts that were made, and the usage that envelopes were planned with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, literal, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.forecasting.month import Forecast
from core.period import Cycle
from core.store.columns import day_number, day_of
from core.store.forecast_tables import ForecastRow, PlannedUsageRow
from core.store.series_rows import insert_ignoring
from core.token_shape import ModelTotals
from core.usage import TokenClasses

_FORECASTS: Any = ForecastRow.__table__  # type: ignore[attr-defined]
_KEY = ["as_of", "workload_id"]
_PLANNED: Any = PlannedUsageRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Foretold:
    """A forecast as it was kept. Nanos; `breach_on` is the first and last likely day; `is_backtest` = made afterwards."""

    workload_id: int
    as_of: date
    cycle: str
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    run_rate_nanos: int | None
    breach_probability: float | None
    breach_on: tuple[date, date] | None
    method: str
    expected: tuple[ModelTotals, ...]
    is_backtest: bool
    made_at: datetime


class ForecastRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(
        self, made: Iterable[tuple[int, Cycle, Forecast]], *, at: datetime, is_backtest: bool = False
    ) -> None:
        """Keep forecasts, each the only one of its workload and day: the last one that was made.

        Two people may ask for the same forecast at once, so a row is put in or replaced in one statement; the order keeps
        two writers of many from waiting for each other.
        """
        rows = [_row(number, cycle, forecast, at, is_backtest) for number, cycle, forecast in made]
        if not rows:
            return
        insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        statement = insert(_FORECASTS)
        kept = {name: statement.excluded[name] for name in rows[0] if name not in _KEY}
        rows.sort(key=lambda row: (row["as_of"], row["workload_id"]))
        await self._connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=kept), rows)

    async def latest(self, cycle: Cycle) -> dict[int, Foretold]:
        """The newest forecast of each workload for that cycle, without `expected`: reading that takes longer than all the rest."""
        newest = (
            select(_FORECASTS.c.workload_id, func.max(_FORECASTS.c.as_of).label("as_of"))
            .where(_FORECASTS.c.cycle == str(cycle))
            .group_by(_FORECASTS.c.workload_id)
            .subquery()
        )
        query = select(
            *(column for column in _FORECASTS.c if column.name != "expected"), literal(None).label("expected")
        ).join(newest, and_(newest.c.workload_id == _FORECASTS.c.workload_id, newest.c.as_of == _FORECASTS.c.as_of))
        return {row.workload_id: _foretold(row) for row in await self._connection.execute(query)}

    async def on(self, workload_id: int, as_of: date) -> Foretold | None:
        """What was foretold as of that day or the last one before it."""
        query = (
            select(_FORECASTS)
            .where(_FORECASTS.c.workload_id == workload_id, _FORECASTS.c.as_of <= day_number(as_of))
            .order_by(_FORECASTS.c.as_of.desc())
            .limit(1)
        )
        row = (await self._connection.execute(query)).first()
        return _foretold(row) if row else None

    async def of_cycles(self, cycles: Sequence[Cycle], *, workload_id: int | None = None) -> list[Foretold]:
        """Everything foretold for those cycles, oldest first."""
        query = (
            select(_FORECASTS)
            .where(_FORECASTS.c.cycle.in_([str(cycle) for cycle in cycles]))
            .order_by(_FORECASTS.c.as_of)
        )
        if workload_id is not None:
            query = query.where(_FORECASTS.c.workload_id == workload_id)
        return [_foretold(row) for row in await self._connection.execute(query)]

    async def freeze(
        self, workload_id: int, revision: int, cycle: Cycle, expected: Sequence[ModelTotals], *, at: datetime
    ) -> None:
        """Keep the usage that an envelope was planned with; the first for a revision stays."""
        values = {
            "workload_id": workload_id, "revision": revision, "cycle": str(cycle), "expected": _packed(expected), "frozen_at": at,
        }  # fmt: skip
        await self._connection.execute(
            insert_ignoring(self._connection, _PLANNED, unique=["workload_id", "revision"]), values
        )

    async def planned(self, workload_id: int, revision: int) -> tuple[ModelTotals, ...] | None:
        """The usage by model, over a whole cycle, that this revision was planned with; None when none was known."""
        query = select(_PLANNED.c.expected).where(
            _PLANNED.c.workload_id == workload_id, _PLANNED.c.revision == revision
        )
        row = (await self._connection.execute(query)).first()
        return _unpacked(row.expected) if row else None

    async def frozen_revisions(self) -> set[tuple[int, int]]:
        """(workload, revision) of everything frozen."""
        result = await self._connection.execute(select(_PLANNED.c.workload_id, _PLANNED.c.revision))
        return {(row.workload_id, row.revision) for row in result}


def _row(number: int, cycle: Cycle, forecast: Forecast, at: datetime, is_backtest: bool) -> dict[str, Any]:
    first, last = forecast.breach_on or (None, None)
    return {
        "as_of": day_number(forecast.as_of), "workload_id": number, "cycle": str(cycle), "p10_nanos": forecast.p10_nanos,
        "p50_nanos": forecast.p50_nanos, "p90_nanos": forecast.p90_nanos, "run_rate_nanos": forecast.run_rate_nanos,
        "breach_probability": forecast.breach_probability, "breach_first": day_number(first) if first else None,
        "breach_last": day_number(last) if last else None, "method": forecast.method, "expected": _packed(forecast.expected),
        "is_backtest": is_backtest, "made_at": at,
    }  # fmt: skip


def _foretold(row: Any) -> Foretold:
    days = (day_of(row.breach_first), day_of(row.breach_last)) if row.breach_first is not None else None
    return Foretold(
        row.workload_id, day_of(row.as_of), row.cycle, row.p10_nanos, row.p50_nanos, row.p90_nanos, row.run_rate_nanos,
        row.breach_probability, days, row.method, _unpacked(row.expected or ()), bool(row.is_backtest), row.made_at,
    )  # fmt: skip


def _packed(expected: Sequence[ModelTotals]) -> list[Any]:
    return [[total.model, total.requests, list(total.tokens), total.cost_nanos] for total in expected]


def _unpacked(values: Any) -> tuple[ModelTotals, ...]:
    return tuple(ModelTotals(model, requests, TokenClasses(*tokens), cost) for model, requests, tokens, cost in values)
