"""`outlay export`: a month of the books as FOCUS 1.2 or 1.4, or as a plain table."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console

from bot.cli.tokens import with_books
from bot.wiring import system_clock
from core.exporting.focus import Form
from core.money import usd
from core.period import Cycle
from core.services.export_spend import Exported, export_month
from core.store.unit_of_work import UnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("export")(export)


def export(
    month: Annotated[str, typer.Option(help="Like 2026-10; the running month without it.")] = "this month",
    format: Annotated[Form, typer.Option(help="What the file is.")] = Form.FOCUS_1_2,  # noqa: A002 - named as it is typed
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; stdout without it.")] = None,
) -> None:
    """Write a month of the books as a file for finance. Amounts add up to the books to the nano."""
    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}")
    try:
        exported = _to_stdout(month, format) if output is None else _to_file(output, month, format)
    except BrokenPipeError:
        # Whoever reads has enough, as `head` does; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    told = Console(stderr=True, highlight=False)
    told.print(f"{exported.cycle}: {exported.rows:,} rows, {usd(exported.nanos)}{_closed(exported)}")
    if exported.unpriced_requests:
        told.print(f"{exported.unpriced_requests:,} requests have no known price; their rows cost 0")


def _to_stdout(month: str, form: Form) -> Exported:
    return with_books(lambda uow: _exported(uow, month, form, sys.stdout))


def _to_file(output: Path, month: str, form: Form) -> Exported:
    """Into a file beside it first, so that a run that fails leaves what was there."""
    fresh = output.with_name(f".{output.name}.new")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            exported = with_books(lambda uow: _exported(uow, month, form, file))
        fresh.replace(output)
    finally:
        fresh.unlink(missing_ok=True)
    return exported


async def _exported(uow: UnitOfWork, month: str, form: Form, file: TextIO) -> Exported:
    now = system_clock()
    cycle = Cycle.parse(month, today=now.astimezone(uow.zone).date())
    return await export_month(uow, cycle, form, file.write, now=now)


def _closed(exported: Exported) -> str:
    month = exported.month
    if month.closing is None or month.closing.frozen_at is None:
        return ", not closed yet"
    if not month.adjustments:
        return f", frozen at {usd(month.estimate_nanos)}"
    return f", frozen at {usd(month.estimate_nanos)} and adjusted by {usd(month.adjusted_nanos - month.estimate_nanos)} since"
