"""The close's message in words: what is asked of whom, and that no name from a person does anything."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.slack.views.close import close_message, discuss_message, proposal_place
from core.money import NANOS
from core.period import Cycle
from sandbox.people import text_of
from tests.support.shown import refused

UTC = ZoneInfo("UTC")


def a_line(**fields: Any) -> dict[str, Any]:
    given = {
        "id": 7, "workload": "search", "nanos": 480 * NANOS, "state": "open", "by": None, "owner": "U0ANA",
        "finance": "U0FARAH", "sponsor": "U0SAM", "current": 500 * NANOS, "size": 500 * NANOS, "last_size": 500 * NANOS,
        "spent": 412 * NANOS, "p10": 350 * NANOS, "p50": 400 * NANOS, "p90": 460 * NANOS, "margin": 0.2,
        "drivers": [["volume", 40 * NANOS], ["model mix", -12 * NANOS]],
    }  # fmt: skip
    return given | fields


def the_whole(**fields: Any) -> dict[str, Any]:
    given = {
        "estimate": 1234 * NANOS, "providers": [["openai", 800 * NANOS], ["anthropic", 434 * NANOS], ["internal", 0]],
        "adjusted": 0, "adjustments": [], "frozen_at": None, "frozen_from": "2026-11-04T00:00:00+00:00",
        "envelopes": [["search", 500 * NANOS, 480 * NANOS, "open"], ["chat", 100 * NANOS, 100 * NANOS, "accepted"]],
        "together": [600 * NANOS, 580 * NANOS], "more": 0,
    }  # fmt: skip
    return given | fields


def shown(whole: dict | None = None, *mine: dict, left_out: int = 0) -> dict:
    facts = {"cycle": "2026-10", "next": "2026-11", "whole": whole, "mine": list(mine), "left_out": left_out}
    message = close_message(facts, UTC)
    assert refused(message) == []
    return message


def labels(message: dict) -> list[str]:
    return [
        element["text"]["text"] for block in message["blocks"] if block["type"] == "actions" for element in block["elements"]
    ]  # fmt: skip


def test_finance_is_asked_for_the_invoices_of_those_who_bill():
    words = text_of(shown(the_whole()))
    assert "is *$1,234* so far (OpenAI $800 and Anthropic $434)" in words
    assert "/budget reconcile openai 2026-10" in words
    assert "internal" not in words
    assert "together $600 → $580" in words


def test_a_frozen_estimate_and_its_adjustments_stand_beside_each_other():
    words = text_of(
        shown(
            the_whole(
                frozen_at="2026-11-04T00:05:00+00:00",
                adjusted=10 * NANOS,
                adjustments=[["2026-11-05", 10 * NANOS, "late usage"]],
            )
        )
    )
    assert "frozen at $1,234" in words
    assert "*Adjusted since by +$10*, to $1,244" in words
    assert "5 Nov: +$10 late usage" in words


def test_a_proposal_says_what_it_rests_on_and_offers_three_ways():
    message = shown(None, a_line())
    words = text_of(message)
    assert "*search*: $500 → *$480*" in words
    assert "Last month $412 of $500 (82%). Forecast $400 ($350 to $460) plus 20% margin." in words
    assert "Against the month before: volume +$40 and model mix −$12." in words
    assert labels(message) == ["Accept $480", "Change…", "Discuss"]


def test_more_room_reads_as_a_question_and_the_same_as_keeping():
    assert labels(shown(None, a_line(nanos=900 * NANOS)))[0] == "Ask for $900"
    assert labels(shown(None, a_line(nanos=500 * NANOS)))[0] == "Keep it"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("accepted", "*$480* from November 2026 on. <@U0ANA> accepted it."),
        ("asked", "<@U0SAM> was asked for *$480*; until then it keeps $500."),
        ("overtaken", "It was set otherwise since"),
    ],
)
def test_a_decided_proposal_has_no_buttons(state: str, words: str):
    message = shown(None, a_line(state=state, by="U0ANA"))
    assert words in text_of(message)
    assert labels(message) == []


def test_a_workload_with_a_hostile_name_pings_nobody():
    hostile = a_line(workload="<!channel>")
    assert "<!channel>" not in text_of(shown(the_whole(envelopes=[["<!channel>", 1, 2, "open"]]), hostile))
    call = discuss_message({"cycle": "2026-11", "by": "U0ANA", "with": ["U0FARAH"], **hostile})
    assert refused(call) == []
    assert "<!channel>" not in str([block for block in call["blocks"] if block["type"] != "rich_text"])


def test_twelve_proposals_fit_into_one_message_and_the_rest_is_counted():
    message = shown(the_whole(), *(a_line(id=number) for number in range(12)), left_out=3)
    assert len(message["blocks"]) <= 50
    assert "3 more envelopes of yours" in text_of(message)


@pytest.mark.parametrize(
    "value", ["", "2026-11", "2026-13/7", "2026-11/x", "2026-11/٧", "x-y/1", "2026-11/" + "9" * 30]
)
def test_a_button_that_was_tampered_with_names_no_proposal(value: str):
    assert proposal_place(value) is None


def test_a_button_names_cycle_and_workload():
    assert proposal_place("2026-11/7") == (Cycle(2026, 11), 7)
