"""Puts the parts together: settings in, a running bot out. The one clock is made here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations
from bot.settings import Settings
from core.services.keep_books import open_books
from core.store.unit_of_work import UnitOfWork

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock


def migrate(database_url: str) -> None:
    """Bring the database to the newest schema; safe to call from several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(Path(next(iter(migrations.__path__)))))
    config.attributes["url"] = database_url
    command.upgrade(config, "head")


async def open_store(settings: Settings, *, to_rebuild: bool = False) -> UnitOfWork:
    """Migrate, open the books and check that they fit the settings. Raises SettingsProblem.

    Args:
      to_rebuild: the days are about to be cut anew, so the books may still be in another time zone.
    """
    await asyncio.to_thread(migrate, settings.outlay_database_url)
    uow = UnitOfWork(settings.outlay_database_url, settings.zone)
    try:
        await open_books(uow, default_owner=settings.default_finance, to_rebuild=to_rebuild)
    except BaseException:
        await uow.close()
        raise
    return uow
