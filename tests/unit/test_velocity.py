"""Runaways: told within two hours, seldom for nothing, with few requests as with many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.velocity import measure, sample_series, thinned
from core.velocity import cold_pace, pace_of, surge_of

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def test_a_loop_on_real_volumes_is_told_within_two_hours_and_seldom_for_nothing():
    series = sample_series(days=70)[::3]
    for group in (series, thinned(series, 1.0)):
        tally = measure(group, injections=25)["learnt"]
        figures = tally.figures()
        assert figures["told_added"] >= 0.95
        assert figures["false_alarms_a_month"] < 1


def office_hours(days: int = 28) -> list[int]:
    """A hundred an hour from nine to five on workdays, else nothing; the first day is a Monday."""
    return [100 if day % 7 < 5 and 9 <= hour < 17 else 0 for day in range(days) for hour in range(24)]


def test_the_first_hour_of_a_working_day_is_no_surge_and_the_same_at_night_is():
    hours = office_hours()
    pace = pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY, zone=UTC_ZONE)
    assert pace is not None
    monday = MONDAY + timedelta(weeks=4)
    nine, three = monday + timedelta(hours=9), monday + timedelta(hours=3)
    assert surge_of(pace, hour_at=nine, spent_nanos=120_000, before_nanos=0, zone=UTC_ZONE) is None
    surge = surge_of(pace, hour_at=three, spent_nanos=120_000, before_nanos=0, zone=UTC_ZONE)
    assert surge is not None
    assert surge.expected_nanos < 10_000


def test_the_pace_follows_the_clock_on_the_wall():
    hours = office_hours()
    pace = pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY - timedelta(hours=2), zone=BERLIN)
    assert pace is not None
    noon = datetime(2026, 11, 3, 11, tzinfo=UTC)
    assert pace.at(noon, BERLIN) > 50_000
    assert pace.at(noon + timedelta(hours=12), BERLIN) < 20_000


def test_two_hours_together_are_a_surge_where_one_alone_is_not():
    hours = [10] * 24 * 28
    pace = pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY, zone=UTC_ZONE)
    assert pace is not None
    at = MONDAY + timedelta(weeks=4)
    assert surge_of(pace, hour_at=at, spent_nanos=70_000, before_nanos=10_000, zone=UTC_ZONE) is None
    surge = surge_of(pace, hour_at=at, spent_nanos=70_000, before_nanos=70_000, zone=UTC_ZONE)
    assert surge is not None
    assert surge.hours == 2


def test_a_surge_that_is_over_does_not_begin_anew_with_the_next_calm_hour():
    hours = [10] * 24 * 28
    pace = pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY, zone=UTC_ZONE)
    assert pace is not None
    at = MONDAY + timedelta(weeks=4)
    assert surge_of(pace, hour_at=at, spent_nanos=4_000, before_nanos=500_000, zone=UTC_ZONE) is None


def test_a_few_requests_of_a_workload_with_few_are_no_surge():
    hours = [1 if hour % 24 == 11 else 0 for hour in range(24 * 28)]
    pace = pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY, zone=UTC_ZONE)
    assert pace is not None
    at = MONDAY + timedelta(weeks=4, hours=11)
    assert surge_of(pace, hour_at=at, spent_nanos=3_000, before_nanos=0, zone=UTC_ZONE) is None


def test_one_runaway_does_not_become_the_habit():
    calm = [10] * 24 * 28
    wild = [*calm[:300], *[400] * 5, *calm[305:]]
    paces = [pace_of([hour * 1_000 for hour in hours], hours, first_at=MONDAY, zone=UTC_ZONE) for hours in (calm, wild)]
    at = MONDAY + timedelta(weeks=4)
    for pace in paces:
        assert pace is not None
        assert surge_of(pace, hour_at=at, spent_nanos=210_000, before_nanos=10_000, zone=UTC_ZONE) is not None


def test_too_little_history_has_no_pace_and_an_envelope_alone_tells_a_tenth_of_itself_in_an_hour():
    assert pace_of([5] * 71, [1] * 71, first_at=MONDAY, zone=UTC_ZONE) is None
    assert pace_of([0] * 700, [0] * 700, first_at=MONDAY, zone=UTC_ZONE) is None
    cold = cold_pace(720_000, 30)
    assert surge_of(cold, hour_at=MONDAY, spent_nanos=60_000, before_nanos=0, zone=UTC_ZONE) is None
    assert surge_of(cold, hour_at=MONDAY, spent_nanos=80_000, before_nanos=0, zone=UTC_ZONE) is not None
