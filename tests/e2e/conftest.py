"""The office that stories are told in."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.office import Office, open_office


@pytest.fixture
async def office(tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """Over HTTP; a test that is parametrized with "socket" gets Socket Mode."""
    shutil.copy(sqlite_template, tmp_path / "outlay.db")
    async with open_office(tmp_path, socket_mode=getattr(request, "param", "http") == "socket") as opened:
        yield opened
