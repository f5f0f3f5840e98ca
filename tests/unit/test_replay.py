"""Replaying thresholds over past months: each verdict by name, and what holds for any month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.period import Cycle
from core.replay import PastMonth, Replayed, Verdict, replay

OCTOBER = Cycle(2026, 10)


def a_month(*days: int, foretold: dict[int, int] | None = None) -> PastMonth:
    """October with these days first and nothing after them; `foretold` is p50 by day of the month."""
    padded = (*days, *([0] * (31 - len(days))))
    return PastMonth(OCTOBER, padded, {date(2026, 10, day): p50 for day, p50 in (foretold or {}).items()})


def replayed(month: PastMonth, *, size: int = 100) -> Replayed:
    return replay([month], size_nanos=size, soft_bp=8_000, hard_bp=10_000).months[0]


@pytest.mark.parametrize(
    ("month", "verdict"),
    [
        (a_month(*[5] * 31), Verdict.TRUE),
        (a_month(*[10] * 31), Verdict.LATE),
        (a_month(*[3] * 30), Verdict.FALSE),
        (a_month(10, 200), Verdict.MISSED),
        (a_month(*[2] * 31), Verdict.QUIET),
    ],
)
def test_each_course_of_a_month_has_its_verdict(month: PastMonth, verdict: Verdict):
    assert replayed(month).verdict is verdict


def test_a_forecast_over_the_envelope_is_told_on_the_next_day():
    found = replayed(a_month(*[4] * 31, foretold={4: 99, 5: 124}))
    assert (found.soft_on, found.by_forecast) == (date(2026, 10, 6), True)
    assert found.room_nanos == 100 - 6 * 4


def test_a_forecast_of_the_last_day_comes_too_late_to_be_told():
    assert replayed(a_month(foretold={31: 500})).soft_on is None


def test_what_was_spent_past_hard_is_at_stake():
    assert replayed(a_month(*[10] * 12)).over_nanos == 20


@given(st.lists(st.integers(0, 50), min_size=31, max_size=31), st.integers(1, 9_998), st.integers(1, 3_000))
def test_a_lower_soft_threshold_never_tells_later(days: list[int], soft: int, size: int):
    month = a_month(*days)
    lower, higher = (replay([month], size_nanos=size, soft_bp=bp, hard_bp=10_000).months[0] for bp in (soft, soft + 1))
    last = date(2026, 10, 31) + timedelta(days=1)
    assert (lower.soft_on or last) <= (higher.soft_on or last)
    assert lower.hard_on == higher.hard_on
    assert lower.total_nanos == sum(days)
