"""`/budget settings` in words, and the first message to somebody with a role."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.command_line import parse
from bot.slack.command_settings import AwayCommand, SettingsCommand
from bot.slack.views.settings import away_message, settings_message
from bot.slack.views.welcome import EXPECTED, departed_message, welcome_message
from core.errors import BudgetError
from core.preferences import Preferences
from core.services.envelope_defaults import Defaults
from core.services.say_away import Said
from tests.support.shown import interpreted, refused, words
from tests.support.standings import ANA, DANA, FARAH, HOSTILE

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("settings", {}),
        ("settings soft=75% hard=110% margin=25", {"soft_share": 0.75, "hard_share": 1.1, "margin": 0.25}),
        ("settings deputy=<@U0DANA|dana> channel=<#C0BUDGET|ai-budget>", {"deputy": "U0DANA", "channel": "C0BUDGET"}),
        ("settings quiet=10pm-7am", {"quiet": "22-7"}),
        ("settings deputy=off quiet=none", {"deputy": None, "quiet": None}),
    ],
)
def test_lines_are_read(typed: str, given: dict):
    assert parse(typed, today=TODAY) == SettingsCommand(given)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("settings softt=70%", "Did you mean soft=?"),
        ("settings zone=Europe/Berlin", "OUTLAY_TIMEZONE"),
        ("settings finance=@sam", "OUTLAY_FINANCE"),
        ("settings colour=red", "is no setting"),
        ("settings 70%", "is no setting"),
        ("settings soft=70% soft=80%", "given twice"),
        ("settings deputy=@dana", "could not tell who"),
        ("settings channel=#ai", "could not tell which channel"),
        ("settings quiet=late", "not quiet hours"),
        ("settings soft=abc", "abc"),
        ("settings away", "Away until when?"),
        ("settings away=whenever", "“whenever” is no day"),
        ("settings away=2020-01-01", "is over"),
        ("settings away=3-dec soft=70%", "by itself"),
        ("settings soft=70% away=3-dec", "by itself"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_line_that_can(typed: str, says: str):
    with pytest.raises(BudgetError, match=says.replace("?", r"\?")) as caught:
        parse(typed, today=TODAY)
    parse(caught.value.correction, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "last_on"),
    [
        ("settings away=2026-12-03", date(2026, 12, 3)),
        ("settings away=3 Dec", date(2026, 12, 3)),
        ("settings away until 3 dec", date(2026, 12, 3)),
        ("settings away=tomorrow", date(2026, 11, 25)),
        ("settings away=off", None),
        ("settings away=back", None),
    ],
)
def test_everybody_says_for_themselves_until_when_they_are_away(typed: str, last_on: date | None):
    assert parse(typed, today=TODAY) == AwayCommand(last_on)


def test_who_goes_away_hears_which_workloads_nobody_stands_in_for():
    shown = away_message(Said(date(2026, 12, 3), None, ("search", *HOSTILE)))
    said = words(shown["blocks"])
    assert not refused(shown)
    assert "away until 3 Dec 2026" in said and "Nobody stands in for you on" in said
    assert "/budget set search deputy=@name" in said
    assert "<!channel>" not in interpreted(shown)


def test_settings_say_every_value_and_where_the_rest_is_set():
    kept = Preferences(deputy=DANA, soft_share=0.75, quiet="22-7")
    shown = settings_message(kept, Defaults(FARAH, "C0BUDGET"), zone="Europe/Berlin", finance=(FARAH,))
    said = words(shown["blocks"])
    assert not refused(shown)
    for value in (
        "<#C0BUDGET>",
        f"<@{DANA}>",
        "75%",
        "100%",
        "20%",
        "22:00–07:00",
        f"<@{FARAH}>",
        "Europe/Berlin",
        "OUTLAY_TIMEZONE",
    ):
        assert value in said


@pytest.mark.parametrize("role", list(EXPECTED))
def test_a_welcome_says_who_what_and_three_expectations(role: str):
    shown = welcome_message(role, "search-answers", FARAH, to=ANA)
    assert not refused(shown)
    assert shown["text"] == f"<@{FARAH}> made you the {role} of *search-answers*."
    assert words(shown["blocks"]).count("• ") == 3


def test_who_takes_a_role_is_not_told_that_they_gave_it_to_themselves():
    assert (
        welcome_message("owner", "search-answers", ANA, to=ANA)["text"] == "You are the owner of *search-answers* now."
    )


def test_who_left_is_named_with_a_line_for_each_role():
    shown = departed_message(ANA, [["one", "owner"], ["two", "finance partner"]])
    assert not refused(shown)
    assert "still owner of *one* and finance partner of *two*" in shown["text"]
    assert "/budget set one owner=@name\n/budget set two finance=@name" in words(shown["blocks"])


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_ping_nobody(typed: str):
    for shown in (welcome_message("owner", typed, FARAH, to=ANA), departed_message(ANA, [[typed, "owner"]])):
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", "<https", "<#C0SEARCH>"))
