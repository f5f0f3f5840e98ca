"""Rebuilding the projections from the journal, in SQL, so that memory stays constant however long the journal is.

Months whose events were let go have nothing to be rebuilt from: their hours and days stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.period import hour_of, offset_segments
from core.posting import SUM_COLUMNS
from core.store.columns import day_number, instant, micros
from core.store.event_months import EventMonths
from core.store.guard_rows import GuardRows

_SECOND: Final = 1_000_000
_HOUR_SECONDS: Final = 3600
_COLUMNS: Final = ", ".join(SUM_COLUMNS)
_ADDED: Final = ", ".join(f"sum({name})" for name in SUM_COLUMNS[:10])
_TAIL: Final = "sum(CASE WHEN cost_nanos IS NULL THEN requests ELSE 0 END), coalesce(sum(cost_nanos), 0), max(at)"
_OF_HOURS: Final = ", ".join(f"sum({name})" for name in SUM_COLUMNS[:-1]) + ", max(latest_at)"


async def rebuild(
    connection: AsyncConnection,
    zone: ZoneInfo,
    *,
    series_ids: Sequence[int] | None = None,
    since: datetime | None = None,
) -> None:
    """Make hourly and daily spend anew: of everything, or of some series from the day that holds `since` on.

    Never from before the first whole day whose events are all kept. The guard's counters follow. Runs inside the caller's write
    transaction: nobody sees it half done.
    """
    kept = await EventMonths(connection).kept_since()
    bounds = [_midnight(at, zone) for at in (since,) if at is not None]
    if kept is not None:
        whole = _midnight(kept, zone)
        bounds.append(whole if whole >= kept else _midnight(whole + timedelta(hours=36), zone))
    await _make(connection, zone, starts=max(bounds, default=None), series_ids=series_ids)
    await GuardRows(connection).recount()


async def recut(connection: AsyncConnection, zone: ZoneInfo) -> None:
    """Make everything anew with days of another zone. Days whose events are gone are cut from their hours.

    An hour that lies in two days (zones off by half an hour) goes to the one that it begins in; no sum changes.
    """
    kept = await EventMonths(connection).kept_since()
    if kept is None:
        await rebuild(connection, zone)
        return
    since_hour = int(kept.timestamp())
    await connection.execute(text("DELETE FROM daily_spend"))
    await connection.execute(text("DELETE FROM hourly_spend WHERE hour >= :since"), {"since": since_hour})
    first = await connection.scalar(text("SELECT min(hour) FROM hourly_spend"))
    last = since_hour - 1
    if first is not None and first <= last:
        for begins, ends, offset in offset_segments(zone, instant(first * _SECOND), instant(last * _SECOND)):
            await connection.execute(
                text(
                    f"INSERT INTO daily_spend (day, workload_id, series_id, {_COLUMNS}) "
                    f"SELECT (hour + :offset) / 86400, workload_id, series_id, {_OF_HOURS} FROM hourly_spend "
                    f"WHERE hour >= :begins AND hour < :ends GROUP BY 1, 2, 3 {_onto(connection)}"
                ),
                {"offset": offset, "begins": begins, "ends": ends},
            )
    await _fill(connection, zone, starts=kept, since_hour=since_hour)
    await GuardRows(connection).recount()


async def _make(
    connection: AsyncConnection, zone: ZoneInfo, *, starts: datetime | None, series_ids: Sequence[int] | None
) -> None:
    where, binds, parameters = _only(series_ids)
    hour = hour_of(int(starts.timestamp())) if starts is not None else 0
    day = day_number(starts.astimezone(zone).date()) if starts is not None else 0
    for table, unit, value in (("hourly_spend", "hour", hour), ("daily_spend", "day", day)):
        statement = text(f"DELETE FROM {table} WHERE {unit} >= :value{where}").bindparams(*binds)
        await connection.execute(statement, {**parameters, "value": value})
    await _fill(connection, zone, starts=starts, since_hour=hour, series_ids=series_ids)


async def _fill(
    connection: AsyncConnection,
    zone: ZoneInfo,
    *,
    starts: datetime | None,
    since_hour: int,
    series_ids: Sequence[int] | None = None,
) -> None:
    """Add up the events: hours from `since_hour` (Unix seconds) on, days from the instant `starts` on."""
    where, binds, parameters = _only(series_ids)
    found = "SELECT min(at), max(at) FROM usage_events WHERE at >= :since"
    first, last = (await connection.execute(text(found), {"since": since_hour * _SECOND})).one()
    if first is None:
        return

    async def run(statement: str, **values: int) -> None:
        await connection.execute(text(statement).bindparams(*binds), {**parameters, **values})

    await run(
        f"INSERT INTO hourly_spend (hour, workload_id, series_id, {_COLUMNS}) "
        f"SELECT at / 3600000000 * {_HOUR_SECONDS}, workload_id, series_id, {_ADDED}, {_TAIL} FROM usage_events "
        f"WHERE superseded = 0 AND at >= :since{where} GROUP BY 1, 2, 3",
        since=since_hour * _SECOND,
    )
    first = max(first, micros(starts)) if starts is not None else first
    for begins, ends, offset in offset_segments(zone, instant(first), instant(max(first, last))):
        await run(
            f"INSERT INTO daily_spend (day, workload_id, series_id, {_COLUMNS}) "
            f"SELECT (at + :offset) / 86400000000, workload_id, series_id, {_ADDED}, {_TAIL} FROM usage_events "
            f"WHERE superseded = 0 AND at >= :begins AND at < :ends{where} GROUP BY 1, 2, 3 {_onto(connection)}",
            offset=offset * _SECOND, begins=max(begins * _SECOND, first), ends=ends * _SECOND,
        )  # fmt: skip


def _only(series_ids: Sequence[int] | None) -> tuple[str, list[Any], dict[str, Any]]:
    """(condition, binds, parameters) that keep a statement to these series; nothing where all are meant."""
    if series_ids is None:
        return "", [], {}
    return " AND series_id IN :series", [bindparam("series", expanding=True)], {"series": list(series_ids)}


def _midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """The start of the local day that holds `at`."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _onto(connection: AsyncConnection) -> str:
    """What to do with a day that has a sum already: add to it. Stretches of two offsets can meet in one day."""
    larger = "max" if connection.dialect.name == "sqlite" else "greatest"
    sums = ", ".join(f"{name} = daily_spend.{name} + excluded.{name}" for name in SUM_COLUMNS[:-1])
    return (
        f"ON CONFLICT (day, workload_id, series_id) DO UPDATE SET {sums}, "
        f"latest_at = {larger}(daily_spend.latest_at, excluded.latest_at)"
    )
