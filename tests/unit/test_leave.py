"""Who is away, as their Slack status shows it or as they say it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import OutOfRange
from core.leave import Leave, LeaveSource, checked_last_day, leave_shown

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.mark.parametrize(
    ("text", "canonical", "emoji"),
    [
        ("Vacationing", "Vacationing", ":palm_tree:"),
        ("Im Urlaub", "Vacationing", ":palm_tree:"),
        ("Baja por enfermedad", "Out sick", ":face_with_thermometer:"),
        ("Bis Montag am See", "", ":beach_with_umbrella::skin-tone-3:"),
        ("OOO until Monday", "", ":speech_balloon:"),
        ("out of the office", "", ""),
        ("Parental leave", "", ":baby:"),
        ("on annual leave – no e-mail", "", ":wave:"),
        ("", "", ":ooo:"),
    ],
)
def test_a_status_shows_leave(text: str, canonical: str, emoji: str):
    assert leave_shown(text, canonical, emoji, None, now=NOON) == Leave(LeaveSource.STATUS)


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("In a meeting", ":spiral_calendar_pad:"),
        ("Working remotely", ":house_with_garden:"),
        ("Back from vacation", ":palm_tree:"),
        ("not on leave any more", ""),
        ("2 days to vacation!", ":tada:"),
        ("leave requests to review", ":memo:"),
        ("sick of meetings", ""),
        ("books a room", ""),
        ("", ""),
    ],
)
def test_any_other_status_shows_none(text: str, emoji: str):
    assert leave_shown(text, "", emoji, None, now=NOON) is None


def test_a_status_counts_until_it_clears_itself():
    until = NOON + timedelta(days=3)
    leave = leave_shown("Vacationing", "", ":palm_tree:", until, now=NOON)
    assert leave == Leave(LeaveSource.STATUS, until)
    assert (leave.covers(until - timedelta(seconds=1)), leave.covers(until)) == (True, False)
    assert leave_shown("Vacationing", "", ":palm_tree:", NOON, now=NOON) is None


def test_the_last_day_lies_ahead_and_within_a_year():
    assert checked_last_day(TODAY, today=TODAY) == TODAY
    with pytest.raises(OutOfRange, match="is over"):
        checked_last_day(date(2026, 11, 23), today=TODAY)
    with pytest.raises(OutOfRange, match="more than a year"):
        checked_last_day(date(2028, 1, 1), today=TODAY)
