"""Opening usage files: which format a file holds, its calls as a stream, and a fingerprint of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO, AnyStr, Final, TypeAlias

from core.errors import TooLarge, Unreadable
from core.intake import columns
from core.intake.detect import HEAD, Format, detect, read_any
from core.intake.record import Record, Taken
from core.intake.tables import header_of
from core.intake.tabular import REQUIRED, Refused, check_columns, csv_items, event_of, json_items
from core.usage import UsageEvent

_BATCH_ROWS: Final = 5_000
_MAX_LINE: Final = 16 << 20
"""Of a longer line only the beginning is looked at; it is no usage event, and must not fill the memory."""
_MAX_WHOLE: Final = 64 << 20
"""Payloads that are one document are read whole; exporters send them in batches far smaller than this."""
_BILLS: Final = frozenset({Format.FOCUS, Format.AWS_BILL})

Item: TypeAlias = tuple[int, UsageEvent | Record | Refused]
"""(line, row or item number from 1, what stands there)."""
Agree: TypeAlias = Callable[[Sequence[str]], bool]
"""Shown which column is taken for what, in lines; says whether to import by that."""


def nobody_agrees(_: Sequence[str]) -> bool:
    """Where nobody can be asked, a table with names of its own is not imported."""
    return False


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what a file does not say by itself.

    Attributes:
      received_at: aware; stands in where a call carries no time.
      columns: `FIELD=COLUMN` corrections for a table with names of its own.
      agree: asked before such a table is imported.
    """

    received_at: datetime
    columns: tuple[str, ...]
    agree: Agree


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its items, how far it is read and how large it is (bytes, rows for Parquet, items for payloads)."""

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


def format_of(path: Path) -> Format:
    """The format of a file, by content, never by name. Raises Unreadable."""
    try:
        with path.open("rb") as handle:
            head = handle.read(HEAD)
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror or failed}.") from failed
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise Unreadable(f"{path} is empty.")
    first, _, _ = text.partition(b"\n")
    if set(REQUIRED) <= set(header_of(first.decode("utf-8", "replace"))[0]):
        # Its own header is enough: what stands in a row further on must not cost the file.
        return Format.NATIVE
    try:
        return detect(head)
    except Unreadable as unknown:
        if text.startswith(b"{"):
            # JSON lines whose first line is broken: the good ones behind it are not lost.
            return Format.NATIVE
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unreadable(f"{path}: {unknown.message}") from unknown
        raise Unreadable(
            f"{path} is neither CSV in UTF-8, JSON lines, Parquet nor a payload that Outlay knows."
        ) from unknown


def fingerprint(path: Path) -> str:
    """SHA-256 of the content; reads the file once, in constant memory. Raises Unreadable."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as failed:
        raise Unreadable(f"{path} cannot be read: {failed.strerror or failed}.") from failed


@contextmanager
def opened(path: Path, reading: Reading) -> Iterator[Opened]:
    """The file's items: tables and JSON lines as a stream in constant memory, single payloads whole.

    Raises Unreadable for what holds no usage, and for a table whose columns nobody agreed to; TooLarge.
    """
    kind = format_of(path)
    if kind is Format.PARQUET:
        yield _parquet(path)
        return
    if kind in _BILLS:
        raise Unreadable(f"{path} is a bill, not usage. What it says is compared with the books, not added to them.")
    with path.open("rb") as handle:
        start = handle.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        handle.seek(0)
        if kind not in (Format.NATIVE, Format.TABLE) or start == b"[":
            yield _payload(path, kind, reading)
        elif start == b"{":
            yield Opened(json_items(_lines(handle)), Position(handle), path.stat().st_size)
        else:
            # `errors="replace"`: one broken byte spoils at most its own row, never the file.
            with TextIOWrapper(handle, encoding="utf-8-sig", errors="replace", newline="") as text:
                items = csv_items(_lines(text)) if kind is Format.NATIVE else _table(path, text, reading)
                yield Opened(items, Position(handle), path.stat().st_size)


def _lines(handle: IO[AnyStr]) -> Iterator[AnyStr]:
    """The lines of a file, each cut at `_MAX_LINE`."""
    while line := handle.readline(_MAX_LINE):
        yield line
        while len(line) == _MAX_LINE and line[-1:] not in ("\n", b"\n"):
            line = handle.readline(_MAX_LINE)


def _table(path: Path, text: IO[str], reading: Reading) -> Iterator[Item]:
    """A table with names of its own, read by a mapping that somebody has agreed to."""
    beginning = [line for line, _ in zip(_lines(text), range(51), strict=False)]
    text.seek(0)
    header, sample = columns.sample_of(beginning)
    mapping = columns.with_changes(columns.propose(header, sample), reading.columns, header)
    shown = columns.described(mapping)
    if mapping.lacking:
        raise Unreadable(
            f"{path} has no column for {' and '.join(mapping.lacking)}. Name it, for example with --column {mapping.lacking[0]}=COLUMN."
        )
    if not reading.agree(shown):
        raise Unreadable(f"{path} was not imported. Correct a column with --column FIELD=COLUMN, or agree with --yes.")
    return columns.rows(_lines(text), mapping)


def _payload(path: Path, kind: Format, reading: Reading) -> Opened:
    """A payload of an exporter or a provider, as one document."""
    if path.stat().st_size > _MAX_WHOLE:
        raise TooLarge(
            f"{path} is one document of over {_MAX_WHOLE >> 20} MiB. Write one event a line (JSON lines) instead."
        )
    taken = read_any(path.read_bytes(), kind, received_at=reading.received_at)
    if not taken.records and (taken.buckets or taken.costs):
        raise Unreadable(
            f"{path} is a provider's own report. It is a second opinion, compared with the books and not added to them: `outlay pull`."
        )
    position = Position()
    items = _numbered(taken, position)
    return Opened(items, position, len(taken.records) + len(taken.refused))


def _numbered(taken: Taken, position: Position) -> Iterator[Item]:
    found: list[Record | Refused] = [*taken.records, *(Refused(index + 1, "", why) for index, why in taken.refused)]
    for number, item in enumerate(found, start=1):
        position.rows = number
        yield number, item


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
