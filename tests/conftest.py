"""What all tests share: the books on both engines, each test with a database of its own."""

from __future__ import annotations

import gc
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

from bot.wiring import migrate
from core.services.keep_books import open_books
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH
from tests.support.compiled_once import compile_once
from tests.support.postgres import Postgres
from tests.support.thorough import cases

# Deadlines measure the machine, not the code; on a shared one they only make noise.
settings.register_profile("books", max_examples=cases(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("books")
compile_once()


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: looking through it for garbage took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of a process, started by the first that needs it."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "outlay.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of fresh books on PostgreSQL, for what only several processes can show."""
    url = postgres.books()
    yield url
    postgres.take_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of fresh books with the newest schema; every test with it runs on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "outlay.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("postgres_url")


@pytest.fixture
async def uow(database_url: str) -> AsyncIterator[UnitOfWork]:
    """Open books in UTC; Farah owns what is unattributed."""
    opened = UnitOfWork(database_url, ZoneInfo("UTC"))
    await open_books(opened, default_owner=FARAH)
    yield opened
    await opened.close()
