"""A month that is over passes a threshold, because usage came late."""

from __future__ import annotations

import pytest

from bot.slack.views.breach_late import late_message
from core.breach import Breach, BreachKind
from core.late_crossing import late_crossing
from core.period import Cycle
from tests.support.shown import interpreted, refused, words
from tests.support.standings import HOSTILE, MADRID, NOON, dollars

OCTOBER = Cycle(2026, 10)
HARD, SOFT = (BreachKind.HARD, 10_000), (BreachKind.SOFT, 8_000)


def told(kind: BreachKind, size: int = 100) -> Breach:
    return Breach(1, "search", OCTOBER, 1, kind, 8_000, NOON, facts={"size": dollars(size)})


def crossing(spent: int, known: int, *notices: Breach) -> tuple[BreachKind, int] | None:
    return late_crossing(
        spent_nanos=dollars(spent), known_nanos=dollars(known), size_nanos=dollars(100), soft_bp=8_000, hard_bp=10_000,
        notices=notices,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spent", "known", "notices", "found"),
    [
        (79, 70, (), None),
        (80, 79, (), SOFT),
        (100, 79, (), HARD),
        (100, 90, (told(BreachKind.SOFT),), HARD),
        (95, 90, (told(BreachKind.SOFT),), None),
        (95, 90, (), None),
        (120, 110, (told(BreachKind.HARD),), None),
        (95, 70, (told(BreachKind.HARD),), None),
        (85, 70, (told(BreachKind.SOFT_FORECAST),), SOFT),
        (100, 70, (told(BreachKind.VELOCITY),), HARD),
        (100, 70, (told(BreachKind.HARD, size=50),), HARD),
        (100, 70, (told(BreachKind.HARD, size=200),), None),
    ],
)
def test_the_highest_threshold_that_late_usage_passed_is_told_unless_it_was(spent, known, notices, found):
    assert crossing(spent, known, *notices) == found


def facts(**changes: object) -> dict[str, object]:
    return {
        "workload": "search-answers", "cycle": "2026-10", "kind": "hard", "threshold_bp": 10_000, "late": True, "spent": dollars(4_210),
        "known": dollars(3_900), "size": dollars(4_000), "as_of": "2026-11-02T09:00:00+00:00", "frozen_from": "2026-11-04T00:00:00+00:00",
    } | changes  # fmt: skip


def test_the_message_says_what_came_late_that_nothing_follows_and_until_when_the_month_takes_it():
    shown = late_message(facts(), reader=MADRID)
    said = words(shown["blocks"])
    assert not refused(shown)
    for fact in (
        "Late usage of October 2026 took *search-answers* past its envelope of $4,000: *$4,210*, 105% of it.",
        "$310 came in or was counted after the month ended", "Nothing is slowed down or stopped", "November 2026 has its whole envelope",
        "until 4 Nov 2026, 01:00 CET", "/budget why-told search-answers",
    ):  # fmt: skip
        assert fact in said
    soft = words(late_message(facts(kind="soft", threshold_bp=8_000, spent=dollars(3_300)), reader=MADRID)["blocks"])
    assert "past its 80% of $4,000: *$3,300*, 82% of it." in soft


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_workload_pings_nobody(hostile: str):
    shown = late_message(facts(workload=hostile), reader=MADRID)
    assert not refused(shown) and "<!channel>" not in interpreted(shown)
