"""The messages of a breach: every kind and every end can be shown, whatever a workload is called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.slack.views.breach import breach_message
from bot.slack.views.breach_note import note_message
from bot.slack.views.breach_said import BreachSaid
from bot.slack.views.why_told import _SAID
from core.alerts import Reason
from core.breach import BreachKind, Closing
from tests.support.shown import refused, words
from tests.support.standings import HOSTILE, NOON, dollars

UTC_ZONE = ZoneInfo("UTC")
NOTES = ("worse", "again", "recovered", "trusted", "acknowledged")


def facts(**changes: Any) -> dict[str, Any]:
    """Search has spent 3,210 of 4,000 by noon of the 24th."""
    hour = (NOON - timedelta(hours=1)).isoformat()
    given: dict[str, Any] = {
        "breach": 7, "workload": "search-answers", "cycle": "2026-11", "kind": "soft", "threshold_bp": 8000, "reason": "crossed",
        "as_of": NOON.isoformat(), "latest_at": (NOON - timedelta(minutes=30)).isoformat(), "spent": dollars(3210),
        "size": dollars(4000), "soft_bp": 8000, "hard_bp": 10000, "elapsed": 0.78, "days": [dollars(130)] * 24,
        "previous": dollars(3600), "p10": dollars(4100), "p50": dollars(4310), "p90": dollars(4600), "chance": 0.93,
        "breach_on": ["2026-11-27", "2026-11-29"], "owner": "U0ANA", "finance": "U0FARAH", "sponsor": "U0SAM",
        "channel": "C0SEARCH", "degrade": "gpt-4.1-mini,throttle=60/min,stop", "doubts": [], "doubts_now": [],
        "unpriced_models": [], "unpriced_requests": 0, "refused": 0, "burn": dollars(40), "lag_seconds": 1800,
        "cause": {
            "basis": "spend so far against 78% of the plan", "gap": dollars(512), "planned": dollars(2698),
            "parts": [["output per request", dollars(310)], ["volume", dollars(190)], ["price", -dollars(20)]],
            "models": [["gpt-4.1", dollars(500)]], "movers": [["customer", "acme", dollars(280)], ["feature", None, dollars(10)]],
        },
        "surge": {
            "hour_at": hour, "hours": 1, "spent": dollars(190), "expected": dollars(9), "limit": dollars(72),
            "by": [["model", "claude-sonnet-4-5", dollars(180)]],
        },
    }  # fmt: skip
    return given | changes


def message(**changes: Any) -> dict[str, Any]:
    return dict(breach_message(BreachSaid.of(facts(**changes)), chart_file="F1", alt="A chart.", reader=UTC_ZONE))


@pytest.mark.parametrize("workload", ["search-answers", *HOSTILE])
@pytest.mark.parametrize("kind", [kind.value for kind in BreachKind])
def test_every_kind_can_be_shown_and_pings_nobody(kind: str, workload: str):
    shown = message(kind=kind, workload=workload)
    assert refused(shown) == []
    assert "<!channel>" not in str(shown["blocks"]).replace("'type': 'plain_text', 'text': '<!channel>", "")
    for note in NOTES:
        said = note_message(BreachSaid.of(facts(kind=kind, workload=workload)), note, by="U0ANA", reader=UTC_ZONE)
        assert refused(dict(said)) == []


@pytest.mark.parametrize("closing", [closing.value for closing in Closing])
@pytest.mark.parametrize("kind", [kind.value for kind in BreachKind])
def test_what_has_ended_says_so_and_asks_for_nothing(kind: str, closing: str):
    shown = message(kind=kind, state="closed", closed_because=closing, closed_at=NOON.isoformat())
    assert refused(shown) == []
    said = words(shown["blocks"])
    assert "Acknowledge" not in said
    assert "*Next:*" not in said


def test_soft_says_how_much_until_when_and_why():
    said = words(message()["blocks"])
    for part in (
        "*$3,210* of *$4,000*",
        "$790 left",
        "6 days to go",
        "$4,310",
        "27–29 Nov",
        "output per request (+$310)",
        "*acme*",
    ):
        assert part in said


def test_without_the_guard_the_bound_is_stated():
    assert "up to $20 more may be spent already: the newest usage is 30 minutes old, at $40 an hour" in words(
        message()["blocks"]
    )
    assert "Without the guard" not in words(message(lag_seconds=5)["blocks"])


def test_hard_says_what_degradation_does_and_under_doubt_that_nothing_is_enforced():
    hard = {"kind": "hard", "threshold_bp": 9000, "hard_bp": 9000, "spent": dollars(3700)}
    said = words(message(**hard)["blocks"])
    assert "go to `gpt-4.1-mini`, at most 60/min" in said
    doubted = words(message(**hard, doubts=["unpriced"], doubts_now=["unpriced"])["blocks"])
    assert "Nothing is enforced" in doubted
    assert "From now on" not in doubted


@pytest.mark.parametrize(
    ("decision", "follows"),
    [("kept", "*It stays so:* requests through the guard are refused"), ("stopped", "can let it go on"), ("declined", "*It stays so:*"),
     ("granted", "until when: `/budget status search-answers`")],
)  # fmt: skip
def test_a_decided_breach_says_what_follows_and_no_longer_that_somebody_is_asked(decision: str, follows: str):
    hard = {"kind": "hard", "threshold_bp": 10000, "spent": dollars(4100), "state": "decided"}
    said = words(message(**hard, decided={"decision": decision, "by": "U0SAM"})["blocks"])
    assert "asked to decide" not in said
    assert follows in said


def test_a_forecast_from_before_the_surge_is_not_told():
    said = words(message(kind="hard", spent=dollars(5000))["blocks"])
    assert "The month ends" not in said


def test_a_grant_says_what_the_envelope_is_now():
    said = message(kind="hard", state="decided", decided={"decision": "granted", "by": "U0SAM", "size": dollars(5000)})
    assert "<@U0SAM> granted more. The envelope is *$5,000* now." in words(said["blocks"])


def test_a_ladder_whose_room_is_used_up_is_not_promised():
    said = words(message(kind="hard", threshold_bp=9000, hard_bp=9000, spent=dollars(4100))["blocks"])
    assert "requests through the guard are refused; all $4,000 are spent." in said
    assert "gpt-4.1-mini" not in said


def test_a_runaway_that_has_gone_on_for_hours_says_when_it_began():
    hours = [
        [(NOON - timedelta(hours=back)).isoformat(), dollars(190 if back < 6 else 9), dollars(9)]
        for back in (8, 7, 6, 5, 4, 3, 2, 1)
    ]
    assert "It began about 24 Nov 2026, 07:00 UTC." in words(message(kind="velocity", hours=hours)["blocks"])


def test_a_runaway_says_its_multiple_and_when_the_rest_is_gone():
    said = words(message(kind="velocity", burn=dollars(190))["blocks"])
    assert "burned $190 in an hour, 21× its usual" in said
    assert "claude-sonnet-4-5" in said
    assert "At $190 an hour the rest is gone by *24 Nov 2026, 16:09 UTC*" in said


def test_who_has_seen_it_is_named_in_place_of_the_button():
    said = words(message(acknowledged_by="U0ANA")["blocks"])
    assert "<@U0ANA> has seen this" in said
    assert "Acknowledge" not in said


def test_every_reason_has_its_words():
    assert set(_SAID) == set(Reason)
