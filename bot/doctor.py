"""`outlay doctor`: everything that has to be right for Outlay to work, looked at without changing anything."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

import migrations
from bot.settings import Settings
from bot.slack.examine import examine_slack
from core import diagnosis
from core.checkup import Finding, Grade
from core.services.examine_books import BooksExam, examine_books
from core.store.unit_of_work import UnitOfWork


async def examine(settings: Settings, *, now: datetime) -> tuple[Finding, ...]:
    """All findings, the books first. Never raises for what it finds; raises SettingsProblem for settings that cannot be read."""
    exam = await _books(settings, now)
    channels = {channel: list(workloads) for channel, workloads in exam.channels.items()}
    if settings.outlay_channel:
        channels.setdefault(settings.outlay_channel, [])
    people = {person: list(workloads) for person, workloads in exam.people.items()}
    secrets = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    token, app_token, signing = (secret.get_secret_value() if secret else None for secret in secrets)
    slack = await examine_slack(
        token, app_token=app_token, signing_secret=signing, api_url=settings.slack_api_url,
        people=people, channels=channels, now=now,
    )  # fmt: skip
    return (*exam.findings, *_room(settings), *slack)


async def _books(settings: Settings, now: datetime) -> BooksExam:
    database = make_url(settings.outlay_database_url)
    if database.get_backend_name() == "sqlite" and not await asyncio.to_thread(Path(database.database or "").exists):
        return BooksExam([diagnosis.on_revision(None, newest="", known=())])
    uow = UnitOfWork(settings.outlay_database_url, settings.zone)
    scripts = ScriptDirectory(str(Path(next(iter(migrations.__path__)))))
    revisions = [script.revision for script in scripts.walk_revisions()]
    try:
        return await examine_books(uow, newest=revisions[0], known=revisions, now=now)
    except (SQLAlchemyError, OSError) as unreachable:
        where = database.render_as_string(hide_password=True)
        return BooksExam(
            [
                Finding(
                    "database",
                    Grade.BROKEN,
                    f"The database {where} does not answer ({type(unreachable).__name__}).",
                    "Usage is refused with 503 and nothing is told.",
                    _mend(database.get_backend_name(), database.host, database.port),
                )
            ]
        )
    finally:
        await uow.close()


def _mend(backend: str, host: str | None, port: int | None) -> str:
    if backend == "sqlite":
        return "sqlite3 outlay.db 'PRAGMA integrity_check'   (or restore the last backup, docs/operations.md)"
    return f"pg_isready -h {host or 'localhost'} -p {port or 5432}   (then look at OUTLAY_DATABASE_URL)"


def _room(settings: Settings) -> list[Finding]:
    """Room for a SQLite database; a PostgreSQL server watches its own."""
    database = make_url(settings.outlay_database_url)
    if database.get_backend_name() != "sqlite" or not database.database:
        return []
    path = Path(database.database)
    folder = path.absolute().parent
    if not folder.exists():
        return []
    log = path.with_name(path.name + "-wal")
    return [diagnosis.on_room(shutil.disk_usage(folder).free, log.stat().st_size if log.exists() else 0)]
