"""Usage events in rows: CSV with a header line, Parquet, and JSON lines. Pure: lines and rows in, events and refusals out.

Columns carry the names of the usage event; tags stand in columns `feature`, `team`, `environment`, `customer`, `project`,
or `tags.NAME` for any other. Empty cells count as absent. Columns that are not known are left out and never stored.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final
from uuid import UUID

import msgspec

from core.errors import Unreadable
from core.intake.native import reason
from core.intake.tables import header_of
from core.usage import DIMENSIONS, UsageEvent

REQUIRED: Final = ("id", "at", "provider", "model")
_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(UsageEvent)) - {"tags"}
_ONE: Final = msgspec.json.Decoder(UsageEvent)
_MAX_CELL: Final = 1_000_000
_MAX_RECORD_LINES: Final = 50
"""Lines that one quoted row may span. A quote that is never closed would otherwise swallow the rest of the file."""
_TEXTS: Final = ("id", "provider", "model", "tier", "workload", "response_id")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no event: its line in the file (from 1; the row number for Parquet), its id if it has one, and why."""

    line: int
    id: str
    reason: str


Item = tuple[int, UsageEvent | Refused]
"""(line or row number from 1, what stands there)."""


def csv_items(lines: Iterable[str]) -> Iterator[Item]:
    """Events of a CSV file, each at the line it begins on. Raises Unreadable when the header lacks a required column.

    A row that cannot be read costs its own first line only: what it swallowed behind that is read again by itself.
    """
    csv.field_size_limit(_MAX_CELL)
    source = iter(lines)
    first = next(source, "")
    feed = _Feed(chain([first], source))
    reader = csv.reader(feed, strict=True, delimiter=header_of(first)[1])
    header: list[str] | None = None
    while True:
        line = feed.begin_record()
        try:
            row = next(reader)
        except StopIteration:
            if header is None:
                check_columns(())
            return
        except csv.Error as broken:
            row = []
            wrong: str | None = f"not CSV: {broken}"
        else:
            wrong = _row_problem(row, header)
        if wrong:
            feed.give_back()
            yield line, Refused(line, "", wrong)
        elif header is None:
            header = [name.strip().lstrip("\ufeff") for name in row]
            check_columns(header)
        elif row:
            yield line, event_of(dict(zip(header, row, strict=True)), line)


def _row_problem(row: list[str], header: list[str] | None) -> str | None:
    if header is None or not row:
        return None
    if len(row) != len(header):
        return f"{len(row)} cells where the header has {len(header)}"
    if any("\ufffd" in cell for cell in row):
        return "it holds bytes that are not UTF-8; save the file as UTF-8"
    return None


class _Feed:
    """Lines for a CSV reader, with the lines of the record it is in kept, so that they can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: list[str] = []
        self._record: list[str] = []
        self._passed = 0

    def begin_record(self) -> int:
        """Forget the record that is done; the number of the line that comes next, from 1."""
        self._passed += len(self._record)
        self._record.clear()
        return self._passed + 1

    def give_back(self) -> None:
        """All lines of this record but its first are read again."""
        self._returned += reversed(self._record[1:])
        del self._record[1:]

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self._record) == _MAX_RECORD_LINES:
            raise csv.Error("a quote is not closed")
        line = self._returned.pop() if self._returned else next(self._lines)
        self._record.append(line)
        return line


def json_items(lines: Iterable[bytes]) -> Iterator[Item]:
    """Events of a JSON-lines file; blank lines are passed over."""
    for line, raw in enumerate(lines, start=1):
        text = raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw
        if not text.strip():
            continue
        try:
            yield line, _ONE.decode(text)
        except (ValueError, RecursionError) as wrong:
            yield line, Refused(line, "", reason(wrong))


def check_columns(header: Iterable[str]) -> None:
    """Raises Unreadable naming the required columns that a table lacks, or a column that it has twice."""
    names = list(header)
    present = set(names)
    if twice := [name for name in (*REQUIRED, *sorted(_FIELDS), *DIMENSIONS) if names.count(name) > 1]:
        raise Unreadable(f"The table has more than one column {twice[0]}. Leave one of them out.")
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
        # Tables without empty cells write "not a number", which is the only value that differs from itself.
        if value is None or value == "" or value != value:  # noqa: PLR0124
            continue
        if column in _FIELDS:
            plain[column] = _cell(column, value)
        elif column in DIMENSIONS:
            tags[column] = str(value)
        elif column.startswith("tags.") and len(column) > len("tags."):
            tags[column.removeprefix("tags.")] = str(value)
        elif column == "tags":
            tags |= _nested(value)
    try:
        return msgspec.convert({**plain, "tags": tags}, UsageEvent, strict=False)
    except msgspec.ValidationError as wrong:
        return Refused(line, str(plain.get("id", ""))[:200], reason(wrong))


def _cell(column: str, value: Any) -> Any:
    """A cell as the event's field takes it: text without blanks around, instants and decimals as text, numbers as they are."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal) or (column in _TEXTS and isinstance(value, (int, UUID))):
        return str(value)
    return value


def _nested(value: Any) -> dict[str, str]:
    """Tags that stand in one column: a struct or a map as Parquet has them. Anything else is left out."""
    pairs = value.items() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {str(pair[0]): str(pair[1]) for pair in pairs if len(pair) == 2 and pair[1] is not None}
