"""The HTTP API does what its OpenAPI says, for requests that schemathesis makes up from it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.api import Api, running_api


@pytest.fixture
async def api(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Api]:
    path = tmp_path / "outlay.db"
    shutil.copy(sqlite_template, path)
    async with running_api(f"sqlite:///{path}") as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("token", ["usage", "reader"])
async def test_schemathesis_finds_nothing(api: Api, tmp_path: Path, token: str) -> None:
    words = (
        "-m", "schemathesis.cli", "run", f"{api.service.url}/openapi.json", "--header", f"Authorization: Bearer {api.tokens[token]}",
        "--max-examples", "10", "--seed", "7", "--exclude-path", "/metrics", "--suppress-health-check", "all",
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 120)

    assert process.returncode == 0, said.decode()[-4_000:]
