"""Quiet hours: read forgivingly, over midnight and over clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OutOfRange, Unreadable
from core.quiet import QuietHours, parse_quiet

BERLIN = ZoneInfo("Europe/Berlin")
hours = st.integers(0, 23)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22-7", QuietHours(22, 7)),
        ("22:00-07:00", QuietHours(22, 7)),
        ("10pm-7am", QuietHours(22, 7)),
        ("12am – 6 am", QuietHours(0, 6)),
        ("12pm to 1pm", QuietHours(12, 13)),
        ("20-24", QuietHours(20, 0)),
        ("off", None),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str, read: QuietHours | None):
    assert parse_quiet(text) == read


@pytest.mark.parametrize("text", ["night", "22", "22:30-7", "", "-7", "22-7-9"])
def test_what_is_no_span_of_whole_hours_is_refused_with_an_example(text: str):
    with pytest.raises(Unreadable, match="quiet=22-7"):
        parse_quiet(text)


@pytest.mark.parametrize("text", ["25-7", "7-7", "13pm-7am", "0am-7am"])
def test_hours_that_do_not_exist_or_never_end_are_refused(text: str):
    with pytest.raises(OutOfRange, match="quiet="):
        parse_quiet(text)


def test_a_night_ends_in_the_morning_of_the_zone():
    night = QuietHours(22, 7)
    assert night.over_at(datetime(2026, 11, 24, 21, 0, tzinfo=UTC), BERLIN) == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert night.over_at(datetime(2026, 11, 25, 5, 59, tzinfo=UTC), BERLIN) == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert night.over_at(datetime(2026, 11, 25, 6, 0, tzinfo=UTC), BERLIN) is None
    assert night.over_at(datetime(2026, 11, 24, 20, 59, tzinfo=UTC), BERLIN) is None


def test_the_night_of_a_clock_change_still_ends_at_the_wall_clock_hour():
    night = QuietHours(22, 7)
    assert night.over_at(datetime(2026, 10, 24, 21, 0, tzinfo=UTC), BERLIN) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)


@given(hours, hours, st.integers(0, 24 * 60 - 1))
def test_quiet_hours_end_within_a_day_outside_of_themselves(starts: int, ends: int, minute: int):
    if starts == ends:
        return
    quiet = QuietHours(starts, ends)
    now = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=minute)
    over = quiet.over_at(now, ZoneInfo("UTC"))
    if over is not None:
        assert timedelta() < over - now <= timedelta(hours=24)
        assert over.hour == ends
        assert quiet.over_at(over, ZoneInfo("UTC")) is None
    assert parse_quiet(str(quiet)) == quiet
