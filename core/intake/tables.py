"""Rows of CSV files with a header, one at a time, however large the file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final

from core.errors import Unreadable

_MAX_CELL: Final = 1_000_000
_DELIMITERS: Final = ",;\t|"


def header_of(first_line: str) -> tuple[list[str], str]:
    """(column names, delimiter) of a header line. A file without a header gives its first values."""
    line = first_line.lstrip("\ufeff").strip("\r\n")
    delimiter = max(_DELIMITERS, key=line.count) if any(sign in line for sign in _DELIMITERS) else ","
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return [name.strip() for name in names], delimiter


def table_rows(
    lines: Iterable[str], *, wanted: frozenset[str] | None = None
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line number from 1, cells by column name) for every row below the header; a text instead says why there is none.

    Missing cells at the end of a row count as empty. Raises Unreadable where there is no header.

    Args:
      wanted: columns to hand out; None hands out all. Wide bills are read much faster without the rest.
    """
    csv.field_size_limit(_MAX_CELL)
    source = iter(lines)
    header, delimiter = header_of(next(source, ""))
    if not any(header):
        raise Unreadable("The file has no header line with the names of its columns.")
    places = [(place, name) for place, name in enumerate(header) if name and (wanted is None or name in wanted)]
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num + 1, "not CSV"
            continue
        if not any(row):
            continue
        if len(row) > len(header):
            yield reader.line_num + 1, f"{len(row)} cells where the header has {len(header)}"
            continue
        row += [""] * (len(header) - len(row))
        yield reader.line_num + 1, {name: row[place].strip() for place, name in places}
