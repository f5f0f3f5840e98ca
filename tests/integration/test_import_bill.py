"""`outlay import --invoice`: a bill into the books from the command line, whole or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from bot.cli.app import app
from core.store.unit_of_work import UnitOfWork
from tests.support.books import books_in
from tests.support.invoices import OCTOBER, with_october

BILL = "date,model,token_type,tokens,cost\n2026-10-01,gpt-4.1,output,1000,0.038\n"


def imports(monkeypatch: pytest.MonkeyPatch, url: str, path: Path, *more: str) -> Result:
    monkeypatch.setenv("OUTLAY_DATABASE_URL", url)
    line = ["import", "--invoice", "--provider", "openai", "--month", "2026-10", *more, str(path)]
    return CliRunner().invoke(app, line)


async def kept(url: str) -> tuple[int, list[str]]:
    """(versions of October's invoice, states of its comparisons)."""
    async with books_in(url) as uow, uow.read() as tx:
        versions = await tx.invoices.versions("openai", OCTOBER)
        standing = await tx.reconciliations.standing()
        return len(versions), [one.state for one in standing]


async def fill(url: str) -> None:
    opened = UnitOfWork(url, ZoneInfo("UTC"))
    async with books_in(url):
        await with_october(opened)
    await opened.close()


def test_a_bill_is_stored_and_compared(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(fill(database_url))
    (tmp_path / "october.csv").write_text(BILL)
    done = imports(monkeypatch, database_url, tmp_path / "october.csv")

    assert done.exit_code == 0, done.output
    assert "the invoice says $0.04, the books $0.03" in done.output
    assert asyncio.run(kept(database_url)) == (1, ["open"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        (BILL.replace("2026-10", "2026-09"), "not for 2026-10"),
        (BILL + "2026-10-02,gpt-4.1,output,1,what\n", "whole or not at all"),
        (BILL.replace("0.038", "2.8"), "cents"),
    ],
)
def test_a_bad_bill_is_answered_with_two_and_nothing_is_stored(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, words: str
) -> None:
    asyncio.run(fill(database_url))
    (tmp_path / "october.csv").write_text(content)
    done = imports(monkeypatch, database_url, tmp_path / "october.csv")

    assert done.exit_code == 2
    assert words in done.output
    assert asyncio.run(kept(database_url)) == (0, [])


def test_a_bill_needs_its_provider_and_month(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["import", "--invoice", str(tmp_path / "x.csv")])

    assert done.exit_code == 2
    assert "--provider openai --month 2026-10" in done.output
