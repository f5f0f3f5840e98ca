"""Story: an owner opens an envelope by the form, asks for more, and the sponsor decides. Over HTTP and Socket Mode."""

from __future__ import annotations

import pytest

from sandbox.people import text_of
from tests.support.office import Office

BOTH_WAYS = pytest.mark.parametrize("office", ["http", "socket"], indirect=True)


@BOTH_WAYS
async def test_an_owner_opens_an_envelope_asks_for_more_and_gets_it(office: Office):
    ana, sam, kim = office.ana, office.sam, office.kim
    await ana.types("/budget workload add search feature=search")
    await ana.clicks("Add and re-attribute this cycle")

    form = await ana.types("/budget set search")
    assert "Dollars a month" in form.text
    wrong = await ana.submits(
        {"set_amount": "a lot", "set_owner": "U0ANA", "set_finance": "U0FARAH", "set_sponsor": "U0ANA"}
    )
    assert set(wrong.errors) == {"set_amount", "set_sponsor"}
    assert "a lot" in wrong.errors["set_amount"]
    assert "owner" in wrong.errors["set_sponsor"]

    saved = await ana.submits({"set_amount": "$500", "set_sponsor": "U0SAM"})
    assert "*search* has an envelope of *$500* a month" in saved.text
    assert saved.message["ephemeral"]

    asked = await ana.types("/budget set search 900")
    assert "waits for <@U0SAM>" in asked.text
    assert "$900 asked" in (await kim.types("/budget status")).text

    request = await sam.sees("asks you to raise the envelope of *search*", channel="dm")
    assert "$500 → $900" in text_of(request)
    await sam.clicks("Approve", message=request)
    decided = await sam.sees("approved by <@U0SAM>", channel="dm")
    assert decided["ts"] == request["ts"]

    told = await ana.sees("was approved by <@U0SAM> and is in force", channel="dm")
    shown = await ana.clicks("Status", message=told)
    assert "of *$900*" in shown.text
    assert "asked" not in (await kim.types("/budget status")).text


async def test_a_form_that_was_overtaken_changes_nothing(office: Office):
    await office.ana.types("/budget workload add search feature=search")
    await office.ana.clicks("Add rule")
    await office.ana.types("/budget set search 500 sponsor=@sam")
    await office.ana.types("/budget set search")
    await office.farah.types("/budget set search 400")
    await office.ana.submits({"set_amount": "300"})
    assert "was changed while the form was open" in text_of(await office.ana.view())
    assert "of *$400*" in (await office.kim.types("/budget status search")).text


async def test_what_finance_sets_belongs_to_whom_it_belonged_before(office: Office):
    await office.ana.types("/budget workload add search feature=search")
    await office.ana.clicks("Add rule")
    form = await office.farah.types("/budget set search")
    owner = next(block for block in form.view["blocks"] if block["block_id"] == "set_owner")
    assert owner["element"]["initial_user"] == "U0ANA"
    done = await office.farah.types("/budget set search 500 sponsor=@sam")
    assert "Owner <@U0ANA>" in done.text


async def test_nobody_opens_an_envelope_on_what_is_somebody_elses(office: Office):
    await office.ana.types("/budget workload add search feature=search")
    await office.ana.clicks("Add rule")
    assert "search belongs to <@U0ANA>" in (await office.kim.types("/budget set search 500 sponsor=@sam")).text
