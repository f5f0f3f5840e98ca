"""How the database is reached: which URLs are taken, and how SQLite is set up to write from one place and read beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from core.errors import SettingsProblem
from core.store.brief_connection import BriefConnection

_BUSY_MS: Final = 15_000


def driver_url(url: str) -> str:
    """The URL with the asyncio driver in it. Raises SettingsProblem for another database or an unreadable URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as unreadable:
        raise SettingsProblem(
            "OUTLAY_DATABASE_URL is not a database URL. Use sqlite:///outlay.db or postgresql://user:password@host/name."
        ) from unreadable
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    backend = parsed.drivername.split("+")[0]
    if backend not in drivers:
        raise SettingsProblem(f"OUTLAY_DATABASE_URL names “{backend}”; Outlay keeps its books in SQLite or PostgreSQL.")
    return parsed.set(drivername=drivers[backend]).render_as_string(hide_password=False)


def make_folder(url: str) -> None:
    """Make the folder of a SQLite database where it is missing. Raises SettingsProblem when that is not possible."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return
    if not parsed.database or parsed.database == ":memory:":
        raise SettingsProblem("The SQLite database has to be a file, for example sqlite:///outlay.db.")
    folder = Path(parsed.database).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as impossible:
        raise SettingsProblem(
            f"The folder {folder} for the database cannot be made: {impossible.strerror}. Change OUTLAY_DATABASE_URL."
        ) from impossible


def sqlite_engine(url: str, begin: str, *, pool_size: int) -> AsyncEngine:
    """Connections that are prepared for the books and open every transaction with `begin`.

    Raises SettingsProblem when the folder cannot be made.
    """
    make_folder(url)
    path = make_url(url).database
    assert path is not None

    async def connect() -> BriefConnection:
        return await BriefConnection.open(path)

    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver must not begin by itself: a write that begins as a read can lose its lock halfway.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "wal_autocheckpoint=16000",
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
