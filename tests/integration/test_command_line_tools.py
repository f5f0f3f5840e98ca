"""`outlay import`, `check`, `rebuild` and `token`: killed and measured from outside as processes, and what they say."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import psutil
import pytest

from tests.support.books import a_payload, books_in
from tests.support.processes import outlay, ran, ran_here
from tests.support.tables import number_of

ROWS = 60_000


def a_file(folder: Path, rows: int, name: str = "usage.jsonl") -> Path:
    """Events of fifty series over a month, one a line."""
    path = folder / name
    with path.open("w") as handle:
        for number in range(rows):
            event = a_payload(
                id=f"{name}-{number}", at=f"2026-10-{number % 30 + 1:02d}T{number % 24:02d}:00:00Z",
                tags={"feature": f"f{number % 50}"},
            )  # fmt: skip
            handle.write(json.dumps(event) + "\n")
    return path


@pytest.mark.long
async def test_an_import_killed_again_and_again_ends_with_every_row_once(database_url: str, tmp_path: Path) -> None:
    path, choose = a_file(tmp_path, ROWS), random.Random(1)
    for _ in range(3):
        process = outlay("import", str(path), url=database_url)
        async with books_in(database_url) as uow:
            before = await number_of(uow, "SELECT count(*) FROM usage_events")
            deadline = time.monotonic() + 60
            while await number_of(uow, "SELECT count(*) FROM usage_events") == before and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(choose.random() * 0.1)
        process.kill()
        process.communicate()

    code, _, said = ran("import", str(path), url=database_url)

    assert code == 0, said
    async with books_in(database_url) as uow:
        assert await number_of(uow, "SELECT count(*) FROM usage_events") == ROWS
        assert await number_of(uow, "SELECT max(rows_done) FROM imports") == ROWS
    code, said, _ = ran("check", url=database_url)
    assert code == 0
    assert "the books agree" in said


def peak_bytes(url: str, path: Path) -> int:
    """The most memory that importing this file took, resident."""
    process = outlay("import", str(path), url=url)
    peak, watched = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.02)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return peak


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_eight_times_as_long_takes_hardly_more_memory(database_url: str, tmp_path: Path) -> None:
    short = peak_bytes(database_url, a_file(tmp_path, 15_000, "short.jsonl"))
    long = peak_bytes(database_url, a_file(tmp_path, 120_000, "long.jsonl"))

    # SQLite's page cache alone may grow by 64 MB; a list of the rows would take far more than that.
    assert long - short < 80 << 20
    assert long < 300 << 20


def test_days_can_be_cut_anew_in_another_zone(database_url: str, tmp_path: Path) -> None:
    assert ran_here("import", str(a_file(tmp_path, 50)), url=database_url)[0] == 0

    code, _, said = ran_here("check", url=database_url, OUTLAY_TIMEZONE="Asia/Kolkata")
    assert code == 2
    assert "outlay rebuild" in said

    assert ran_here("rebuild", url=database_url, OUTLAY_TIMEZONE="Asia/Kolkata")[0] == 0
    code, said, _ = ran_here("check", url=database_url, OUTLAY_TIMEZONE="Asia/Kolkata")
    assert code == 0
    assert "chain whole" in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_with_refusals_says_where_they_are_and_ends_with_1(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("id,at,provider,model\na,2026-11-01T00:00:00Z,openai,gpt-4.1\nb,never,openai,gpt-4.1\n")

    code, _, said = ran("import", str(path), str(tmp_path / "missing.csv"), url=database_url)

    assert code == 1
    assert "1 accepted, 0 duplicates, 1 rejected" in said
    assert "usage.csv.rejects.csv" in said
    assert "missing.csv" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_token_is_printed_alone_once_and_works_until_it_is_revoked(database_url: str) -> None:
    code, token, _ = ran_here("token", "create", "gateway", "--scope", "usage,read", url=database_url)
    assert code == 0
    assert token.startswith("outlay_")
    assert token.count("\n") == 1

    listed = ran_here("token", "list", url=database_url)[1]
    assert "gateway" in listed
    assert token.strip() not in listed

    assert ran_here("token", "create", "gateway", url=database_url)[0] == 2
    assert ran_here("token", "create", "other", "--scope", "everything", url=database_url)[0] == 2
    assert ran_here("token", "revoke", "gateway", url=database_url)[0] == 0
    assert ran_here("token", "revoke", "nobody", url=database_url)[0] == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"OUTLAY_DATABASE_URL": "mysql://x/y"},
        {"OUTLAY_DATABASE_URL": "sqlite://"},
        {"OUTLAY_DATABASE_URL": "not a url"},
        {"OUTLAY_TIMEZONE": "Mars/Olympus"},
        {"OUTLAY_FINANCE": "farah"},
        {"OUTLAY_PORT": "99999"},
    ],
    ids=lambda settings: next(iter(settings.items()))[1],
)
def test_a_setting_that_cannot_be_used_is_one_line_that_names_it(tmp_path: Path, settings: dict[str, str]) -> None:
    code, _, said = ran_here("check", url=f"sqlite:///{tmp_path / 'outlay.db'}", **settings)

    assert code == 2
    assert said.startswith("outlay: ")
    assert "Traceback" not in said
