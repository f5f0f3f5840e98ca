"""Sums of whole numbers by a stretch of time and a label, in arrays: a million calls need tens of megabytes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
_BLOCK: Final = 20_000
_LEAST: Final = 100_000
"""Rows that wait at least before they are added up: sorting them one block at a time would take longer."""


class Tally:
    """Rows of whole numbers in, their sums out. The first two of a row are its start (Unix seconds) and its label."""

    def __init__(self, width: int) -> None:
        """`width` counts all numbers of a row, start and label included."""
        self._width = width
        self._waiting: list[tuple[int, ...]] = []
        self._blocks: list[Whole] = []
        self._rows = self._summed = 0

    def __bool__(self) -> bool:
        return bool(self._waiting or self._blocks)

    def add(self, row: tuple[int, ...]) -> None:
        """Take a row. Sums have to stay below 2**63: nine billion dollars in nanos."""
        self._waiting.append(row)
        if len(self._waiting) >= _BLOCK:
            self._pack()
            if self._rows - self._summed > max(_LEAST, self._summed):
                self._blocks = [added_up(np.concatenate(self._blocks))]
                self._rows = self._summed = len(self._blocks[0])

    def sums(self, seconds: int) -> Whole:
        """One row for each label and stretch of `seconds`, in order of both."""
        self._pack()
        rows = np.concatenate([np.empty((0, self._width), dtype=np.int64), *self._blocks])
        rows[:, 0] -= rows[:, 0] % seconds
        return added_up(rows)

    def _pack(self) -> None:
        if self._waiting:
            self._blocks.append(np.array(self._waiting, dtype=np.int64))
            self._rows += len(self._waiting)
            self._waiting.clear()


def added_up(rows: Whole) -> Whole:
    """Rows with equal first two numbers added up, in the order of these two."""
    if not len(rows):
        return rows
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    begins = np.flatnonzero(np.r_[True, (rows[1:, :2] != rows[:-1, :2]).any(axis=1)])
    summed = np.add.reduceat(rows, begins, axis=0)
    summed[:, :2] = rows[begins, :2]
    return summed
