"""Cycles, days and hours: months of any zone, through DST, leap days and half-hour offsets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SettingsProblem, Unreadable
from core.period import Cycle, day_counter, hour_of, offset_segments, zone_named

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu",
            "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Niue",
            "Africa/Casablanca", "Asia/Tehran",
        )
    ]
)  # fmt: skip
INSTANTS = st.datetimes(datetime(2020, 1, 2), datetime(2037, 12, 30), timezones=st.just(UTC))
CYCLES = st.builds(Cycle, st.integers(2020, 2036), st.integers(1, 12))


@given(INSTANTS, ZONES)
def test_every_instant_lies_in_exactly_one_cycle(at: datetime, zone: ZoneInfo) -> None:
    cycle = Cycle.of(at, zone)

    assert cycle.starts_at(zone) <= at < cycle.ends_at(zone)
    assert cycle.previous.ends_at(zone) == cycle.starts_at(zone)
    assert Cycle.of(cycle.ends_at(zone), zone) == cycle.next
    assert Cycle.of(cycle.ends_at(zone) - timedelta(microseconds=1), zone) == cycle


@given(CYCLES)
def test_the_next_of_the_previous_is_itself(cycle: Cycle) -> None:
    assert cycle.previous.next == cycle == cycle.next.previous
    assert cycle.previous < cycle < cycle.next
    assert (cycle.last_on - cycle.first_on).days + 1 == cycle.days


@given(INSTANTS, INSTANTS, ZONES)
def test_the_elapsed_share_grows_from_nothing_to_all(one: datetime, other: datetime, zone: ZoneInfo) -> None:
    cycle = Cycle.of(one, zone)
    early, late = sorted((one, other))

    assert 0 <= cycle.share_elapsed(early, zone) <= cycle.share_elapsed(late, zone) <= 1
    assert cycle.share_elapsed(cycle.starts_at(zone), zone) == 0
    assert cycle.share_elapsed(cycle.ends_at(zone), zone) == 1


@given(INSTANTS, ZONES)
def test_the_day_of_an_instant_is_the_one_on_the_calendar(at: datetime, zone: ZoneInfo) -> None:
    number = day_counter(zone)(int(at.timestamp()))

    assert date(1970, 1, 1) + timedelta(days=number) == at.astimezone(zone).date()


@settings(max_examples=40)
@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=40)), ZONES)
def test_stretches_of_one_offset_cover_the_time_between_without_gap(
    at: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    segments = offset_segments(zone, at, at + length)

    assert segments[0][0] <= at.timestamp()
    assert (at + length).timestamp() < segments[-1][1]
    for (_, ends, _), (begins, _, _) in pairwise(segments):
        assert ends == begins
    for begins, ends, offset in segments:
        for second in (begins, (begins + ends) // 2, ends - 1):
            local = datetime.fromtimestamp(second, zone)
            assert local.utcoffset() == timedelta(seconds=offset)


def test_leap_days_and_short_months_are_counted() -> None:
    assert [Cycle(2028, 2).days, Cycle(2027, 2).days, Cycle(2027, 4).days, Cycle(2026, 12).days] == [29, 28, 30, 31]


def test_a_cycle_with_a_clock_change_has_an_hour_less_or_more() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    march, october = Cycle(2026, 3), Cycle(2026, 10)

    assert march.ends_at(berlin) - march.starts_at(berlin) == timedelta(days=31, hours=-1)
    assert october.ends_at(berlin) - october.starts_at(berlin) == timedelta(days=31, hours=1)


def test_a_half_hour_zone_begins_its_month_between_two_utc_hours() -> None:
    assert Cycle(2026, 11).starts_at(ZoneInfo("Asia/Kolkata")) == datetime(2026, 10, 31, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "cycle"),
    [
        ("2026-10", Cycle(2026, 10)), ("2026/3", Cycle(2026, 3)), ("oct", Cycle(2026, 10)), ("October 2025", Cycle(2025, 10)),
        ("dec", Cycle(2025, 12)), ("november", Cycle(2026, 11)), ("", Cycle(2026, 11)), ("this month", Cycle(2026, 11)),
        ("last month", Cycle(2026, 10)), ("Sept.", Cycle(2026, 9)),
    ],
)  # fmt: skip
def test_months_as_people_write_them(text: str, cycle: Cycle) -> None:
    assert Cycle.parse(text, today=date(2026, 11, 24)) == cycle


@pytest.mark.parametrize("text", ["2026-13", "1999-10", "soon", "10-2026", "q4", "2026-10-01"])
def test_months_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a month"):
        Cycle.parse(text, today=date(2026, 11, 24))


@given(CYCLES)
def test_a_printed_cycle_is_read_back(cycle: Cycle) -> None:
    assert Cycle.parse(str(cycle), today=date(2026, 11, 24)) == cycle
    assert Cycle.parse(cycle.title, today=date(2026, 11, 24)) == cycle


@given(st.integers(0, 2**33))
def test_an_hour_holds_its_seconds(second: int) -> None:
    assert hour_of(second) % 3600 == 0
    assert 0 <= second - hour_of(second) < 3600


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe/berlin\0", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_a_refusal(name: str) -> None:
    with pytest.raises(SettingsProblem, match="time zone"):
        zone_named(name)


@given(CYCLES)
def test_a_month_is_read_back_from_what_it_is_kept_as(cycle: Cycle) -> None:
    assert Cycle.read(str(cycle)) == cycle


@pytest.mark.parametrize("text", ["last month", "2026", "2026-10-01", "oct"])
def test_what_people_type_is_not_read_as_a_kept_month(text: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        Cycle.read(text)
