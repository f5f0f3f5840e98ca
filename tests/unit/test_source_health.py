"""Whether a source can be believed, judged by its own habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.views.sources import sources_message
from core.source_health import ALARMING, Condition, Day, SecondOpinion, SourceHealth, health_of, usual_gap
from tests.support.shown import interpreted, refused, table, words
from tests.support.standings import HOSTILE, MADRID

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_day(ago: int, *, lag: timedelta = timedelta(minutes=1), **counts: int) -> Day:
    at = NOON - timedelta(days=ago)
    return Day(at.date(), **{"accepted": 100} | counts, latest_event_at=at - lag, latest_arrival_at=at)


def health(*days: Day, **changes: Any) -> SourceHealth:
    return health_of("gateway", days, **{"is_live": True, "is_revoked": False, "now": NOON} | changes)


def daily(last: int = 0, **counts: int) -> list[Day]:
    return [a_day(ago, **counts) for ago in range(20, last - 1, -1)]


def test_a_source_that_sends_as_always_is_fine() -> None:
    assert health(*daily()).conditions == (Condition.FINE,)


def test_a_daily_source_is_silent_after_a_day_and_a_bit() -> None:
    assert health(*daily(last=1)).condition is Condition.FINE
    assert health(*daily(last=2)).condition is Condition.SILENT


def test_a_weekly_source_may_rest_for_a_week() -> None:
    weekly = [a_day(ago) for ago in (27, 20, 13, 6)]
    assert health(*weekly).condition is Condition.FINE
    assert health(*[a_day(ago) for ago in (27, 24, 20, 16, 12)]).condition is Condition.SILENT


def test_one_outage_does_not_become_the_habit() -> None:
    days = [NOON.date() - timedelta(days=ago) for ago in (20, 19, 18, 9, 8, 7)]
    assert usual_gap(days) == 1


@pytest.mark.parametrize(
    ("counts", "condition"),
    [
        ({"guessed": 2}, Condition.GUESSING),
        ({"missing": 3}, Condition.GUESSING),
        ({"guessed": 1}, Condition.FINE),
        ({"rejected": 2}, Condition.REFUSED),
        ({"unpriced": 1}, Condition.UNPRICED),
        ({"repaired": 5}, Condition.REPAIRED),
        ({"duplicates": 900, "folded": 100}, Condition.FINE),
    ],
)
def test_what_it_sends_decides_how_far_it_is_believed(counts: dict[str, int], condition: Condition) -> None:
    assert health(*daily(**counts)).condition is condition


def test_usage_that_comes_half_a_day_late_is_late() -> None:
    assert health(*[a_day(ago, lag=timedelta(hours=7)) for ago in range(9, -1, -1)]).condition is Condition.LATE


def test_a_source_can_be_wrong_in_several_ways_and_the_gravest_comes_first() -> None:
    assert health(*daily(guessed=50, unpriced=2)).conditions == (Condition.GUESSING, Condition.UNPRICED)


def test_an_import_is_done_rather_than_silent_and_a_revoked_one_stays_quiet() -> None:
    assert health(a_day(9), is_live=False).condition is Condition.DONE
    assert health(a_day(9), is_revoked=True).condition is Condition.REVOKED
    assert health().condition is Condition.UNUSED


@given(st.lists(st.integers(0, 27), unique=True), st.integers(0, 100), st.integers(0, 100))
def test_every_history_has_a_state(ago: list[int], guessed: int, rejected: int) -> None:
    found = health(*[a_day(one, guessed=guessed, rejected=rejected) for one in sorted(ago, reverse=True)])
    assert found.conditions
    assert 0 <= found.share(found.recent.guessed) <= 1


def test_the_message_says_what_is_wrong_and_what_to_do() -> None:
    shown = sources_message([health(*daily(last=3)), health(*daily())], reader=MADRID, now=NOON)
    said = words(shown["blocks"])
    assert shown["text"] == "1 of 2 sources needs a look."
    assert "*gateway* is silent since 21 Nov 2026, 13:00 CET (3 days ago); it used to send every day." in said
    assert "Look at its exporter and its token." in said
    assert table(shown)[1][:3] == ["gateway", "● silent", "3 days ago"]


@pytest.mark.parametrize("condition", sorted(ALARMING))
def test_every_alarming_state_has_a_next_step(condition: Condition) -> None:
    days = {
        Condition.SILENT: daily(last=3),
        Condition.REFUSED: daily(rejected=50),
        Condition.GUESSING: daily(guessed=50),
        Condition.UNPRICED: daily(unpriced=5),
        Condition.LATE: [a_day(0, lag=timedelta(hours=9))],
    }[condition]
    one = health(*days)
    assert one.condition is condition and one.is_alarming
    said = words(sources_message([one], reader=MADRID, now=NOON)["blocks"])
    assert "is fine" not in said
    assert any(step in said for step in ("Look at", "try one", "Let it", "`/budget price MODEL`", "Send smaller"))


def test_what_checks_the_numbers_is_told_apart_from_what_counts() -> None:
    opinions = [
        SecondOpinion("openai/completions", NOON - timedelta(hours=2), None),
        SecondOpinion("anthropic/cost", None, "The key was refused."),
    ]
    said = words(sources_message([health(*daily())], opinions, reader=MADRID, now=NOON)["blocks"])
    assert (
        "• `openai/completions` read 2 hours ago\n• `anthropic/cost` never read to its end; The key was refused."
        in said
    )


def test_without_any_source_the_first_step_is_shown() -> None:
    shown = sources_message([], reader=MADRID, now=NOON)
    assert "outlay token create gateway" in words(shown["blocks"])
    assert not refused(shown)


@pytest.mark.parametrize("typed", [*HOSTILE, "x" * 500])
def test_slack_takes_any_number_of_sources_with_any_name(typed: str) -> None:
    many = [health_of(typed, daily(last=3), is_live=True, is_revoked=False, now=NOON) for _ in range(150)]
    shown = sources_message(many, [SecondOpinion(typed, NOON, typed)] * 20, reader=MADRID, now=NOON)
    assert not refused(shown)
    assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "\u202e"))
