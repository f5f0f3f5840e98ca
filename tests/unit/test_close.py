"""The month turn as a decision: when a cycle is over in its zone, what is frozen, what is an adjustment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.close import (
    MOST_BEHIND,
    Because,
    CloseTerms,
    Figure,
    FrozenLine,
    Place,
    completed,
    moved,
    reasons,
    sums,
    to_turn,
    unspent,
)
from core.errors import OutOfRange
from core.period import Cycle

UTC_ZONE = ZoneInfo("UTC")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
SEARCH, CHAT = Place(1, "openai"), Place(2, "openai")


def test_new_books_begin_with_the_month_that_ended_last():
    assert to_turn(datetime(2026, 11, 24, tzinfo=UTC), UTC_ZONE, None) == (Cycle(2026, 10),)


def test_after_a_standstill_every_missed_month_is_turned_oldest_first():
    found = to_turn(datetime(2026, 11, 24, tzinfo=UTC), UTC_ZONE, Cycle(2026, 7))
    assert found == (Cycle(2026, 8), Cycle(2026, 9), Cycle(2026, 10))
    assert len(to_turn(datetime(2036, 11, 24, tzinfo=UTC), UTC_ZONE, Cycle(2026, 7))) == MOST_BEHIND


@pytest.mark.parametrize(
    ("zone", "last_instant"),
    [
        ("UTC", datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)),  # winter time since the 25th
        ("America/New_York", datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC)),  # summer time until that morning
        ("Asia/Kolkata", datetime(2026, 10, 31, 18, 29, 59, tzinfo=UTC)),
    ],
)
def test_a_month_is_over_at_midnight_of_its_zone(zone, last_instant):
    september = Cycle(2026, 9)
    assert to_turn(last_instant, ZoneInfo(zone), september) == ()
    assert to_turn(last_instant + timedelta(seconds=1), ZoneInfo(zone), september) == (Cycle(2026, 10),)


def test_the_grace_ends_at_a_local_midnight_across_a_change_of_the_clock():
    new_york = ZoneInfo("America/New_York")
    terms = CloseTerms(grace_days=3)
    # The clocks go back on 1 November: three local days are 73 hours.
    assert terms.frozen_from(Cycle(2026, 10), new_york) == datetime(2026, 11, 4, 5, tzinfo=UTC)
    assert terms.frozen_from(Cycle(2026, 10), new_york) - Cycle(2026, 10).ends_at(new_york) == timedelta(hours=73)


def test_a_leap_february_has_its_29th():
    february = Cycle(2028, 2)
    assert february.last_on == date(2028, 2, 29)
    assert to_turn(datetime(2028, 2, 29, 23, 59, tzinfo=UTC), UTC_ZONE, Cycle(2028, 1)) == ()
    assert to_turn(datetime(2028, 3, 1, tzinfo=UTC), UTC_ZONE, Cycle(2028, 1)) == (february,)
    assert CloseTerms().frozen_from(february, UTC_ZONE) == datetime(2028, 3, 4, tzinfo=UTC)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)), st.sampled_from(ZONES))
def test_no_instant_belongs_to_a_month_that_is_over(at, zone):
    now, place = at.replace(tzinfo=UTC), ZoneInfo(zone)
    (ended,) = to_turn(now, place, None)
    assert ended.ends_at(place) <= now < ended.next.ends_at(place)
    assert ended.next == Cycle.of(now, place)
    assert CloseTerms(0).frozen_from(ended, place) == ended.ends_at(place)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)), st.sampled_from(ZONES))
def test_turning_again_turns_nothing(at, zone):
    now, place = at.replace(tzinfo=UTC), ZoneInfo(zone)
    assert to_turn(now, place, to_turn(now, place, None)[-1]) == ()


FIGURES = st.builds(Figure, st.integers(-(10**15), 10**15), st.integers(-(10**6), 10**6))
PLACES = st.dictionaries(st.builds(Place, st.integers(1, 4), st.sampled_from(["openai", "anthropic"])), FIGURES)


@given(PLACES, PLACES)
def test_what_is_known_and_what_moved_are_what_the_books_say(known, live):
    after = sums([*known.items(), *moved(known, live).items()])
    assert {place: figure for place, figure in after.items() if figure != (0, 0)} == {
        place: figure for place, figure in live.items() if figure != (0, 0)
    }
    assert moved(after, live) == {}


def test_late_usage_repricing_and_re_attribution_are_told_apart():
    assert reasons({SEARCH: Figure(500, 2)}) == {SEARCH: Because.LATE_USAGE}
    assert reasons({SEARCH: Figure(500, 0)}) == {SEARCH: Because.REPRICED}
    assert reasons({SEARCH: Figure(-500, -2), CHAT: Figure(500, 2)}) == {
        SEARCH: Because.REATTRIBUTED,
        CHAT: Because.REATTRIBUTED,
    }


def test_an_overspent_month_is_not_taken_from_the_next():
    assert (unspent(400, 150), unspent(400, 400), unspent(400, 900)) == (250, 0, 0)


@pytest.mark.parametrize("days", [-1, 21])
def test_a_grace_that_makes_no_sense_is_refused(days):
    with pytest.raises(OutOfRange, match="0–20"):
        CloseTerms(days)


def test_events_that_were_let_go_still_count_to_the_estimate():
    line = FrozenLine(1, "openai", "gpt-4.1", "standard", 7, 3, 300)
    assert completed([line], {SEARCH: Figure(300, 3)}) == [line]
    assert completed([line], {SEARCH: Figure(1000, 9)}) == [line, FrozenLine(1, "openai", "", "", None, 6, 700)]
