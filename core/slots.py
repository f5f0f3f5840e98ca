"""Slots: the ticks of a job as instants that every process computes alike, whenever it wakes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a job is due, counted from midnight UTC of 1970-01-01.

    Attributes:
      every: a whole number of seconds, more than none.
      after: how long after the full period; less than `every`.
      late_by: a slot is not begun later than this; None when late is better than never.
    """

    every: timedelta
    after: timedelta = timedelta()
    late_by: timedelta | None = None

    def __post_init__(self) -> None:
        assert timedelta() < self.every
        assert timedelta() <= self.after < self.every


def every(*, late_by: timedelta | None = None, after: timedelta = timedelta(), **span: float) -> Cadence:
    """`every(minutes=5)`, `every(days=1, after=timedelta(hours=3))`."""
    return Cadence(timedelta(**span), after, late_by)


def slot_start(now: datetime, cadence: Cadence) -> datetime:
    """The start of the slot that `now` lies in; aware UTC."""
    return now - (now - _EPOCH - cadence.after) % cadence.every


def due_slot(now: datetime, cadence: Cadence) -> datetime | None:
    """The slot to do now; None when it is too late for it."""
    slot = slot_start(now, cadence)
    return None if cadence.late_by is not None and now - slot > cadence.late_by else slot


def missed(last: datetime | None, slot: datetime, cadence: Cadence) -> int:
    """How many slots between the last one that was claimed and this one nobody claimed; 0 for a job that is new."""
    return 0 if last is None else max(0, (slot - last) // cadence.every - 1)
