"""Rebuilding the projections from the journal, in SQL, so that memory stays constant however long the journal is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.period import hour_of, offset_segments
from core.posting import SUM_COLUMNS
from core.store.columns import day_number, instant, micros
from core.store.guard_rows import GuardRows

_SECOND: Final = 1_000_000
_ADDED: Final = ", ".join(f"sum({name})" for name in SUM_COLUMNS[:10])
_COLUMNS: Final = ", ".join(SUM_COLUMNS)
_TAIL: Final = "sum(CASE WHEN cost_nanos IS NULL THEN requests ELSE 0 END), coalesce(sum(cost_nanos), 0), max(at)"


async def rebuild(
    connection: AsyncConnection,
    zone: ZoneInfo,
    *,
    series_ids: Sequence[int] | None = None,
    since: datetime | None = None,
) -> None:
    """Make hourly and daily spend anew: of everything, or of some series from the day that holds `since` on.

    The guard's counters follow. Runs inside the caller's write transaction: nobody sees it half done.
    """
    where = ""
    parameters: dict[str, Any] = {}
    binds: list[Any] = []
    if series_ids is not None:
        where, parameters = " AND series_id IN :series", {"series": list(series_ids)}
        binds = [bindparam("series", expanding=True)]
    first, last = (await connection.execute(text("SELECT min(at), max(at) FROM usage_events"))).one()
    if since is not None and first is not None:
        local = since.astimezone(zone)
        first = max(first, micros(local.replace(hour=0, minute=0, second=0, microsecond=0)))
    start = instant(first) if first is not None else None
    hour = hour_of(first // _SECOND) if since is not None and first is not None else 0
    day = day_number(start.astimezone(zone).date()) if since is not None and start is not None else 0

    async def run(statement: str, **values: Any) -> None:
        await connection.execute(text(statement).bindparams(*binds), {**parameters, **values})

    await run(f"DELETE FROM hourly_spend WHERE hour >= :hour{where}", hour=hour)
    await run(f"DELETE FROM daily_spend WHERE day >= :day{where}", day=day)
    if start is None or last is None:
        await GuardRows(connection).recount()
        return
    await run(
        f"INSERT INTO hourly_spend (hour, workload_id, series_id, {_COLUMNS}) "
        f"SELECT at / 3600000000 * 3600, workload_id, series_id, {_ADDED}, {_TAIL} FROM usage_events "
        f"WHERE superseded = 0 AND at >= :since{where} GROUP BY 1, 2, 3",
        since=hour * _SECOND,
    )
    for begins, ends, offset in offset_segments(zone, start, instant(last)):
        await run(
            f"INSERT INTO daily_spend (day, workload_id, series_id, {_COLUMNS}) "
            f"SELECT (at + :offset) / 86400000000, workload_id, series_id, {_ADDED}, {_TAIL} FROM usage_events "
            f"WHERE superseded = 0 AND at >= :begins AND at < :ends{where} GROUP BY 1, 2, 3 "
            f"ON CONFLICT (day, workload_id, series_id) DO UPDATE SET "
            + ", ".join(f"{name} = daily_spend.{name} + excluded.{name}" for name in SUM_COLUMNS[:-1])
            + f", latest_at = {_larger(connection)}(daily_spend.latest_at, excluded.latest_at)",
            offset=offset * _SECOND, begins=max(begins * _SECOND, first), ends=ends * _SECOND,
        )  # fmt: skip
    await GuardRows(connection).recount()


def _larger(connection: AsyncConnection) -> str:
    return "max" if connection.dialect.name == "sqlite" else "greatest"
