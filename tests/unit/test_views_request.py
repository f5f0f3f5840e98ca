"""A change that waits for its sponsor: decidable on a phone, and closed everywhere once decided."""

from __future__ import annotations

import pytest

from bot.slack import ids
from bot.slack.views.request import decided_message, request_message, requester_message
from core.envelope import Change
from tests.support.shown import buttons, interpreted, refused, words
from tests.support.standings import ANA, HOSTILE, MADRID, NOON, SAM, a_request, an_envelope, dollars, terms

APPROVED = a_request().decide(True, by=SAM, at=NOON)
DECLINED = a_request().decide(False, by=SAM, at=NOON)
SUPERSEDED = a_request().superseded(at=NOON)


def test_the_sponsor_reads_who_asks_for_what_and_how_much_more():
    shown = request_message(a_request(), reader=MADRID)
    assert (
        shown["text"]
        == f"<@{ANA}> asks you to raise the envelope of *search-answers*: from $4,000 to *$5,000* (+$1,000, +25%)."
    )
    assert not refused(shown)


def test_the_spend_so_far_stands_beside_what_is_asked():
    shown = request_message(a_request(), reader=MADRID, spent_nanos=dollars(3500))
    assert "$3,500, 70% of what is asked" in words(shown["blocks"])


def test_both_buttons_carry_only_the_number_and_ask_once_more():
    shown = request_message(a_request(), reader=MADRID)
    assert buttons(shown) == {"Approve": (ids.APPROVE_REQUEST, "7"), "Decline": (ids.DECLINE_REQUEST, "7")}
    approve, decline = shown["blocks"][-1]["elements"]
    assert approve["confirm"]["text"]["text"] == "search-answers will have $5,000 a month, at once."
    assert decline["confirm"]["text"]["text"] == "search-answers stays at $4,000 a month."


def test_every_loosening_is_said_because_all_are_decided_at_once():
    loosenings = (
        "raise from $4,000 to $5,000",
        "hard threshold from 100% to 120%",
        "sponsor from <@U0SAM> to <@U0DANA>",
    )
    said = words(request_message(a_request(loosenings=loosenings), reader=MADRID)["blocks"])
    assert all(one in said for one in loosenings)


def test_a_loosening_without_more_money_is_not_called_a_raise():
    request = a_request(
        proposed=Change(dollars(4000), terms(hard_share=1.2)), loosenings=("hard threshold from 100% to 120%",)
    )
    shown = request_message(request, reader=MADRID)
    assert "asks you to loosen" in shown["text"]
    assert shown["text"].endswith(": hard threshold from 100% to 120%.")
    assert "hard threshold from 100% to 120%" in words(shown["blocks"])


def test_an_approval_says_who_and_the_effect_as_read_back():
    shown = decided_message(APPROVED, an_envelope(5000), reader=MADRID)
    said = words(shown["blocks"])
    assert f"approved by <@{SAM}>." in shown["text"]
    assert "The envelope is *$5,000* from November 2026 on" in said
    assert "24 Nov 2026, 13:00 CET" in said
    assert not buttons(shown)


def test_the_effect_comes_from_the_books_and_not_from_the_request():
    assert "*$4,200*" in words(decided_message(APPROVED, an_envelope(4200), reader=MADRID)["blocks"])


def test_a_decline_says_what_still_holds():
    said = words(decided_message(DECLINED, an_envelope(), reader=MADRID)["blocks"])
    assert f"declined by <@{SAM}>." in said
    assert "The envelope stays at *$4,000* a month." in said


def test_a_replaced_request_leaves_nothing_to_decide():
    assert "nothing left to decide" in decided_message(SUPERSEDED, None, reader=MADRID)["text"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (a_request(), f"is with <@{SAM}>. Until then $4,000 holds."),
        (APPROVED, f"was approved by <@{SAM}> and is in force."),
        (DECLINED, f"was declined by <@{SAM}>. $4,000 still holds"),
        (SUPERSEDED, "was replaced by a newer change."),
    ],
)
def test_the_requester_is_told_how_it_stands(request_, says: str):
    shown = requester_message(request_)
    assert says in shown["text"]
    assert buttons(shown) == {"Status": (ids.SHOW_STATUS, "search-answers")}


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_name_breaks_nothing_and_pings_nobody(typed: str):
    request = a_request(workload=typed)
    for shown in (
        request_message(request, reader=MADRID),
        decided_message(request.decide(True, by=SAM, at=NOON), an_envelope(workload=typed), reader=MADRID),
        requester_message(request),
    ):
        assert not refused(shown)
        assert "<!" not in interpreted(shown)
