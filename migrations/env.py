"""Alembic's entry: runs the migrations on the database that `outlay` was given, SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import core.store
from core.store.columns import Instant, Json
from core.store.engine import driver_url, make_folder
from core.store.event_months import is_engine_own

_MIGRATION_LOCK = 0x0A0D16
"""Two replicas that start together must not migrate at once; the second finds nothing left to do."""

for _module in iter_modules(core.store.__path__, "core.store."):
    if _module.name.endswith("tables"):
        import_module(_module.name)  # so that Alembic knows every table


def _plain_type(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Migrations name plain column types: they must read the same when the application's own types have moved on."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def _is_shared(name: str | None, kind: str, _: object) -> bool:
    """Leaves out what only PostgreSQL has: the months of the journal, which come and go, and the ids over all of them."""
    return kind != "table" or name is None or not is_engine_own(name)


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_plain_type,
        include_name=_is_shared,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Held by the session: every migration commits, and a lock of the transaction would be gone after the first.
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        context.run_migrations()


async def _run() -> None:
    url = (
        context.config.attributes.get("url")
        or context.config.get_main_option("sqlalchemy.url")
        or "sqlite:///outlay.db"
    )
    make_folder(driver_url(url))
    engine = create_async_engine(driver_url(url))
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=SQLModel.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(_run())
