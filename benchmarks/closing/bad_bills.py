"""Invoices that nobody should take: each with what is wrong with it, for whoever has to say so in a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.closing.cases import case


@dataclass(frozen=True, slots=True)
class BadBill:
    """A bill and the sentence's subject. It is meant for `provider` and `month`; `name` says what is wrong."""

    name: str
    provider: str
    month: str
    bill: bytes
    suffix: str
    usage: bytes


def bad_bills(seed: int = 7) -> list[BadBill]:
    """Wrong month, wrong provider, mixed currencies, cut and broken files, macros in cells, nothing at all, another kind of file."""
    good = case(seed, (), form="focus-1.2")

    def bent(name: str, bend: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> BadBill:
        rows = list(csv.DictReader(io.StringIO(good.bill.decode())))
        header = list(rows[0])
        written = io.StringIO()
        table = csv.DictWriter(written, header, lineterminator="\n")
        table.writeheader()
        table.writerows(bend(rows))
        return BadBill(name, good.provider, good.month, written.getvalue().encode(), ".csv", good.usage)

    def raw(name: str, bill: bytes, suffix: str = ".csv") -> BadBill:
        return BadBill(name, good.provider, good.month, bill, suffix, good.usage)

    other = "anthropic" if good.provider == "openai" else "openai"
    return [
        BadBill("wrong month", good.provider, "2025-12", good.bill, ".csv", good.usage),
        BadBill("wrong provider", other, good.month, good.bill, ".csv", good.usage),
        bent(
            "mixed currencies",
            lambda rows: [
                row | ({"BillingCurrency": "EUR"} if place % 3 == 0 else {}) for place, row in enumerate(rows)
            ],
        ),
        bent("amount that is no number", lambda rows: [rows[0] | {"BilledCost": "n/a"}, *rows[1:]]),
        bent(
            "macro in a cell",
            lambda rows: [rows[0] | {"BilledCost": '=HYPERLINK("http://example.com","1.25")'}, *rows[1:]],
        ),
        raw("cut in the middle of a row", good.bill[: len(good.bill) * 2 // 3].rsplit(b",", 4)[0]),
        raw("quote that never ends", good.bill.replace(b"\n", b'\n"', 3)),
        raw("empty", b""),
        raw("header only", good.bill.split(b"\n", 1)[0] + b"\n"),
        raw("a spreadsheet, not a CSV", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00" + bytes(200), ".xlsx"),
        raw("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", ".pdf"),
        raw("binary rubbish", bytes(range(256)) * 40),
        raw("another table", b"name,team\nAda,search\n"),
        raw("a NUL in the text", good.bill.replace(b"Example Org", b"Example\x00Org", 1)),
    ]
