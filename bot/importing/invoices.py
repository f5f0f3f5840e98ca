"""Invoices from files: any format, packed or not, one line at a time, and all of it or nothing."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final, cast

from core.errors import TooLarge, Unreadable
from core.intake.bills import Row, bill_format, csv_rows, page_rows
from core.intake.detect import HEAD
from core.invoice import Invoice, InvoiceFold, WrongInvoice
from core.money import nanos_from_decimal
from core.period import Cycle

MAX_BYTES: Final = 4_000_000_000
"""Largest table, unpacked. A million lines with all of FOCUS's columns are 1 GB."""
MAX_PAGE_BYTES: Final = 256_000_000
"""Largest report in JSON, which has to be read whole."""
_MAX_LINE: Final = 1 << 20
_MOVED: Final = 20_000


def read_invoice(path: Path, *, provider: str, month: Cycle, moved: Callable[[int], None] = lambda _: None) -> Invoice:
    """The invoice in a file.

    Args:
      moved: told how many lines are read, every so often.

    Raises:
      Unreadable, TooLarge: it is no bill, or one of its lines cannot be read: a bill counts whole or not at all.
      WrongInvoice: it is another provider's or month's, mixes currencies, or does not add up to the total it states.
    """
    fold = InvoiceFold(provider, month)
    stated: Decimal | None = None
    broken: list[tuple[int, str]] = []
    with opened_bill(path, provider=provider) as rows:
        for number, (line, found) in enumerate(rows, start=1):
            if number % _MOVED == 0:
                moved(number)
            if isinstance(found, str):
                broken.append((line, found))
            elif isinstance(found, Decimal):
                stated = found
            else:
                fold.add(found)
    if broken:
        line, why = broken[0]
        more = f" {len(broken) - 1:,} more lines cannot be read either." if len(broken) > 1 else ""
        raise Unreadable(
            f"Line {line:,} of {path.name} cannot be read: {why}.{more} An invoice counts whole or not at all."
        )
    try:
        return fold.done(stated_total_nanos=None if stated is None else nanos_from_decimal(stated))
    except WrongInvoice as wrong:
        raise WrongInvoice(f"{path.name}: {wrong.message}") from None


@contextmanager
def opened_bill(path: Path, *, provider: str) -> Iterator[Iterator[Row]]:
    """The rows of a bill. Raises Unreadable, TooLarge."""
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            handle = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_packed else raw
            head = handle.read(HEAD)
            form = bill_format(head)
            handle.seek(0)
            if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
                body = handle.read(MAX_PAGE_BYTES + 1)
                if len(body) > MAX_PAGE_BYTES:
                    raise TooLarge(
                        f"{path.name} is a report of over {MAX_PAGE_BYTES // 1_000_000} MB. Split it by days."
                    )
                yield page_rows(body, form)
                return
            with TextIOWrapper(handle, encoding="utf-8-sig", errors="replace", newline="") as text:
                yield csv_rows(_lines(text, path), form, provider=provider)
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror or failed}.") from failed
    except (EOFError, zlib.error) as cut:
        raise Unreadable(f"{path.name} is packed, but cut off or damaged.") from cut


def _lines(text: IO[str], path: Path) -> Iterator[str]:
    """The file's lines. Raises Unreadable for bytes that are not UTF-8, and TooLarge."""
    size = 0
    while line := text.readline(_MAX_LINE):
        size += len(line)
        if "\ufffd" in line:
            raise Unreadable(f"{path.name} holds bytes that are not UTF-8. Save it as UTF-8.")
        if len(line) == _MAX_LINE:
            raise Unreadable(f"{path.name} has a line of over a million characters; it is no bill.")
        if size > MAX_BYTES:
            raise TooLarge(
                f"{path.name} is over {MAX_BYTES // 1_000_000_000} GB. Leave out columns, or split it by days."
            )
        yield line
