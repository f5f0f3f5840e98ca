"""Importing one file: chunks of rows into the books, progress kept with them, refusals written beside the file."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from bot.importing.files import Agree, Item, Reading, fingerprint, nobody_agrees, opened
from core.intake.record import Record
from core.intake.tabular import Refused
from core.services.fold_reports import witness_of
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.source_rows import ImportProgress
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent

CHUNK: Final = 5_000
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. `rejects` is the file that lists the refused rows, None when there are none."""

    progress: ImportProgress
    rejects: Path | None
    resumed_at: int


class Importer:
    """Imports files under one source name, so that an event in two files counts once."""

    def __init__(self, uow: UnitOfWork, bookkeeper: Bookkeeper, clock: Callable[[], datetime]) -> None:
        self._uow = uow
        self._bookkeeper = bookkeeper
        self._clock = clock

    async def run(
        self,
        path: Path,
        source_name: str,
        *,
        moved: Callable[[int, int], None],
        columns: tuple[str, ...] = (),
        agree: Agree = nobody_agrees,
    ) -> Imported:
        """Import a file, from where an earlier run of the same content stopped.

        Args:
          moved: told (position, size) after every chunk, for a progress bar.
          columns, agree: for a table with names of its own; see `Reading`.

        Raises Unreadable, TooLarge, UnknownName, NameTaken.
        A row that is refused is written to `<file>.rejects.csv`; it never costs another row.
        """
        source = await import_source(self._uow, source_name, now=self._clock())
        mark = await asyncio.to_thread(fingerprint, path)
        async with self._uow.read() as tx:
            progress = await tx.sources.progress(mark, source.id) or ImportProgress()
        resumed_at = progress.rows_done
        with opened(path, Reading(self._clock(), columns, agree)) as file:
            # Rows before the mark were committed before it was; if the process died in between, their ids say so.
            last_line = await asyncio.to_thread(_skip, file.items, resumed_at)
            with closing(Rejects(path, last_line)) as rejects:
                while chunk := await asyncio.to_thread(_take, file.items):
                    progress = await self._book(chunk, source.id, progress, rejects)
                    await self._mark(mark, source.id, path.name, progress)
                    moved(file.position.now(), file.size)
        return Imported(progress, rejects.path if progress.rejected and rejects.path.exists() else None, resumed_at)

    async def _mark(self, mark: str, source_id: int, file_name: str, progress: ImportProgress) -> None:
        async with self._uow.write() as tx:
            await tx.sources.save_progress(mark, source_id, file_name, progress, at=self._clock())

    async def _book(
        self, chunk: list[Item], source_id: int, progress: ImportProgress, rejects: Rejects
    ) -> ImportProgress:
        events = [(line, item) for line, item in chunk if isinstance(item, UsageEvent)]
        told = [(line, item) for line, item in chunk if isinstance(item, Record)]
        events += [(line, record.event) for line, record in told]
        witnesses = {line: witness_of(record) for line, record in told} or None
        refused = [item for _, item in chunk if isinstance(item, Refused)]
        receipt = await self._bookkeeper.record(
            source_id, events, now=self._clock(), witnesses=witnesses, refused=len(refused)
        )
        ids = {line: item.id for line, item in events}
        refused += [Refused(line, ids[line], why) for line, why in receipt.rejected]
        rejects.add([*refused, *(Refused(line, ids[line], why) for line, why in receipt.conflicts)])
        return ImportProgress(
            progress.rows_done + len(chunk),
            progress.accepted + receipt.accepted,
            progress.duplicates + receipt.duplicates,
            progress.rejected + len(refused),
        )


def _take(items: Iterator[Item]) -> list[Item]:
    return list(islice(items, CHUNK))


def _skip(items: Iterator[Item], rows: int) -> int:
    """Pass over rows that are done; the line of the last one, 0 when there is none."""
    last_line = 0
    for line, _ in islice(items, rows):
        last_line = line
    return last_line


class Rejects:
    """The list of refused rows, made when the first one comes: file, line, id, reason. No content of the row is kept.

    What an earlier run listed up to `last_line` stays; what it listed beyond is looked at again, and listed again.
    """

    def __init__(self, source: Path, last_line: int) -> None:
        self.path = source.with_name(source.name + ".rejects.csv")
        self._source = source.name
        self._mode = "a" if last_line and self.path.exists() else "w"
        self._handle: IO[str] | None = None
        self._writer: Any = None
        if self._mode == "a":
            self._forget_beyond(last_line)

    def _forget_beyond(self, last_line: int) -> None:
        kept = self.path.with_name(self.path.name + ".kept")
        with self.path.open(encoding="utf-8", newline="") as old, kept.open("w", encoding="utf-8", newline="") as new:
            rows = csv.reader(old)
            writer = csv.writer(new)
            writer.writerows(
                row for row in rows if len(row) == 4 and not (row[1].isdecimal() and int(row[1]) > last_line)
            )
        kept.replace(self.path)

    def add(self, refused: list[Refused]) -> None:
        if refused and self._handle is None:
            self._handle = self.path.open(self._mode, encoding="utf-8", newline="")
            self._writer = csv.writer(self._handle)
            if self._mode == "w":
                self._writer.writerow(("file", "line", "id", "reason"))
        for row in sorted(refused, key=lambda row: row.line):
            self._writer.writerow((inert(self._source), row.line, inert(row.id), inert(row.reason)))
        if self._handle:
            self._handle.flush()

    def close(self) -> None:
        if self._handle:
            self._handle.close()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection: a leading apostrophe)."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
