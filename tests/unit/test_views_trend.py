"""Coverage over the weeks, beside a breakdown."""

from __future__ import annotations

from datetime import date

from bot.slack.views.breakdown import breakdown_message
from tests.support.shown import refused, words
from tests.support.standings import MADRID, a_breakdown, a_slice

WEEKS = ((date(2026, 11, 9), None), (date(2026, 11, 16), 0.414), (date(2026, 11, 23), 0.62))


def said(**changes: object) -> str:
    shown = breakdown_message(
        a_breakdown(a_slice("search", 62), a_slice(None, 38), **changes), chart_file=None, reader=MADRID
    )
    assert not refused(shown)
    return words(shown["blocks"])


def test_coverage_is_told_by_week_from_the_first_with_spend():
    text = said(weeks=WEEKS)
    assert "*With a feature by week*\n▰▰▰▰▱▱▱▱▱▱ 41% · week of 16 Nov\n▰▰▰▰▰▰▱▱▱▱ 62% · this week" in text
    assert "9 Nov" not in text


def test_for_workloads_it_is_what_is_attributed():
    assert "*Attributed by week*" in said(weeks=WEEKS, dimension="workload")


def test_full_coverage_needs_no_trend():
    assert "by week" not in said(weeks=((date(2026, 11, 23), 1.0),))
