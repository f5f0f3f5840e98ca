"""Slots: every process computes the same ones, whenever it looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.slots import due_slot, every, missed, slot_start

NIGHTLY = every(days=1, after=timedelta(hours=3, minutes=17), late_by=timedelta(hours=6))


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def test_a_slot_begins_with_its_period() -> None:
    assert slot_start(at(24, 12, 7, 5), every(minutes=5)) == at(24, 12, 5)
    assert slot_start(at(24, 12, 5), every(minutes=5)) == at(24, 12, 5)
    assert slot_start(at(24, 3, 16), NIGHTLY) == at(23, 3, 17)
    assert slot_start(at(24, 3, 17), NIGHTLY) == at(24, 3, 17)


def test_night_work_is_not_begun_by_day() -> None:
    assert due_slot(at(24, 9, 17), NIGHTLY) == at(24, 3, 17)
    assert due_slot(at(24, 9, 18), NIGHTLY) is None


def test_slots_that_nobody_did_are_counted() -> None:
    assert missed(None, at(24, 12), every(hours=1)) == 0
    assert missed(at(24, 11), at(24, 12), every(hours=1)) == 0
    assert missed(at(24, 8), at(24, 12), every(hours=1)) == 3


@given(
    now=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    seconds=st.integers(1, 700_000),
    after=st.floats(0, 0.999),
)
def test_every_instant_lies_in_exactly_one_slot(now: datetime, seconds: int, after: float) -> None:
    cadence = every(seconds=seconds, after=timedelta(seconds=int(seconds * after)))
    slot = slot_start(now, cadence)

    assert slot <= now < slot + cadence.every
    assert slot_start(slot, cadence) == slot
    assert slot_start(slot + cadence.every, cadence) == slot + cadence.every
