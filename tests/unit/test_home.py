"""The Home tab: what is somebody's, what waits for them, and what Slack takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.slack.views.home import SHOWN, answer_view, envelopes_view, home_view
from core.envelope import State
from core.escalation import Escalation, EscalationKind
from core.home import Home, WaitingClose, home_of
from core.rollout import ITEMS, Glance, RolloutState
from core.source_health import Condition
from tests.support.homes import a_source, a_standing, an_office
from tests.support.shown import buttons, interpreted, refused_view, words
from tests.support.standings import (
    ANA,
    DANA,
    FARAH,
    HOSTILE,
    MADRID,
    NOON,
    NOVEMBER,
    SAM,
    a_month_end,
    a_request,
    an_envelope,
    dollars,
    fresh,
    people,
)

KIM = "U0KIM"


def page(home: Home) -> dict[str, Any]:
    view = home_view(home, reader=MADRID)
    assert refused_view(view) == []
    return view


def test_each_person_sees_their_envelopes_with_what_they_are_to_them():
    office = an_office(
        a_standing(), a_standing("chat", envelope=an_envelope(workload="chat", people=people(owner=KIM)))
    )
    assert [mine.standing.envelope.workload for mine in home_of(office, ANA, is_finance=False).envelopes] == [
        "search-answers"
    ]
    assert home_of(office, SAM, is_finance=False).envelopes[0].roles == ("sponsor",)
    assert len(home_of(office, FARAH, is_finance=True).envelopes) == 2
    assert home_of(office, DANA, is_finance=False).is_new


def test_lines_to_paste_take_what_somebody_owns_first_and_set_what_has_no_envelope():
    office = replace(
        an_office(a_standing("chat", envelope=an_envelope(workload="chat", people=people(owner=KIM))), a_standing()),
        names=("chat", "search-answers", "translation"),
    )
    ana = home_of(office, ANA, is_finance=False)
    assert (ana.names[0], ana.unset) == ("search-answers", "translation")
    assert home_of(office, KIM, is_finance=False).names[0] == "chat"
    assert home_of(office, SAM, is_finance=False).names == office.names


def test_owner_and_finance_partner_in_one_person_is_one_line():
    office = an_office(a_standing(envelope=an_envelope(people=people(finance=ANA))))
    assert "you: owner and finance partner" in words(page(home_of(office, ANA, is_finance=False))["blocks"])


def test_what_needs_a_look_comes_first_with_why_as_its_button():
    calm, likely, past = (
        a_standing("calm", size=90_000),
        a_standing("likely", forecast=a_month_end(5000, chance=0.8)),
        a_standing("past", spent=3500, state=State.WARNED),
    )
    home = home_of(an_office(calm, likely, past), ANA, is_finance=False)
    assert [mine.standing.envelope.workload for mine in home.envelopes] == ["past", "likely", "calm"]
    labels = [block["accessory"]["text"]["text"] for block in page(home)["blocks"] if "accessory" in block]
    assert labels == ["Why", "Why", "Details"]


def test_the_finding_says_what_waits_and_what_is_wrong():
    office = an_office(a_standing(), a_standing("past", spent=3500, state=State.WARNED), requests=(a_request(),))
    first = words(page(home_of(office, SAM, is_finance=False))["blocks"][0])
    assert first.startswith("*1 decision* waits for you. *November 2026*, 78% gone: *$4,500* of *$8,000* spent (56%)")
    assert "*past* is past a threshold." in first


def test_what_was_granted_is_no_trouble_and_not_called_calm():
    office = an_office(a_standing("chat", spent=3500, state=State.GRANTED))
    first = words(page(home_of(office, ANA, is_finance=False))["blocks"][0])
    assert first.endswith("*chat* goes on with what was granted.")


def test_only_who_may_decide_gets_the_buttons_and_nobody_for_their_own():
    office = an_office(a_standing(), requests=(a_request(deciders=people(deputy=DANA)),))
    for person in (SAM, DANA):
        view = page(home_of(office, person, is_finance=False))
        assert buttons(view)["Approve"] == ("approve_request", "7")
    asked = page(home_of(office, ANA, is_finance=False))
    assert "Approve" not in buttons(asked)
    assert "with <@U0SAM>" in words(asked["blocks"])
    own = an_office(requests=(a_request(requested_by=SAM, deciders=people(deputy=DANA)),))
    assert "Approve" not in buttons(page(home_of(own, SAM, is_finance=False)))


def test_somebody_who_has_nothing_is_taught_in_three_lines_with_a_name_of_this_workspace():
    view = page(home_of(an_office(), KIM, is_finance=False))
    said = words(view["blocks"])
    assert said.count("• ") == 3
    assert "/budget set search-answers 4000 owner=@you sponsor=@executive" in said


def test_finance_sees_the_sources_and_nobody_else_does():
    office = an_office(a_standing(), sources=(a_source("old-gateway", Condition.SILENT), a_source()))
    assert "1 of 2 sources needs a look" in words(page(home_of(office, FARAH, is_finance=True))["blocks"])
    assert "sources" not in words(page(home_of(office, ANA, is_finance=False))["blocks"])
    fine = words(page(home_of(an_office(a_standing()), FARAH, is_finance=True))["blocks"])
    assert "The one source is fine." in fine


def test_a_thousand_envelopes_and_requests_fit_and_lead_on_page_by_page():
    many = tuple(a_standing(f"workload-{number:04}") for number in range(1000))
    requests = tuple(a_request(id=number) for number in range(1, 200))
    home = home_of(an_office(*many, requests=requests), SAM, is_finance=True)
    view = page(home)
    assert buttons(view)["988 more"] == ("show_my_envelopes", str(SHOWN))
    assert "191 more decisions" in words(view["blocks"])
    seen, start = SHOWN, SHOWN
    while True:
        further = envelopes_view(home, start)
        assert refused_view(further) == []
        seen += sum("accessory" in block for block in further["blocks"])
        onward = [value for action, value in buttons(further).values() if action == "show_my_envelopes"]
        if not onward:
            break
        start = int(onward[0])
    assert seen == 1000


def test_a_page_beyond_the_last_envelope_is_empty_and_leads_back():
    assert buttons(envelopes_view(home_of(an_office(a_standing()), ANA, is_finance=False), 900)) == {
        "← Home": ("show_home", "")
    }


def test_hostile_names_ping_nobody():
    for text in HOSTILE:
        office = an_office(
            a_standing(envelope=an_envelope(workload=text), forecast=a_month_end(5000)),
            requests=(a_request(workload=text),), sources=(a_source(text, Condition.SILENT),), names=(text,),
        )  # fmt: skip
        for person in (ANA, SAM, FARAH, KIM):
            view = page(home_of(office, person, is_finance=True))
            assert "<!channel>" not in interpreted({"text": "", "blocks": view["blocks"]})


def test_spend_alone_does_not_disturb_a_reader_but_a_state_a_size_or_a_decision_does():
    before = home_of(an_office(a_standing()), ANA, is_finance=False)
    later = replace(fresh(), as_of=datetime(2026, 11, 25, tzinfo=UTC))
    assert (
        home_of(an_office(a_standing(spent=1200), freshness=later), ANA, is_finance=False).digest() == before.digest()
    )
    for changed in (
        an_office(a_standing(state=State.WARNED)),
        an_office(a_standing(size=5000)),
        an_office(a_standing(pending_nanos=dollars(9000))),
        an_office(a_standing(forecast=a_month_end(5000, chance=0.9))),
        an_office(a_standing(), requests=(a_request(),)),
    ):
        assert home_of(changed, ANA, is_finance=False).digest() != before.digest()


def test_an_answer_keeps_the_way_back():
    view = answer_view({"text": "x", "blocks": [{"type": "divider"}] * 50})
    assert refused_view(view) == []
    assert buttons(view)["← Home"] == ("show_home", "")


def test_the_first_30_days_are_a_line_for_all_and_an_offer_to_finance():
    seen = Glance(9, RolloutState.RUNNING, 8, 2, ITEMS[7])
    said = words(page(home_of(an_office(a_standing(), rollout=seen), ANA, is_finance=False))["blocks"])
    assert "8 of 16 done · day 9 · *2 overdue*\nNext: Volume is tied to a business metric" in said
    assert "first 30 days" not in words(page(home_of(an_office(a_standing()), ANA, is_finance=False))["blocks"])
    offered = page(home_of(an_office(a_standing()), FARAH, is_finance=True))
    starts = [block["accessory"]["action_id"] for block in offered["blocks"] if "accessory" in block]
    assert "open_rollout" in starts
    done = home_of(an_office(a_standing(), rollout=replace(seen, state=RolloutState.FINISHED)), ANA, is_finance=False)
    assert "8 of 16 done · finished" in words(page(done)["blocks"])


def test_a_sponsor_sees_what_is_stopped_before_what_is_asked_and_what_is_to_sign():
    stopped = Escalation(1, 2, "search-answers", NOVEMBER, EscalationKind.HARD, NOON - timedelta(hours=2))
    close = WaitingClose("openai", NOVEMBER.previous, dollars(-120), (SAM,))
    office = an_office(a_standing(), requests=(a_request(),), escalations=(stopped,), closes=(close,))
    said = words(page(home_of(office, SAM, is_finance=False))["blocks"])
    assert said.startswith("*3 things* wait for you.")
    parts = ("passed its hard threshold 2 hours ago", "asked just now", "the invoice is $120 below the books")
    assert [said.index(part) for part in parts] == sorted(said.index(part) for part in parts)
    assert "`/budget reconcile openai 2026-10`" in said
    assert home_of(office, ANA, is_finance=False).waiting == 0


def test_nobody_decides_on_what_they_asked_for():
    asked = Escalation(
        1, 2, "search-answers", NOVEMBER, EscalationKind.REQUEST, NOON, asked_nanos=dollars(500), asked_by=SAM
    )
    office = an_office(a_standing(envelope=an_envelope(people=people(deputy=DANA))), escalations=(asked,))
    assert home_of(office, SAM, is_finance=False).escalations == ()
    said = words(page(home_of(office, DANA, is_finance=False))["blocks"])
    assert f"<@{SAM}> asks for $500 more, just now." in said
