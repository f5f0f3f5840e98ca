"""`outlay import --invoice`: a bill of any size into the books, compared at once; the bot tells the result in Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from bot.cli.tokens import with_books
from bot.importing.files import fingerprint
from bot.importing.invoices import read_invoice
from bot.settings import load_settings
from bot.wiring import system_clock
from core.errors import BudgetError
from core.exchange import read_rate
from core.intake.provider_names import provider_name
from core.money import usd
from core.people import Actor
from core.period import Cycle
from core.services.reconcile_month import Compared, reconcile_month
from core.services.take_invoice import OPERATOR, Delivered, take_invoice
from core.store.unit_of_work import UnitOfWork

_USAGE_ERROR = 2


def import_bill(files: Sequence[Path], *, provider: str, month: str, rate: str, agreed: bool, console: Console) -> None:
    """Store the bill and compare it. Exits with 2 and a sentence where it cannot be used; then nothing was stored.

    Args:
      agreed: the amounts are right even where they look like cents.
    """
    if len(files) != 1 or not provider or not month:
        _refused(
            console, "Give one bill with its provider and month: --invoice --provider openai --month 2026-10 FILE."
        )
    settings = load_settings()

    async def work(uow: UnitOfWork) -> Compared:
        named = provider_name(provider)
        cycle = Cycle.parse(month, today=system_clock().date())
        columns = (SpinnerColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(f"reading {files[0].name}")
            moved = partial(_show, shown, task, files[0].name)
            invoice = await asyncio.to_thread(read_invoice, files[0], provider=named, month=cycle, moved=moved)
            mark = await asyncio.to_thread(fingerprint, files[0])
            how = Delivered("import", files[0].name, mark, read_rate(rate), units_agreed=agreed)
            by = Actor(OPERATOR, is_finance=True)
            await take_invoice(uow, invoice, how, by=by, now=system_clock())
            shown.update(task, description=f"comparing {invoice.line_count:,} lines with the books")
            return await reconcile_month(
                uow, named, cycle, by=by, finance_team=settings.outlay_finance, channel=settings.outlay_channel,
                now=system_clock(),
            )  # fmt: skip

    try:
        done = with_books(work)
    except BudgetError as wrong:
        _refused(console, wrong.message)
        return
    kept = done.kept
    for line in (
        f"{kept.provider} {kept.month.title}: the invoice says {usd(kept.invoice_nanos)}, the books {usd(kept.estimate_nanos)}",
        f"  causes named: {len(kept.result['causes'])}, unexplained: {usd(kept.unexplained_nanos)}",
        "  the bot tells it in Slack, where it is signed",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _show(shown: Progress, task: TaskID, name: str, lines: int) -> None:
    shown.update(task, description=f"reading {name}: {lines:,} lines")


def _refused(console: Console, why: str) -> None:
    console.print(why, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(_USAGE_ERROR)
