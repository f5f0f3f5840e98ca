"""One running bot an engine and a file of tests: starting one for every row of a table would take longer than the rows."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.api import Api, running_api


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in it; on SQLite not even its folder is there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'outlay.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As `database_url`, for a whole file of tests."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("api") / "outlay.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    url = server.books()
    yield url
    server.take_back(url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(module_database_url: str) -> AsyncIterator[Api]:
    async with running_api(module_database_url) as running:
        yield running
