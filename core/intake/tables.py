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


class Cells:
    """Rows of a table as lists of cells, each as long as the header, as they stand: blanks around a cell are kept.

    Attributes:
      header: the names of the columns.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """Reads the header. Raises Unreadable where there is none."""
        csv.field_size_limit(_MAX_CELL)
        self._source = iter(lines)
        self.header, self._delimiter = header_of(next(self._source, ""))
        if not any(self.header):
            raise Unreadable("The file has no header line with the names of its columns.")

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        """(line number from 1, cells; or why there are none). Missing cells at the end of a row count as empty."""
        reader = csv.reader(self._source, delimiter=self._delimiter)
        width = len(self.header)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield reader.line_num + 1, "not CSV"
                continue
            if len(row) == width:
                if row[0] or any(row):
                    yield reader.line_num + 1, row
            elif len(row) > width and any(row):
                yield reader.line_num + 1, f"{len(row)} cells where the header has {width}"
            elif any(row):
                yield reader.line_num + 1, row + [""] * (width - len(row))


def table_rows(
    lines: Iterable[str], *, wanted: frozenset[str] | None = None
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line number from 1, cells by column name) for every row below the header; a text instead says why there is none.

    Missing cells at the end of a row count as empty. Raises Unreadable where there is no header.

    Args:
      wanted: columns to hand out; None hands out all. Wide bills are read much faster without the rest.
    """
    cells = Cells(lines)
    places = [(place, name) for place, name in enumerate(cells.header) if name and (wanted is None or name in wanted)]
    for line, row in cells:
        yield line, row if isinstance(row, str) else {name: row[place].strip() for place, name in places}
