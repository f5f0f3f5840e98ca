"""Books that an earlier version made, with something in every table, come to the newest schema and still say the same.

The tables of each revision are read from the database itself, so a migration that is added later is tested without a line here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, SmallInteger, Table, func, insert, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import Boolean, Float

from bot.wiring import migrate
from core.services.keep_books import check_books
from core.store.engine import driver_url
from core.store.event_months import is_engine_own
from core.store.unit_of_work import UnitOfWork
from tests.integration.test_migrations import configured

REVISIONS: Final = [script.revision for script in ScriptDirectory("migrations").walk_revisions()][:0:-1]
NOVEMBER: Final = 1_793_880_000  # 2026-11-05T12:00:00Z
MONTH_SECONDS: Final = 30 * 86_400
EVENTS: Final = 8
FIRST: Final = 900
JSON_TEXTS: Final = {"conditions": "[]", "tags": '[["team","web"]]', "bands": "[]"}
BOOKS: Final = ("usage_events", "hourly_spend", "daily_spend")


@pytest.mark.long
def test_books_of_every_earlier_version_say_the_same_after_each_upgrade(empty_url: str) -> None:
    for turn, revision in enumerate(REVISIONS):
        command.upgrade(configured(empty_url), revision)
        inside(empty_url, lambda connection, turn=turn: fill(connection, turn))
        before = inside(empty_url, counts)

        command.upgrade(configured(empty_url), "+1")

        after = inside(empty_url, counts)
        assert {table: after[table] for table in before if table in after} == before, f"what {revision} had, changed"
    turns = len(REVISIONS)
    migrate(empty_url)
    assert totals(empty_url) == ((EVENTS * turns, EVENTS * 7 * turns, EVENTS * 3 * turns),) * 3
    command.check(configured(empty_url))


def inside(url: str, act: Callable[[Connection], Any]) -> Any:
    async def run() -> Any:
        engine = create_async_engine(driver_url(url))
        async with engine.begin() as connection:
            told = await connection.run_sync(act)
        await engine.dispose()
        return told

    return asyncio.run(run())


def fill(connection: Connection, turn: int) -> None:
    """One more row in every table, and in the books eight events of four months that hours and days agree with."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if is_engine_own(table.name) or table.name in ("alembic_version", *BOOKS):
            continue
        connection.execute(insert(table).values({column.name: value_of(column, turn) for column in table.columns}))
    for number in range(EVENTS):
        at = NOVEMBER - number % 4 * MONTH_SECONDS + number
        row = {"source_id": FIRST + turn, "event_id": f"e-{turn}-{number}", "at": at * 1_000_000}
        if "event_ids" in tables.tables:
            if number < 4:
                month_of(connection, at)
            connection.execute(insert(tables.tables["event_ids"]).values(row))
        sums = {"requests": 1, "cost_nanos": 7, "output": 3, "workload_id": 1, "series_id": FIRST + turn}
        put(connection, tables.tables["usage_events"], row | sums | {"superseded": 0, "rate_id": FIRST + turn})
        put(
            connection,
            tables.tables["hourly_spend"],
            sums | {"hour": at - at % 3600, "latest_at": at, "requests": 1},
            add=True,
        )
        put(connection, tables.tables["daily_spend"], sums | {"day": at // 86_400, "latest_at": at}, add=True)


def put(connection: Connection, table: Table, row: dict[str, Any], *, add: bool = False) -> None:
    """Insert a row, or add it to the one with its key; columns that it does not name are zero or empty."""
    key = list(table.primary_key.columns)
    there = [column == row[column.name] for column in key]
    if add and connection.execute(select(func.count()).select_from(table).where(*there)).scalar_one():
        summed = {name: table.c[name] + row[name] for name in ("requests", "cost_nanos", "output")}
        connection.execute(table.update().where(*there).values(summed))
        return
    zero = {column.name: None if column.nullable else 0 for column in table.columns}
    connection.execute(insert(table).values(zero | {name: row[name] for name in row if name in table.c}))


def month_of(connection: Connection, at: int) -> None:
    """Room for the month of this second, as the journal on PostgreSQL wants it."""
    first = datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    starts, ends = (int(day.timestamp()) * 1_000_000 for day in (first, after))
    connection.exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS usage_events_{first:%Y_%m} PARTITION OF usage_events FOR VALUES FROM ({starts}) TO ({ends})"
    )


def value_of(column: Column[Any], turn: int) -> Any:
    """Some value that a column takes: numbers are those of the turn, as the rows of all tables are numbered, texts hold JSON."""
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, SmallInteger):
        return 1
    if isinstance(column.type, Float):
        return 0.5
    if isinstance(column.type, BigInteger | Integer):
        return FIRST + turn
    return JSON_TEXTS.get(column.name, f'{{"turn":{turn}}}')


def counts(connection: Connection) -> dict[str, int]:
    """Rows by table, of those that both engines have."""
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in tables.tables.items()
        if not is_engine_own(name) and name != "alembic_version"
    }


def totals(url: str) -> tuple[tuple[int, int, int], ...]:
    """(requests, nanos, output tokens) of journal, hours and days, as `outlay check` reads them."""

    async def read() -> tuple[tuple[int, int, int], ...]:
        uow = UnitOfWork(url, ZoneInfo("UTC"))
        agreement = await check_books(uow)
        await uow.close()
        return agreement.events, agreement.hourly, agreement.daily

    return asyncio.run(read())
