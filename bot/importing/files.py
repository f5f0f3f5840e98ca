"""Opening usage files: which format a file holds, its rows as a stream, and a fingerprint of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, AnyStr, Final

from core.errors import Unreadable
from core.intake.tabular import Item, check_columns, csv_items, event_of, json_items

_PARQUET_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 5_000
_MAX_LINE: Final = 16 << 20
"""Of a longer line only the beginning is looked at; it is no usage event, and must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its items, how far it is read and how large it is (bytes, or rows for Parquet)."""

    items: Iterator[Item]
    position: Position
    size: int


class Position:
    """How far the reader has come, in the unit of the file's size."""

    def __init__(self, handle: IO[bytes] | None = None) -> None:
        self._handle = handle
        self.rows = 0

    def now(self) -> int:
        return self._handle.tell() if self._handle else self.rows


def format_of(path: Path) -> str:
    """`csv`, `jsonl` or `parquet`, by content before name. Raises Unreadable."""
    try:
        with path.open("rb") as handle:
            head = handle.read(4096)
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror or failed}.") from failed
    if head.startswith(_PARQUET_MAGIC):
        return "parquet"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "jsonl"
    if text.startswith(b"["):
        raise Unreadable(f"{path} is one JSON array. Write one event a line (JSON lines); `jq -c '.[]'` does it.")
    if not text:
        raise Unreadable(f"{path} is empty.")
    first, _, _ = text.partition(b"\n")
    if b"\x00" in first or "\ufffd" in first.decode(errors="replace"):
        raise Unreadable(f"{path} is neither CSV in UTF-8, JSON lines nor Parquet.")
    return "csv"


def fingerprint(path: Path) -> str:
    """SHA-256 of the content; reads the file once, in constant memory. Raises Unreadable."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror or failed}.") from failed


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file's items as a stream in constant memory. Raises Unreadable for a table without the needed columns."""
    kind = format_of(path)
    if kind == "parquet":
        yield _parquet(path)
        return
    with path.open("rb") as handle:
        position = Position(handle)
        if kind == "jsonl":
            yield Opened(json_items(_lines(handle)), position, path.stat().st_size)
        else:
            # `errors="replace"`: one broken byte spoils at most its own row, never the file.
            with TextIOWrapper(handle, encoding="utf-8-sig", errors="replace", newline="") as text:
                yield Opened(csv_items(_lines(text)), Position(handle), path.stat().st_size)


def _lines(handle: IO[AnyStr]) -> Iterator[AnyStr]:
    """The lines of a file, each cut at `_MAX_LINE`."""
    while line := handle.readline(_MAX_LINE):
        yield line
        while len(line) == _MAX_LINE and line[-1:] not in ("\n", b"\n"):
            line = handle.readline(_MAX_LINE)


def _parquet(path: Path) -> Opened:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as broken:
        raise Unreadable(f"{path} is not a Parquet file that can be read: {broken}.") from broken
    check_columns(table.schema_arrow.names)
    position = Position()

    def items() -> Iterator[Item]:
        number = 0
        for batch in table.iter_batches(batch_size=_BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                position.rows = number
                yield number, event_of(row, number)

    return Opened(items(), position, table.metadata.num_rows)
