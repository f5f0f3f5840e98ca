"""Rows of CSV files with a header, one at a time, however large the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from core.errors import Unreadable

_MAX_CELL: Final = 1_000_000
_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 50
"""Rows that are looked at to tell how a table writes its numbers."""
_COMMA: Final = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d+|-?\d+,(?:\d{1,2}|\d{4,})")
_POINT: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+\.\d+|-?\d+\.(?:\d{1,2}|\d{4,})(?:[eE][-+]?\d+)?")
_EITHER: Final = re.compile(r"-?\d{1,3}(?:\.\d{3})+")
_NUMBER: Final = re.compile(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?|-?\d+,\d+")
"""Numbers whose comma can only be the decimal's, or only their point; and what may be either: `1.234`."""


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
        rows = self._rows()
        first = list(islice(rows, _SAMPLE))
        if not _has_decimal_commas([row for _, row in first if not isinstance(row, str)], self._delimiter):
            yield from first
            yield from rows
            return
        for line, row in chain(first, rows):
            yield line, row if isinstance(row, str) else [_with_point(cell) for cell in row]

    def _rows(self) -> Iterator[tuple[int, list[str] | str]]:
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


def _has_decimal_commas(rows: list[list[str]], delimiter: str) -> bool:
    """Whether a table writes 1.234,56 for what others write 1,234.56.

    Where nothing but `1.234` is seen, the semicolons that go with such numbers decide: nobody counts in thousandths.
    """
    cells = {cell.strip() for row in rows for cell in row}
    if any(map(_COMMA.fullmatch, cells)):
        return not any(map(_POINT.fullmatch, cells))
    return delimiter == ";" and any(map(_EITHER.fullmatch, cells)) and not any(map(_POINT.fullmatch, cells))


def _with_point(cell: str) -> str:
    plain = cell.strip()
    return plain.replace(".", "").replace(",", ".") if _NUMBER.fullmatch(plain) else cell


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
