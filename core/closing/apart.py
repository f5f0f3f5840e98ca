"""Causes that lines of the bill name themselves: tax, credits, discounts, corrections, rounding, fees for tools
(causes 11, 14, 15, 16 and 18 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from core.closing.bill_lines import Bill
from core.closing.causes import Cause, CauseName
from core.closing.residual import names
from core.invoice import InvoiceLine
from core.line_kind import LineKind

_NAMED: Final = {
    LineKind.TAX: (CauseName.TAX, "tax"), LineKind.CREDIT: (CauseName.CREDIT, "credits"),
    LineKind.PURCHASE: (CauseName.CREDIT, "purchases of credits or commitments"),
    LineKind.DISCOUNT: (CauseName.DISCOUNT, "discounts"), LineKind.ROUNDING: (CauseName.ROUNDING, "rounding"),
    LineKind.CORRECTION: (CauseName.LATE_DATA, "corrections of earlier months"),
}  # fmt: skip
_ALIKE: Final = 0.002


def named_causes(bill: Bill) -> list[Cause]:
    """Causes for everything on the bill that is neither a token nor a web search."""
    found = []
    for kind, (cause, words) in _NAMED.items():
        if lines := bill.apart.get(kind):
            amount = sum(line.nanos for line in lines)
            told = names(sorted({line.description for line in lines if line.description}), 2)
            evidence = f"{_count(lines)} for {words} on the bill" + (f": {told}" if told else "")
            found.append(Cause(cause, amount, 0.98, evidence, {"lines": _size(lines)}))
    if bill.tools:
        fees = sum(line.nanos for line in bill.tools)
        kinds = sorted({line.token_class or line.description or "other fees" for line in bill.tools})
        evidence = f"{_count(bill.tools)} for {names(kinds)}, which no usage counts"
        found.append(Cause(CauseName.TOOL_FEES, fees, 0.95, evidence, {"kinds": kinds}))
    for lines, cause, words in (
        (bill.training, CauseName.UNTRACKED_KEY, "training, which no usage names"),
        (bill.images, CauseName.MODALITY, "images, which the usage does not count"),
    ):
        if lines:
            amount = sum(line.nanos for line in lines)
            found.append(Cause(cause, amount, 0.8, f"{_count(lines)} for {words}", {"lines": _size(lines)}))
    return found


def at_list(lines: Sequence[InvoiceLine]) -> tuple[tuple[InvoiceLine, ...], Cause | None]:
    """(the lines at list price, the discount that this takes out), where the bill tells both and they differ alike."""
    told = [line for line in lines if line.list_nanos and line.nanos]
    whole = sum(abs(line.nanos) for line in lines)
    billed, listed = sum(line.nanos for line in told), sum(line.list_nanos or 0 for line in told)
    if not told or listed <= 0 or billed >= listed or sum(abs(line.nanos) for line in told) < 0.9 * whole:
        return tuple(lines), None
    ratio = billed / listed
    # A few lines that cost nothing make a ratio too, but not one that every line has.
    width = min(_ALIKE, (1 - ratio) / 4)
    alike = sum(line.nanos for line in told if abs(line.nanos / (line.list_nanos or 1) - ratio) < width)
    if alike < 0.9 * billed:
        return tuple(lines), None
    plain = tuple(
        msgspec.structs.replace(line, nanos=line.list_nanos) if line.list_nanos and line.nanos else line
        for line in lines
    )
    amount = sum(line.nanos for line in lines) - sum(line.nanos for line in plain)
    evidence = f"the bill itself tells list prices, and charges {1 - ratio:.1%} less on every line"
    return plain, Cause(CauseName.DISCOUNT, amount, 0.98, evidence, {"ratio": round(ratio, 6)})


def _count(lines: Sequence[InvoiceLine]) -> str:
    size = _size(lines)
    return "a line" if size == 1 else f"{size:,} lines"


def _size(lines: Sequence[InvoiceLine]) -> int:
    return sum(line.count for line in lines)
