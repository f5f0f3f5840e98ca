"""Usage events in rows: CSV with a header line, Parquet, and JSON lines. Pure: lines and rows in, events and refusals out.

Columns carry the names of the usage event; tags stand in columns `feature`, `team`, `environment`, `customer`, `project`,
or `tags.NAME` for any other. Empty cells count as absent. Columns that are not known are left out and never stored.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from core.errors import Unreadable
from core.intake.native import reason
from core.usage import DIMENSIONS, UsageEvent

REQUIRED: Final = ("id", "at", "provider", "model")
_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(UsageEvent)) - {"tags"}
_ONE: Final = msgspec.json.Decoder(UsageEvent)
_MAX_CELL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no event: its line in the file (from 1; the row number for Parquet), its id if it has one, and why."""

    line: int
    id: str
    reason: str


Item = tuple[int, UsageEvent | Refused]
"""(line or row number from 1, what stands there)."""


def csv_items(lines: Iterable[str]) -> Iterator[Item]:
    """Events of a CSV file. Raises Unreadable when the header lacks a required column."""
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(lines, strict=True)
    header = [name.strip().lstrip("\ufeff") for name in next(_rows(reader), (0, []))[1]]
    check_columns(header)
    for line, row in _rows(reader):
        if isinstance(row, Refused):
            yield line, row
        elif not row:
            continue
        elif len(row) != len(header):
            yield line, Refused(line, "", f"{len(row)} cells where the header has {len(header)}")
        else:
            yield line, event_of(dict(zip(header, row, strict=True)), line)


def _rows(reader: Any) -> Iterator[tuple[int, Any]]:
    """(line, cells), or (line, Refused) for a row that is no CSV; the reader goes on behind it."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            yield reader.line_num, Refused(reader.line_num, "", f"not CSV: {broken}")
            continue
        yield reader.line_num, row


def json_items(lines: Iterable[bytes]) -> Iterator[Item]:
    """Events of a JSON-lines file; blank lines are passed over."""
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            yield line, _ONE.decode(text)
        except (ValueError, RecursionError) as wrong:
            yield line, Refused(line, "", reason(wrong))


def check_columns(header: Iterable[str]) -> None:
    """Raises Unreadable naming the required columns that a table lacks."""
    present = set(header)
    if lacking := [name for name in REQUIRED if name not in present]:
        raise Unreadable(
            f"The table has no column {', '.join(lacking)}. Its columns have to carry the names of a usage event: "
            f"{', '.join(REQUIRED)}, input_tokens, output_tokens, feature, team, environment, customer, …"
        )


def event_of(row: Mapping[str, Any], line: int) -> UsageEvent | Refused:
    """The event in one row of cells (text, numbers or instants), or why there is none."""
    plain: dict[str, Any] = {}
    tags: dict[str, str] = {}
    for column, value in row.items():
        if value is None or value == "":
            continue
        if column in _FIELDS:
            plain[column] = (
                value.isoformat() if isinstance(value, datetime) else value.strip() if isinstance(value, str) else value
            )
        elif column in DIMENSIONS:
            tags[column] = str(value)
        elif column.startswith("tags.") and len(column) > len("tags."):
            tags[column.removeprefix("tags.")] = str(value)
    try:
        return msgspec.convert({**plain, "tags": tags}, UsageEvent, strict=False)
    except msgspec.ValidationError as wrong:
        return Refused(line, str(plain.get("id", ""))[:200], reason(wrong))
