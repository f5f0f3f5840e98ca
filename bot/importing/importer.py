"""Importing one file: chunks of rows into the books, progress kept with them, refusals written beside the file."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from bot.importing.files import fingerprint, opened
from core.intake.tabular import Item, Refused
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

    async def run(self, path: Path, source_name: str, *, moved: Callable[[int, int], None]) -> Imported:
        """Import a file, from where an earlier run of the same content stopped.

        Args:
          moved: told (position, size) after every chunk, for a progress bar.

        Raises Unreadable, NameTaken. A row that is refused is written to `<file>.rejects.csv`; it never costs another row.
        """
        source = await import_source(self._uow, source_name, now=self._clock())
        mark = await asyncio.to_thread(fingerprint, path)
        async with self._uow.read() as tx:
            progress = await tx.sources.progress(mark, source.id) or ImportProgress()
        resumed_at = progress.rows_done
        rejects = Rejects(path, keep=resumed_at > 0)
        try:
            with opened(path) as file:
                # Rows before the mark were committed before it was; if the process died in between, their ids say so.
                await asyncio.to_thread(_skip, file.items, resumed_at)
                while chunk := await asyncio.to_thread(_take, file.items):
                    progress = await self._book(chunk, source.id, progress, rejects)
                    async with self._uow.write() as tx:
                        await tx.sources.save_progress(mark, source.id, path.name, progress, at=self._clock())
                    moved(file.position.now(), file.size)
        finally:
            rejects.close()
        return Imported(progress, rejects.path if progress.rejected and rejects.path.exists() else None, resumed_at)

    async def _book(
        self, chunk: list[Item], source_id: int, progress: ImportProgress, rejects: Rejects
    ) -> ImportProgress:
        events = [(line, item) for line, item in chunk if isinstance(item, UsageEvent)]
        refused = [item for _, item in chunk if isinstance(item, Refused)]
        receipt = await self._bookkeeper.record(source_id, events, now=self._clock())
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


def _skip(items: Iterator[Item], rows: int) -> None:
    for _ in islice(items, rows):
        pass


class Rejects:
    """The list of refused rows, made when the first one comes: file, line, id, reason. No content of the row is kept."""

    def __init__(self, source: Path, *, keep: bool) -> None:
        self.path = source.with_name(source.name + ".rejects.csv")
        self._source = source.name
        self._mode = "a" if keep and self.path.exists() else "w"
        self._handle: IO[str] | None = None
        self._writer: Any = None

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
