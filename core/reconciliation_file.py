"""A comparison as CSV: every figure that was signed, safe to open in a spreadsheet; pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

from core.money import decimal_string

COLUMNS: Final = (
    "part",
    "provider",
    "month",
    "label",
    "estimate_usd",
    "invoice_usd",
    "gap_usd",
    "confidence",
    "evidence",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(result: Mapping[str, Any], *, digest: str) -> str:
    """The facts of a comparison, one figure a row: the total, the causes, what is left, models and UTC days.

    Amounts are dollars with nine decimals; texts that a spreadsheet would run as a formula get an apostrophe in front
    (OWASP, CSV injection, 2026).
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for part, label, estimate, invoice, gap, confidence, evidence in _rows(result, digest):
        money = [decimal_string(nanos) if nanos is not None else "" for nanos in (estimate, invoice, gap)]
        texts = [inert(text) for text in (part, str(result["provider"]), str(result["month"]), label)]
        writer.writerow([*texts, *money, confidence, inert(evidence)])
    return out.getvalue()


_Row = tuple[str, str, int | None, int | None, int, str, str]


def _rows(result: Mapping[str, Any], digest: str) -> Iterator[_Row]:
    estimate, invoice = int(result["estimate"]), int(result["invoice"])
    bill = result["bill"]
    told = f"{bill['file']} version {bill['version']}, sha256 {bill['sha256']}, comparison {digest}"
    yield "total", "", estimate, invoice, invoice - estimate, "", told
    for cause in result["causes"]:
        yield "cause", cause["cause"], None, None, int(cause["nanos"]), f"{cause['confidence']:.2f}", cause["evidence"]
    yield "unexplained", "", None, None, int(result["unexplained"]), "", ""
    for part, key in (("model", "models"), ("day", "days")):
        for label, ours, theirs in result[key]:
            yield part, label, int(ours), int(theirs), int(theirs) - int(ours), "", ""


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
