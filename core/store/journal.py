"""The journal of usage and its two projections, written in bulk through the driver.

The bulk paths are plain SQL with positional parameters: the row-by-row expression layer costs more than the insert itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, cast

import msgspec
from sqlalchemy import and_, bindparam, case, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.posting import JOURNAL_COLUMNS, KNOWS, SUM_COLUMNS, Row
from core.store.columns import instant, micros
from core.store.event_months import EVENT_IDS, located
from core.store.tables import UsageRow
from core.usage import CLASS_NAMES

_COMPARED: Final = ("event_id", "at", "series_id", "requests", *CLASS_NAMES, "knows", "superseded")
"""What makes two events with one id the same event; prices and workloads may have changed in between."""

_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]
_IS_LOCATED: Final = and_(
    _USAGE.c.at == EVENT_IDS.c.at,
    _USAGE.c.source_id == EVENT_IDS.c.source_id,
    _USAGE.c.event_id == EVENT_IDS.c.event_id,
)
"""On PostgreSQL only an id says in which month a row is."""
_TEXT: Final = ("event_id", "response_id")
_SMALL: Final = ("quality", "trust", "knows", "superseded")


def compared(row: Row) -> Row:
    """The part of a journal row that identifies its content, in the order of `existing`."""
    return row[1:4] + row[5:15] + row[KNOWS:]


class Journal:
    """Rows of `usage_events`, `hourly_spend` and `daily_spend`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    async def insert(self, rows: Sequence[Row], *, expect_new: bool) -> list[int]:
        """Insert what is new; positions (in `rows`) of those that were there already.

        Args:
          expect_new: try the fast way first, which is right when no id is known; with a duplicate it is undone and
            the careful way follows. Ids have to be unique within `rows`.
        """
        if not rows:
            return []
        if not self._is_sqlite:
            return await self._insert_postgres(rows)
        if expect_new:
            async with self._connection.begin_nested() as savepoint:
                result = await self._connection.exec_driver_sql(_SQLITE_INSERT, cast(Any, list(rows)))
                if result.rowcount == len(rows):
                    return []
                await savepoint.rollback()
        known = await self.existing(rows[0][0], [row[1] for row in rows])
        fresh = [row for row in rows if row[1] not in known]
        if fresh:
            await self._connection.exec_driver_sql(_SQLITE_INSERT, cast(Any, fresh))
        return [position for position, row in enumerate(rows) if row[1] in known]

    async def insert_new(self, rows: Sequence[Row]) -> bool:
        """Insert rows, of any sources, and say whether all of them were new; if not, the transaction has to be undone."""
        if not rows:
            return True
        if not self._is_sqlite:
            columns = tuple(list(column) for column in zip(*sorted(rows, key=itemgetter(1, 0)), strict=True))
            return len((await self._connection.exec_driver_sql(_POSTGRES_INSERT, columns)).all()) == len(rows)
        result = await self._connection.exec_driver_sql(_SQLITE_INSERT, cast(Any, rows))
        return result.rowcount == len(rows)

    async def _insert_postgres(self, rows: Sequence[Row]) -> list[int]:
        # Sorted, so that two processes with overlapping batches wait for each other in one order and never in a ring.
        order = sorted(range(len(rows)), key=lambda position: rows[position][1])
        columns = tuple(list(column) for column in zip(*(rows[position] for position in order), strict=True))
        result = await self._connection.exec_driver_sql(_POSTGRES_INSERT, columns)
        inserted = {event_id for (event_id,) in result}
        return [position for position, row in enumerate(rows) if row[1] not in inserted]

    async def existing(self, source_id: int, ids: Sequence[str]) -> dict[str, Row]:
        """Content (see `compared`) of those ids of a source that are in the journal."""
        columns = ", ".join(f"u.{name}" for name in _COMPARED)
        events, by = located(is_sqlite=self._is_sqlite)
        if self._is_sqlite:
            query = f"SELECT {columns} FROM {events} WHERE {by}.source_id = ? AND {by}.event_id IN (SELECT value FROM json_each(?))"
            parameters: tuple[Any, ...] = (source_id, msgspec.json.encode(ids).decode())
        else:
            query = f"SELECT {columns} FROM {events} WHERE {by}.source_id = $1 AND {by}.event_id = ANY($2::text[])"
            parameters = (source_id, list(ids))
        result = await self._connection.exec_driver_sql(query, parameters)
        return {row[0]: tuple(row) for row in result}

    async def rows_at(self, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Row]:
        """Whole rows by (source id, event id), in the order of `JOURNAL_COLUMNS`; those that are not there are absent."""
        query = select(*(_USAGE.c[name] for name in JOURNAL_COLUMNS if name != "at"), _USAGE.c.at)
        named = _USAGE if self._is_sqlite else EVENT_IDS
        if not self._is_sqlite:
            query = query.where(_IS_LOCATED)
        query = query.where(tuple_(named.c.source_id, named.c.event_id).in_(list(places)))
        rows = [_journal_row(row) for row in await self._connection.execute(query)]
        return {(row[0], row[1]): row for row in rows}

    async def amend(self, rows: Sequence[Row]) -> None:
        """Replace the content of rows that are there, named by their source and event id."""
        names = JOURNAL_COLUMNS[2:]
        named = _USAGE if self._is_sqlite else EVENT_IDS
        which = (named.c.source_id == bindparam("of_source"), named.c.event_id == bindparam("of_event"))
        changed = update(_USAGE).where(*which) if self._is_sqlite else update(_USAGE).where(*which, _IS_LOCATED)
        changed = changed.values({name: bindparam(f"new_{name}") for name in names})
        values = [
            {
                "of_source": row[0],
                "of_event": row[1],
                **{f"new_{name}": value for name, value in zip(names, row[2:], strict=True)},
            }
            for row in rows
        ]
        for value in values:
            at = value["new_at"]
            value["new_at"] = instant(at)
            await self._connection.execute(changed, value)
            if not self._is_sqlite:
                moved = update(EVENT_IDS).where(*which, EVENT_IDS.c.at != at).values(at=at)
                await self._connection.execute(moved, {"of_source": value["of_source"], "of_event": value["of_event"]})

    async def add_hourly(self, rows: Sequence[Row]) -> None:
        await self._add("hourly_spend", "hour", rows)

    async def add_daily(self, rows: Sequence[Row]) -> None:
        await self._add("daily_spend", "day", rows)

    async def _add(self, table: str, unit: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if self._is_sqlite:
            await self._connection.exec_driver_sql(_upsert(table, unit, sqlite=True), cast(Any, list(rows)))
        else:
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            await self._connection.exec_driver_sql(_upsert(table, unit, sqlite=False), columns)

    async def move(
        self, series_ids: Sequence[int], *, from_workload: int, to_workload: int, since_micros: int, until_micros: int
    ) -> None:
        """Give the events of these series in `[since, until)` to another workload. The projections have to follow."""
        await self._connection.execute(
            update(_USAGE)
            .where(_USAGE.c.series_id.in_(bindparam("ids", expanding=True)), _USAGE.c.workload_id == from_workload)
            .where(_USAGE.c.at >= instant(since_micros), _USAGE.c.at < instant(until_micros))
            .values(workload_id=to_workload),
            {"ids": list(series_ids)},
        )

    async def relabel(self, pairs: Sequence[tuple[int, int]], *, since_micros: int, until_micros: int) -> None:
        """Give the events of each (old series, new series) in `[since, until)` to the new one. The projections have to follow."""
        await self._connection.execute(
            update(_USAGE)
            .where(_USAGE.c.series_id.in_([old for old, _ in pairs]))
            .where(_USAGE.c.at >= instant(since_micros), _USAGE.c.at < instant(until_micros))
            .values(series_id=case(dict(pairs), value=_USAGE.c.series_id, else_=_USAGE.c.series_id))
        )


def _journal_row(row: Any) -> Row:
    values = tuple(row)
    return (*values[:2], micros(values[-1]), *values[2:-1])


def _column_type(name: str) -> str:
    return "text" if name in _TEXT else "smallint" if name in _SMALL else "bigint"


def _upsert(table: str, unit: str, *, sqlite: bool) -> str:
    names = (unit, "workload_id", "series_id", *SUM_COLUMNS)
    larger = "max" if sqlite else "greatest"
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUM_COLUMNS[:-1])
    values = (
        f"VALUES ({', '.join('?' * len(names))})" if sqlite
        else "SELECT * FROM unnest(" + ", ".join(f"${n}::bigint[]" for n in range(1, len(names) + 1)) + ")"
    )  # fmt: skip
    return (
        f"INSERT INTO {table} ({', '.join(names)}) {values} ON CONFLICT ({unit}, workload_id, series_id) "
        f"DO UPDATE SET {sums}, latest_at = {larger}({table}.latest_at, excluded.latest_at)"
    )


_NAMES: Final = ", ".join(JOURNAL_COLUMNS)
_SQLITE_INSERT: Final = (
    f"INSERT OR IGNORE INTO usage_events ({_NAMES}) VALUES ({', '.join('?' * len(JOURNAL_COLUMNS))})"
)
_POSTGRES_INSERT: Final = (
    "WITH sent AS MATERIALIZED (SELECT * FROM unnest("
    + ", ".join(f"${n}::{_column_type(name)}[]" for n, name in enumerate(JOURNAL_COLUMNS, start=1))
    + f") AS sent ({_NAMES})), "
    "fresh AS (INSERT INTO event_ids (source_id, event_id, at) SELECT source_id, event_id, at FROM sent "
    "ON CONFLICT (source_id, event_id) DO NOTHING RETURNING source_id, event_id) "
    f"INSERT INTO usage_events ({_NAMES}) SELECT sent.* FROM sent JOIN fresh USING (source_id, event_id) "
    "RETURNING event_id"
)
"""An id is claimed in `event_ids`, which waits for whoever else claims it; only what is fresh goes into its month."""
