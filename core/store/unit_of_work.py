"""One transaction at a time: `write()` commits on a clean exit, `read()` always rolls back.

SQLite: WAL, one writer that takes the lock when it begins, readers beside it. PostgreSQL: a pool, READ COMMITTED.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool

from core.store.brief_connection import BriefConnection
from core.store.engine import driver_url, sqlite_engine
from core.store.transaction import Transaction

__all__ = ["Transaction", "UnitOfWork"]


class UnitOfWork:
    """The books of one workspace.

    Attributes:
      zone: the books' time zone: cycles and days are cut in it.
      is_sqlite: one process only; PostgreSQL may be shared by any number.
    """

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self.url = driver_url(url)
        self.zone = zone
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self._writer = sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite_engine(self.url, "BEGIN", pool_size=4)
        else:
            self._writer = self._reader = create_async_engine(self.url, pool_size=8, max_overflow=8, pool_pre_ping=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Commits on a clean exit, rolls back on any exception."""
        async with self._writer.connect() as connection, connection.begin():
            yield Transaction(connection, self.zone)

    @asynccontextmanager
    async def write_briefly(self) -> AsyncIterator[Transaction]:
        """As `write`, for short statements that have to be quick whatever else the machine does.

        On SQLite they run where they are called instead of in the connection's thread, which costs several handovers between
        threads for every statement; only the begin and the commit, which wait for others and for the disk, and statements that
        carry much stay there.
        """
        async with self.write() as tx:
            if not self.is_sqlite:
                yield tx
                return
            raw = (await tx.connection.get_raw_connection()).driver_connection
            assert isinstance(raw, BriefConnection)
            raw.runs_inline = True
            try:
                yield tx
            finally:
                raw.runs_inline = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """A consistent view that changes nothing."""
        async with self._reader.connect() as connection:
            transaction = await connection.begin()
            try:
                yield Transaction(connection, self.zone)
            finally:
                await transaction.rollback()

    def connections(self) -> dict[str, dict[str, int]]:
        """By pool (`shared` on PostgreSQL, `write` and `read` on SQLite): how many connections are in use, and how many idle."""
        engines = {"write": self._writer, "read": self._reader} if self.is_sqlite else {"shared": self._writer}
        pools = {name: cast(QueuePool, engine.pool) for name, engine in engines.items()}
        return {name: {"in_use": pool.checkedout(), "idle": pool.checkedin()} for name, pool in pools.items()}

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
