"""`/budget` alone: each person reads the one step that is theirs, with a button that takes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.slack import ids
from bot.slack.views.hub import hub_message
from core.envelope import State
from core.home import Home, Office, WaitingClose, home_of
from core.source_health import Condition
from tests.support.homes import a_source, a_standing, an_office
from tests.support.shown import buttons, interpreted, refused, words
from tests.support.standings import ANA, FARAH, HOSTILE, NOVEMBER, SAM, a_month_end, a_request, an_envelope, dollars

KIM = "U0KIM"


def home(office: Office, person: str = ANA, *, is_finance: bool = False) -> Home:
    return home_of(office, person, is_finance=is_finance)


def first_button(of: Home) -> tuple[str, tuple[str, str]]:
    shown = hub_message(of)
    assert not refused(shown)
    return next(iter(buttons(shown).items()))


def test_somebody_new_reads_what_this_is_and_finds_the_four_things_people_come_for():
    shown = hub_message(home(an_office(a_standing()), KIM))
    assert shown["text"].startswith("Outlay keeps an envelope for each AI workload")
    assert buttons(shown) == {
        "Status": (ids.SHOW_STATUS, ""),
        "Set an envelope": (ids.OPEN_SET, ""),
        "Spend by feature": (ids.SHOW_SPEND, "feature"),
        "Help": (ids.SHOW_HELP, ""),
    }


def test_a_decision_comes_before_everything_else():
    office = an_office(a_standing(spent=3500, state=State.WARNED), requests=(a_request(),))
    assert first_button(home(office, SAM)) == ("Decide", (ids.SHOW_APPROVALS, ""))
    assert "*1 decision waits for you.*" in hub_message(home(office, SAM))["text"]


def test_a_signature_is_asked_for_with_the_line_to_paste():
    close = WaitingClose("openai", NOVEMBER, dollars(10), (ANA,))
    assert "`/budget reconcile openai 2026-11`" in hub_message(home(an_office(closes=(close,))))["text"]


def test_an_owner_hears_of_the_envelope_that_needs_a_look_first():
    likely = a_standing("likely", forecast=a_month_end(5000, chance=0.8))
    other = a_standing("other", spent=3500, state=State.WARNED)
    assert first_button(home(an_office(likely))) == ("Why", (ids.SHOW_WHY, "likely"))
    text = hub_message(home(an_office(likely, other)))["text"]
    assert text == "*other* has spent $3,500 of $4,000, and 1 more envelope of yours needs a look."


def test_finance_is_led_to_the_first_30_days_and_then_to_what_cannot_be_believed():
    office = an_office(a_standing(), sources=(a_source("gateway", Condition.SILENT),))
    assert first_button(home(office, FARAH, is_finance=True)) == ("Start the 30 days", (ids.OPEN_ROLLOUT, ""))


def test_an_owner_without_trouble_reads_where_they_stand():
    text = hub_message(home(an_office(a_standing(), a_standing("chat"))))["text"]
    assert text == "Your 2 envelopes are within their thresholds: $2,000 of $8,000 spent in November 2026."


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_ping_nobody(typed: str):
    one = replace(a_standing(typed, spent=3500, state=State.WARNED), envelope=an_envelope(workload=typed))
    shown = hub_message(home(an_office(one, names=(typed,))))
    assert not refused(shown)
    assert not any(active in interpreted(shown) for active in ("<!", "<https"))
    assert words(shown["blocks"])


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_slack_takes_the_hub_whatever_there_is(count: int):
    assert not refused(hub_message(home(an_office(names=tuple(f"w{place}" for place in range(count))), KIM)))
