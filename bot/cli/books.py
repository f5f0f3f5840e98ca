"""Commands about the books: `import`, `migrate`, `check`, `rebuild`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.cli.tokens import operator, with_books
from bot.importing.importer import Imported, Importer
from bot.settings import load_settings
from bot.wiring import migrate as bring_up_to_date
from bot.wiring import system_clock
from core.errors import BudgetError
from core.services.keep_books import check_books, rebuild_books
from core.services.read_audit import trail
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("import")(import_files)
    app.command()(migrate)
    app.command()(check)
    app.command()(rebuild)


def import_files(
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON lines or Parquet with the columns of a usage event.")],
    source: Annotated[
        str, typer.Option(help="Name under which the events count; an id counts once per source.")
    ] = "import",
) -> None:
    """Import usage files. Runs again from where it stopped; nothing counts twice."""
    console = Console(stderr=True)

    async def work(uow: UnitOfWork) -> bool:
        importer = Importer(uow, Bookkeeper(uow), system_clock)
        refused = False
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            for path in files:
                bar = bars.add_task(path.name, total=None)
                try:
                    done = await importer.run(path, source, moved=partial(_show, bars, bar))
                except BudgetError as wrong:
                    console.print(
                        f"{path}: {wrong.message}", style="red", markup=False, highlight=False, soft_wrap=True
                    )
                    refused = True
                    continue
                finally:
                    bars.remove_task(bar)
                refused |= bool(done.progress.rejected)
                for line in described(path, done):
                    console.print(line, markup=False, highlight=False, soft_wrap=True)
        return refused

    if with_books(work):
        raise typer.Exit(1)


def _show(bars: Progress, bar: TaskID, at: int, size: int) -> None:
    bars.update(bar, completed=at, total=size)


def described(path: Path, done: Imported) -> list[str]:
    """What became of a file, in lines for a person."""
    counts = done.progress
    lines = [f"{path}: {counts.accepted:,} accepted, {counts.duplicates:,} duplicates, {counts.rejected:,} rejected"]
    if done.resumed_at:
        lines.append(f"  went on after row {done.resumed_at:,}, where an earlier run had stopped")
    if done.rejects:
        lines.append(f"  every refused row with line and reason: {done.rejects}")
    return lines


def migrate() -> None:
    """Bring the database to the newest schema."""
    bring_up_to_date(load_settings().outlay_database_url)
    print("the database is up to date")  # noqa: T201


def check() -> None:
    """Compare journal, hourly and daily spend to the nano, and verify the audit chain."""

    async def work(uow: UnitOfWork) -> tuple[bool, int | None, int]:
        agreement, audit = await check_books(uow), await trail(uow, None, limit=1)
        for name, (requests, nanos, _) in (
            ("events", agreement.events),
            ("hourly", agreement.hourly),
            ("daily", agreement.daily),
        ):
            print(f"{name:<7}{requests:>16,} requests {nanos:>24,} nanos")  # noqa: T201
        return agreement.holds, audit.broken_at, audit.total

    holds, broken_at, total = with_books(work)
    print("the books agree" if holds else "the books disagree; `outlay rebuild` makes the projections anew")  # noqa: T201
    print(f"audit: {total} entries, " + ("chain whole" if broken_at is None else f"chain broken at entry {broken_at}"))  # noqa: T201
    if not holds or broken_at is not None:
        raise typer.Exit(1)


def rebuild() -> None:
    """Make hourly and daily spend anew from the journal, in the time zone now set."""

    async def work(uow: UnitOfWork) -> bool:
        return (await rebuild_books(uow, by=operator(), now=system_clock())).holds

    holds = with_books(work, to_rebuild=True)
    print("rebuilt; the books agree" if holds else "rebuilt, but the books still disagree")  # noqa: T201
    if not holds:
        raise typer.Exit(1)
