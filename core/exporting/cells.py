"""Cells of files that people open in a spreadsheet: words that are never run, and numbers with all their digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Final

from core.money import NANOS

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, or a command (OWASP, CSV injection, 2026; full-width forms too)."""
_DIGITS: Final = 60


def words(text: str | None) -> str:
    """Text that somebody wrote, as a cell: with an apostrophe before whatever would be run, on one line, without NUL."""
    if not text:
        return ""
    told = " ".join(text.replace("\x00", "").splitlines()) if not text.isprintable() else text
    # Spreadsheets skip blanks before a formula, so they do not hide it here either.
    return f"'{told}" if told.lstrip().startswith(_STARTS) or text[:1] in _STARTS else told


def decimal_cell(value: Decimal) -> str:
    """A number in full, never in scientific notation, always with a point: readers of FOCUS take `5` for another type."""
    told = format(value, "f")
    if "." not in told:
        return f"{told}.0"
    whole, _, part = told.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def dollars(nanos: int) -> Decimal:
    """Exact dollars."""
    return quotient(nanos, NANOS)


def quotient(amount: int, divisor: int) -> Decimal:
    """`amount / divisor`, exact for divisors of twos and fives, as all prices have."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(amount) / divisor


def product(price: Decimal, quantity: int) -> Decimal:
    """Exact."""
    with localcontext() as context:
        context.prec = _DIGITS
        return price * quantity


def instant(at: datetime) -> str:
    """An aware instant as FOCUS writes it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV text, each ended by a newline."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()
