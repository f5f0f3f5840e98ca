"""Bills in any format, as cost lines: FOCUS, AWS, OpenAI's and Anthropic's cost reports, and plain tables of costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Final

from core.errors import Unreadable
from core.intake import anthropic, bedrock, cost_table, focus, openai, openai_export
from core.intake.detect import Format, detect
from core.intake.record import CostLine, Taken
from core.intake.tables import header_of

Row = tuple[int, CostLine | str | Decimal]
"""(line or item number from 1, the charge; or why there is none; or the total that the bill states)."""

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PDF: Final = b"%PDF"


def bill_format(head: bytes) -> Format:
    """The format of a bill that starts with these bytes. Raises Unreadable for what is none, with the way out."""
    if head.startswith(_WORKBOOKS):
        raise Unreadable("This is a workbook, not a bill that can be read. Save the sheet as CSV and give that.")
    if head.startswith(_PDF):
        raise Unreadable(
            "This is a PDF. Export the invoice's lines as CSV or from the provider's cost report and give that."
        )
    if not head.strip():
        raise Unreadable("The file is empty.")
    if b"\x00" in head[:4096] and head[:2] not in (b"\x1f\x8b",):
        raise Unreadable("This is no text. A bill has to be CSV in UTF-8 or the JSON of a cost report.")
    form = detect(head)
    if form is Format.PARQUET:
        raise Unreadable("Bills are read from CSV and JSON; write this Parquet file as CSV.")
    return form


def csv_rows(lines: Iterable[str], form: Format, *, provider: str) -> Iterator[Row]:
    """The charges of a bill in rows, streamed where the format allows.

    Args:
      provider: whose bill it is, where the rows do not say.

    Raises:
      Unreadable: it is a table without what a bill needs, or holds usage instead of costs.
    """
    match form:
        case Format.FOCUS:
            return iter(focus.rows(lines))
        case Format.AWS_BILL:
            return iter(bedrock.report_rows(lines))
        case Format.OPENAI:
            return _taken(openai_export.read(lines))
    source = iter(lines)
    first = next(source, "")
    if not cost_table.is_cost_table(header_of(first)[0]):
        raise Unreadable(
            "The table is no bill: it needs a column with an amount (amount, cost, …) and one with a day (date, …). "
            "Usage is imported with `outlay import`."
        )
    return cost_table.rows(chain([first], source), provider=provider)


def page_rows(body: bytes, form: Format) -> Iterator[Row]:
    """The charges of a page of a provider's cost report in JSON. Raises Unreadable for usage and for a page of several."""
    if form not in (Format.OPENAI, Format.ANTHROPIC):
        raise Unreadable("This JSON is no cost report. Give OpenAI's costs, Anthropic's cost report or a CSV.")
    taken = openai.read(body) if form is Format.OPENAI else anthropic.read(body)
    if taken.next_page:
        raise Unreadable(
            "This page of the cost report is followed by others. Give the whole report, or ask for more a page."
        )
    return _taken(taken)


def _taken(taken: Taken) -> Iterator[Row]:
    if taken.buckets and not taken.costs:
        raise Unreadable("This report holds usage, not costs. Export the costs, or the invoice.")
    yield from ((index + 1, line) for index, line in enumerate(taken.costs))
    yield from ((index + 1, why) for index, why in taken.refused)
