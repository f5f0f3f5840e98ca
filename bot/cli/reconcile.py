"""`outlay reconcile`: an invoice against usage files, offline. Stores nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.importing.files import Reading, format_of, nobody_agrees, opened
from bot.importing.invoices import MAX_PAGE_BYTES, read_invoice
from bot.wiring import system_clock
from core.closing.events import EventFold
from core.errors import BudgetError, TooLarge, Unreadable
from core.estimate import Estimate
from core.intake.detect import Format, read_any
from core.intake.provider_names import provider_name
from core.intake.tabular import Refused
from core.invoice import WrongInvoice
from core.money import decimal_string, usd
from core.period import Cycle
from core.reconciliation import Reconciliation, reconcile
from core.usage import UsageEvent

_USAGE_ERROR: Final = 2


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("reconcile")(reconcile_command)


def reconcile_command(
    usage: Annotated[list[Path], typer.Option(help="Usage events: JSON lines, CSV or Parquet. As often as needed.")],
    invoice: Annotated[Path, typer.Option(help="The bill: FOCUS, a provider's cost report or export, or a CSV.")],
    provider: Annotated[str, typer.Option(help="Whose bill it is: openai, anthropic, …")],
    month: Annotated[str, typer.Option(help="The month it is for, like 2026-10.")],
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="More usage files.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare an invoice with usage: every part of the gap with its cause. Stores nothing."""
    errors = Console(stderr=True)
    today = system_clock().date()
    try:
        result, remarks = reconcile_files(
            [*usage, *(more or ())], invoice, provider=provider, month=Cycle.parse(month, today=today)
        )
    except BudgetError as wrong:
        errors.print(wrong.message, style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(_USAGE_ERROR) from None
    if as_json:
        sys.stdout.write(json.dumps(as_json_object(result), ensure_ascii=False) + "\n")
    else:
        show(result, Console())
    for line in (*remarks, *result.remarks):
        errors.print(line, markup=False, highlight=False, soft_wrap=True)


def reconcile_files(
    usage: Iterable[Path], invoice: Path, *, provider: str, month: Cycle
) -> tuple[Reconciliation, tuple[str, ...]]:
    """What the files say, and remarks on the usage that could not be used.

    Raises:
      Unreadable, TooLarge, WrongInvoice: a file cannot be used as what it was given for.
    """
    name = provider_name(provider)
    bill = read_invoice(invoice, provider=name, month=month)
    if bill.currency != "USD":
        raise WrongInvoice(
            f"{invoice.name} is in {bill.currency}, the books are in USD. Convert its amounts at the rate you were charged."
        )
    estimate, remarks = read_usage(usage, provider=name, month=month)
    return reconcile(estimate, bill), remarks


def read_usage(files: Iterable[Path], *, provider: str, month: Cycle) -> tuple[Estimate, tuple[str, ...]]:
    """The estimate of usage files, and what was left out of it. Raises Unreadable, TooLarge."""
    fold = EventFold(provider, month)
    refused = 0
    for path in files:
        if format_of(path) in (Format.OPENAI, Format.ANTHROPIC):
            _add_report(path, fold)
            continue
        with opened(path, Reading(system_clock(), (), nobody_agrees)) as found:
            for _, item in found.items:
                if isinstance(item, Refused):
                    refused += 1
                else:
                    fold.add(item if isinstance(item, UsageEvent) else item.event)
    estimate = fold.done()
    if not estimate.rows:
        raise Unreadable(f"The usage holds nothing of {provider} in {month}.")
    remarks = []
    if refused + fold.refused:
        remarks.append(f"{refused + fold.refused:,} usage events cannot be read and are left out")
    if fold.duplicates:
        remarks.append(f"{fold.duplicates:,} usage events came more than once under the same id and count once")
    if fold.left_out:
        remarks.append(f"{fold.left_out:,} usage events are of other providers or months")
    return estimate, tuple(remarks)


def _add_report(path: Path, fold: EventFold) -> None:
    """A provider's own usage report: its buckets are all there is to compare with where nobody kept single calls."""
    if path.stat().st_size > MAX_PAGE_BYTES:
        raise TooLarge(f"{path.name} is a report of over {MAX_PAGE_BYTES // 1_000_000} MB. Split it by days.")
    taken = read_any(path.read_bytes(), format_of(path), received_at=system_clock())
    for event in (*(record.event for record in taken.records), *(bucket.event for bucket in taken.buckets)):
        fold.add(event)


def as_json_object(result: Reconciliation) -> dict[str, Any]:
    """The shape that programs rely on; amounts in dollars as decimal text."""
    return {
        "provider": result.provider,
        "month": str(result.month),
        "estimate_usd": decimal_string(result.estimate_nanos),
        "invoice_usd": decimal_string(result.invoice_nanos),
        "gap_usd": decimal_string(result.gap_nanos),
        "causes": [
            {
                "cause": cause.name.value, "usd": decimal_string(cause.nanos), "confidence": round(cause.confidence, 2),
                "evidence": cause.evidence, "details": dict(cause.details),
            }
            for cause in result.causes
        ],
        "unexplained_usd": decimal_string(result.unexplained_nanos),
        "tolerance_usd": decimal_string(result.tolerance_nanos),
        "split_by": list(result.split_by),
    }  # fmt: skip


def show(result: Reconciliation, console: Console) -> None:
    """The same for a person."""
    table = Table(title=f"{result.provider} · {result.month.title}", title_justify="left", show_edge=False)
    table.add_column("from the estimate to the invoice")
    table.add_column("USD", justify="right", no_wrap=True)
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("because")
    table.add_row("estimate", usd(result.estimate_nanos), "", "")
    for cause in result.causes:
        words = cause.name.value.replace("_", " ")
        # What stands in a file is shown as it is, never read as markup.
        table.add_row(words, _signed(cause.nanos), f"{cause.confidence:.0%}", Text(cause.evidence))
    within = "within the tolerance" if result.is_explained else "above the tolerance"
    table.add_row("unexplained", _signed(result.unexplained_nanos), "", f"{within} of {usd(result.tolerance_nanos)}")
    table.add_row("invoice", usd(result.invoice_nanos), "", f"{result.lines:,} lines", style="bold")
    console.print(table)
    console.print("--json gives the same for programs.", style="dim")


def _signed(nanos: int) -> str:
    return f"+{usd(nanos)}" if nanos > 0 else usd(nanos)
