"""`outlay import`: usage files into the books, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.cli.bills import import_bill
from bot.cli.tokens import with_books
from bot.importing.importer import Imported, Importer
from bot.wiring import system_clock
from core.errors import BudgetError
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("import")(import_files)


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV, JSON lines, Parquet, or captured payloads (OTLP, LiteLLM, provider answers)."),
    ],
    source: Annotated[
        str, typer.Option(help="Name under which the events count; an id counts once per source.")
    ] = "import",
    column: Annotated[
        list[str] | None, typer.Option(help="For a CSV with names of its own: FIELD=COLUMN, as often as needed.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the columns as proposed, without being asked.")] = False,
    invoice: Annotated[bool, typer.Option("--invoice", help="The file is a bill: compare it with the books.")] = False,
    provider: Annotated[str, typer.Option(help="With --invoice: whose bill it is: openai, anthropic, …")] = "",
    month: Annotated[str, typer.Option(help="With --invoice: the month it is for, like 2026-10.")] = "",
    rate: Annotated[
        str,
        typer.Option(
            help="With --invoice, where it is not in USD: dollars for one unit, day, source: '1.0832 2026-10-31 ECB'."
        ),
    ] = "",
) -> None:
    """Import usage files, or with --invoice a bill. Runs again from where it stopped; nothing counts twice."""
    console = Console(stderr=True)
    if invoice:
        import_bill(files, provider=provider, month=month, rate=rate, agreed=yes, console=console)
        return

    async def work(uow: UnitOfWork) -> bool:
        importer = Importer(uow, Bookkeeper(uow), system_clock)
        refused = False
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            for path in files:
                bar = bars.add_task(path.name, total=None)
                agree = partial(_agree, bars, console, path, yes)
                try:
                    done = await importer.run(
                        path, source, moved=partial(_show, bars, bar), columns=tuple(column or ()), agree=agree
                    )
                except BudgetError as wrong:
                    # The message names the file where it matters; a list of files needs it in front of every line.
                    text = wrong.message if wrong.message.startswith(str(path)) else f"{path}: {wrong.message}"
                    console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
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


def _agree(bars: Progress, console: Console, path: Path, yes: bool, mapping: Sequence[str]) -> bool:
    """Show what is taken for what, and ask; without a terminal only `--yes` agrees."""
    bars.stop()
    console.print(f"{path} has column names of its own. They would be read like this:", markup=False, highlight=False)
    for line in mapping:
        console.print(f"  {line}", markup=False, highlight=False)
    agreed = yes or (sys.stdin.isatty() and typer.confirm("Import by these columns?", err=True))
    bars.start()
    return agreed


def described(path: Path, done: Imported) -> list[str]:
    """What became of a file, in lines for a person."""
    counts = done.progress
    lines = [f"{path}: {counts.accepted:,} accepted, {counts.duplicates:,} duplicates, {counts.rejected:,} rejected"]
    if done.resumed_at:
        lines.append(f"  went on after row {done.resumed_at:,}, where an earlier run had stopped")
    if done.rejects:
        lines.append(f"  every refused row with line and reason: {done.rejects}")
    return lines
