"""What a sponsor reads in twenty seconds, and what every copy says once somebody has decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.views.approvals import approvals_message
from bot.slack.views.blocks import Message
from bot.slack.views.escalation import (
    answer_message,
    grant_ended_message,
    holdback_message,
    question_message,
    reminder_message,
    unreached_question,
)
from bot.slack.views.ladder import ladder_words
from bot.slack.views.response_forms import grant_modal, holdback_modal, request_modal
from core.degradation import Degradation, Stance
from core.escalation import Escalation, EscalationKind, Grant
from core.leave import Leave, LeaveSource
from core.people import Actor, People
from core.services.ask_for_more import Waiting
from core.store.columns import instant, micros
from tests.support.shown import buttons, interpreted, refused, refused_view, words
from tests.support.standings import (
    ANA,
    DANA,
    FARAH,
    HOSTILE,
    MADRID,
    NOON,
    NOVEMBER,
    SAM,
    a_request,
    an_envelope,
    dollars,
)


def facts(**changes: Any) -> dict[str, Any]:
    """The facts of an open question about a breach of $4,000."""
    return {
        "id": 7, "kind": "hard", "state": "open", "workload": "search-answers", "cycle": "2026-11", "size": dollars(4000),
        "lasting": dollars(4000), "spent": dollars(3650), "limit": dollars(4000), "most": dollars(4000), "hard_share": 0.9,
        "ladder": "gpt-4.1-mini,throttle=60/min,stop", "standing": "degraded", "is_degraded": True, "is_stopped": False,
        "p10": dollars(4600), "p50": dollars(4900), "p90": dollars(5300), "latest": micros(NOON), "owner": ANA,
        "sponsor": SAM, "deputy": DANA, "asked": None, "asked_by": None, "reason": "", "opened": micros(NOON),
        "deputy_at": None, "at": micros(NOON), "decision": None, "decided_by": None, "decided_at": None,
        "closed_because": "", "grant": None,
        "breach": {
            "cause": {
                "basis": "the plan", "parts": [["volume", dollars(820)], ["model mix", dollars(-30)]],
                "movers": [["feature", "answers", dollars(700)]],
            }
        },
    } | changes  # fmt: skip


def decided(decision: str, **changes: Any) -> dict[str, Any]:
    return facts(state="decided", decision=decision, decided_by=SAM, decided_at=micros(NOON), **changes)


def valid(message: Message) -> Message:
    """The message, which Slack would take."""
    assert not refused(message)
    return message


def seen(message: Message) -> str:
    return words(message["blocks"])


def test_the_sponsor_sees_what_why_where_to_and_what_is_on_with_three_buttons() -> None:
    shown = valid(question_message(facts(), reader=MADRID))

    text = seen(shown)
    for fact in (
        "search-answers is past its hard threshold: $3,650 of $4,000",
        "91% of its envelope",
        "volume +$820, against the plan; most of it answers +$700",
        "$4,900 as it goes ($4,600 to $5,300)",
        "Requests go to *gpt-4.1-mini* from $3,600 on",
        "at most *60 requests a minute* pass from $3,800 on",
        "At *$4,000* nothing that costs passes the guard",
    ):
        assert fact in text, fact
    assert buttons(shown) == {
        "Grant more…": (ids.OPEN_GRANT, "7"),
        "Keep degraded": (ids.KEEP_DEGRADED, "7"),
        "Stop": (ids.STOP_WORKLOAD, "7"),
    }
    assert len(text) < 900  # twenty seconds


def test_a_request_shows_the_reason_and_two_buttons() -> None:
    shown = valid(
        question_message(facts(kind="request", asked=dollars(400), asked_by=ANA, reason="launch week"), reader=MADRID)
    )

    assert "<@U0ANA> asks for *$400* more: “launch week”" in seen(shown)
    assert set(buttons(shown)) == {"Grant more…", "Decline"}


GRANT = {"nanos": dollars(400), "last_on": "2026-11-30", "reason": "launch"}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (
            decided("granted", size=dollars(4400), limit=dollars(4400), grant=GRANT),
            "<@U0SAM> granted *$400* until the end of 30 Nov 2026: “launch”\n"
            "The envelope is *$4,400* now, *$750* of it left; requests pass again.",
        ),
        (
            decided("granted", spent=dollars(4500), size=dollars(4400), limit=dollars(4400), grant=GRANT),
            "but $4,500 are spent: nothing that costs passes the guard yet",
        ),
        (decided("kept"), "<@U0SAM> keeps it as it is. Requests go to *gpt-4.1-mini*"),
        (decided("stopped", is_stopped=True), "<@U0SAM> stopped it. Nothing that costs passes the guard until"),
        (decided("declined", asked=dollars(400)), "<@U0SAM> declined $400 more. $4,000 still holds for November 2026"),
        (facts(state="closed", closed_because="recovered"), "is back under its hard threshold"),
        (facts(state="closed", closed_because="cycle_over"), "the new one has its whole envelope"),
    ],
)  # fmt: skip
def test_every_copy_says_who_decided_what_and_the_effect(shown: dict[str, Any], said: str) -> None:
    message = valid(question_message(shown, reader=MADRID))

    assert said in seen(message)
    assert set(buttons(message)) <= {"Let it go on"}
    assert said in seen(valid(answer_message(shown)))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_people_type_pings_nobody_and_breaks_no_message(hostile: str) -> None:
    given = facts(
        workload=hostile, reason=hostile, asked=dollars(4), asked_by=ANA, ladder=None,
        breach={"cause": {"basis": hostile, "parts": [["volume", 5]], "movers": [["feature", hostile, 5]]}},
    )  # fmt: skip
    grant = {"nanos": 5, "last_on": "2026-11-30", "reason": hostile}
    ended = {"workload": hostile, "nanos": 5, "because": "expired", "size": 9, "granted_by": SAM}
    drawn = {"workload": hostile, "nanos": 5, "reason": hostile, "by": ANA, "size": 9, "spent": 3}
    for message in (
        question_message(given, reader=MADRID),
        question_message(given | {"kind": "request"}, reader=MADRID),
        question_message(given | decided("granted", grant=grant, workload=hostile), reader=MADRID),
        reminder_message(given), unreached_question(given | {"turned_because": hostile}, reader=MADRID),
        grant_ended_message(ended), holdback_message(drawn),
    ):  # fmt: skip
        text = interpreted(valid(message))
        assert "<!channel>" not in text and "<https://evil" not in text


@pytest.mark.parametrize(
    ("ladder", "hard", "said"),
    [
        (None, 0.9, "At *$3,600* nothing that costs passes the guard."),
        ("stop", 0.9, "At *$3,600* nothing that costs passes the guard."),
        ("gpt-4.1-mini", 0.9, "Requests go to *gpt-4.1-mini* from $3,600 on. At *$4,000* nothing"),
        ("throttle=60/min", 0.9, "At most *60 requests a minute* pass from $3,600 on. At *$4,000* nothing"),
        ("gpt-4.1-mini", 1.0, "gpt-4.1-mini takes over where the model asked for no longer fits. At *$4,000* nothing"),
        ("throttle=60/min", 1.0, "has no room to work in"),
        ("gpt-4.1-mini,dry-run", 0.9, "only reports what it would have done"),
    ],
)
def test_a_ladder_is_told_with_the_dollars_at_which_it_works(ladder: str | None, hard: float, said: str) -> None:
    assert said in ladder_words(Degradation.parse(ladder) if ladder else None, dollars(4000), hard)


UNTIL = micros(datetime(2026, 12, 3, 23, tzinfo=UTC))
"""The end of 3 December in Madrid."""


@pytest.mark.parametrize(
    ("because", "to", "said"),
    [
        ("away_status", DANA, "<@U0SAM>'s Slack status says on leave until 3 Dec 2026, so you are asked."),
        ("away_said", DANA, "<@U0SAM> is away until 3 Dec 2026, so you are asked."),
        ("away_said", SAM, "You are away until 3 Dec 2026: <@U0DANA> is asked too."),
        ("no_answer", DANA, "You stand in for <@U0SAM>, who has not answered for a day."),
        ("user_disabled", DANA, "You stand in for <@U0SAM>, who cannot be reached in Slack."),
    ],
)
@pytest.mark.parametrize("kind", ["hard", "request"])
def test_the_deputy_reads_why_they_are_asked(kind: str, because: str, to: str, said: str) -> None:
    told = facts(kind=kind, asked=dollars(400), asked_by=ANA, turned_because=because, away_until=UNTIL)

    assert said in seen(valid(question_message(told, reader=MADRID, to=to)))
    assert "so you are asked" not in seen(valid(question_message(told, reader=MADRID, to=SAM)))


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (datetime(2026, 12, 4, 5, tzinfo=UTC), "until 3 Dec 2026"),
        (datetime(2026, 12, 4, 16, tzinfo=UTC), "until 4 Dec 2026"),
        (datetime(2026, 11, 24, 15, tzinfo=UTC), "until 24 Nov 2026"),
        (None, "on leave, so"),
    ],
)
def test_the_last_day_away_is_one_of_which_most_is_away(until: datetime | None, said: str) -> None:
    """Midnight in New York is morning in Madrid, where 4 December is no day away."""
    told = facts(turned_because="away_status", away_until=micros(until) if until else None, deputy_at=micros(NOON))

    assert said in seen(valid(question_message(told, reader=MADRID, to=DANA)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deputy": None}, "is on leave until 3 Dec 2026, as their Slack status says, and no deputy is named"),
        ({"deputy_away": True}, "and the deputy <@U0DANA>, who is asked too, is away as well"),
    ],
)
def test_owner_and_finance_read_that_nobody_can_decide(changes: dict[str, Any], said: str) -> None:
    told = facts(turned_because="away_status", away_until=UNTIL, **changes)

    assert said in seen(valid(unreached_question(told, reader=MADRID)))


def test_approvals_say_who_is_away_and_who_stands_in() -> None:
    asked = Escalation(
        8, 2, "search-answers", NOVEMBER, EscalationKind.HARD, NOON, deputy_at=NOON, turned_because="away_status"
    )
    with_deputy, alone = an_envelope(people=People(ANA, FARAH, SAM, DANA)), an_envelope(people=People(ANA, FARAH, SAM))
    away = Leave(LeaveSource.SAID, instant(UNTIL))
    waiting = Waiting((), ((asked, with_deputy), (asked, alone)), (), (), (), (), away)

    shown = seen(valid(approvals_message(waiting, Actor(ANA), reader=MADRID)))

    assert "<@U0SAM> is away, so <@U0DANA> is asked too." in shown
    assert "no deputy is named: `/budget set search-answers deputy=@name`" in shown
    assert "You said you are away until 3 Dec 2026. Back? `/budget settings away=off`" in shown


def test_approvals_show_what_waits_and_offer_undo_only_to_who_may() -> None:
    envelope = an_envelope(degrade=Degradation.parse("gpt-4.1-mini"), hard_share=0.9)
    asked = Escalation(
        8, 2, "search-answers", NOVEMBER, EscalationKind.REQUEST, NOON, asked_nanos=dollars(400), asked_by=ANA, reason="more"
    )  # fmt: skip
    grant = Grant(1, 2, NOVEMBER, dollars(100), NOON, "launch", SAM, NOON)
    stance = Stance(is_degraded=True, since=NOON, by="outlay", because="the hard threshold was crossed")
    waiting = Waiting(
        ((asked, envelope),), (), (a_request(),), (), ((grant, "search-answers"),), ((envelope, stance),)
    )  # fmt: skip

    sams = valid(approvals_message(waiting, Actor(SAM), reader=MADRID))
    anas = valid(approvals_message(waiting, Actor(ANA), reader=MADRID))

    assert "2 decisions wait for you." in seen(sams)
    assert ids.LIFT in str(sams) and ids.LIFT not in str(anas)
    assert "Nothing waits for you." in seen(
        valid(approvals_message(Waiting((), (), (), (), (), ()), Actor(FARAH), reader=MADRID))
    )


def test_an_envelope_without_a_ladder_is_not_called_degraded_and_has_nothing_to_undo() -> None:
    stance = Stance(is_degraded=True, since=NOON, by="outlay", because="the hard threshold was crossed")
    shown = valid(approvals_message(Waiting((), (), (), (), (), ((an_envelope(), stance),)), Actor(SAM), reader=MADRID))

    assert "has no ladder: where its envelope ends" in seen(shown)
    assert "degraded" not in seen(shown) and ids.LIFT not in str(shown)


def test_forms_say_their_bounds() -> None:
    asked = Escalation(8, 2, "search-answers", NOVEMBER, EscalationKind.HARD, NOON)
    envelope = an_envelope()

    grant = grant_modal(asked, envelope, dollars(4500), today=NOON.date())
    for form in (grant, request_modal(envelope, dollars(10), dollars(4000)), holdback_modal(envelope, dollars(200))):
        assert not refused_view(form)

    assert "Up to $4,500. The first $500 cover what is overspent." in str(grant)
