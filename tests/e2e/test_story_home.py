"""Story: what each person finds on their Home tab, and how it follows what happens."""

from __future__ import annotations

import asyncio

from sandbox import Person
from sandbox.people import text_of
from tests.support.office import Office, set_fault, settled_view, with_envelope


async def home_with(person: Person, words: str) -> str:
    """The tab once it says that."""
    for _ in range(200):
        text = text_of(await person.home())
        if words in text:
            return text
        await asyncio.sleep(0.05)
    raise AssertionError(f"the Home tab never said {words!r}: {text}")


async def test_a_decision_is_made_on_the_home_tab_and_everybodys_tab_follows(office: Office):
    await with_envelope(office)
    for person in (office.ana, office.sam, office.kim):
        await person.opens_home()
    await home_with(office.ana, "you: owner")
    await home_with(office.kim, "Nothing here is yours yet")
    await office.ana.types("/budget set search 900")
    await home_with(office.ana, "You asked for")
    await home_with(office.sam, "1 decision")
    await office.sam.clicks("Approve")
    text = await home_with(office.sam, "of $900")
    assert "Waiting for you" not in text
    assert "You asked for" not in await home_with(office.ana, "of $900")


async def test_an_answer_opens_in_the_tab_and_home_leads_back(office: Office):
    await with_envelope(office)
    await office.ana.opens_home()
    await home_with(office.ana, "you: owner")
    before = len(await office.ana.reads("dm"))
    await office.ana.clicks("All envelopes")
    await home_with(office.ana, "Spend by workload")
    await office.service.homes.refresh()
    assert "Spend by workload" in text_of(await office.ana.home()), "what is being read stays"
    await office.ana.clicks("← Home")
    await home_with(office.ana, "you: owner")
    assert len(await office.ana.reads("dm")) == before


async def test_an_answer_that_slack_does_not_show_on_the_tab_comes_as_a_direct_message(office: Office):
    await with_envelope(office)
    await office.ana.opens_home()
    await home_with(office.ana, "you: owner")
    await set_fault(office, "views.publish", "429")
    await office.ana.clicks("Details")
    assert "of *$500* spent" in (await office.ana.sees("*$500*", channel="dm"))["text"]


async def test_a_form_opened_from_the_tab_changes_the_tab(office: Office):
    await with_envelope(office)
    await office.ana.opens_home()
    await home_with(office.ana, "of $500")
    await office.ana.clicks("Set an envelope")
    await settled_view(office.ana)
    await office.ana.clicks("pick_workload", value="search")
    await settled_view(office.ana)
    await office.ana.submits({"set_amount": "450"})
    await home_with(office.ana, "of $450")


async def test_finance_finds_the_sources_on_the_tab(office: Office):
    await with_envelope(office)
    await office.farah.opens_home()
    await home_with(office.farah, "Where the numbers come from")
    await office.farah.clicks("Sources")
    await home_with(office.farah, "Sources of usage, last 7 days")
