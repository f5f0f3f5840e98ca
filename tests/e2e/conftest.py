"""The office that stories are told in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.office import Office, open_office
from tests.support.tables import number_of

SETTLED_SECONDS = 1.0


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The books of an office with its usage, in which the jobs of that hour are done; every story begins with a copy."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copy(sqlite_template, folder / "outlay.db")
    asyncio.run(_furnish(folder))
    return folder / "outlay.db"


async def _furnish(folder: Path) -> None:
    async with open_office(folder) as office:
        quiet_since, before = 0.0, 0
        while quiet_since < SETTLED_SECONDS:
            await asyncio.sleep(0.05)
            begun = await number_of(office.service.uow, "SELECT count(*) FROM slots")
            done = await number_of(office.service.uow, "SELECT count(*) FROM slots WHERE done_at IS NOT NULL")
            quiet_since = quiet_since + 0.05 if 0 < begun == done == before else 0.0
            before = begun


@pytest.fixture
async def office(tmp_path: Path, furnished: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """Over HTTP; a test that is parametrized with "socket" gets Socket Mode."""
    shutil.copy(furnished, tmp_path / "outlay.db")
    is_socket = getattr(request, "param", "http") == "socket"
    async with open_office(tmp_path, socket_mode=is_socket, usage=False) as opened:
        yield opened
