"""The form of `/budget set`, and the request that a raise becomes: opened, filled in, refused, saved, decided."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.people import text_of
from tests.support.office import Office, settled_view, with_envelope, with_search


@pytest.mark.parametrize("office", ["http", "socket"], indirect=True)
async def test_a_bare_set_opens_the_form_filled_in(office: Office):
    opened = await office.farah.types("/budget set")
    assert opened.view["callback_id"] == "set_envelope"
    assert opened.view["private_metadata"]


async def test_the_form_says_mistakes_at_the_field_and_keeps_the_rest(office: Office):
    await with_search(office)
    await office.farah.types("/budget set search")
    wrong = await office.farah.submits({"set_amount": "4,00", "set_owner": "U0ANA", "set_sponsor": "U0SAM"})
    assert "two ways" in wrong.errors["set_amount"]
    saved = await office.farah.submits({"set_amount": "$4k", "set_owner": "U0ANA", "set_sponsor": "U0SAM"})
    assert "has an envelope of *$4,000*" in saved.text
    assert saved.message["ephemeral"]


async def test_the_form_comes_back_with_the_reason_when_the_save_is_refused(office: Office):
    await with_envelope(office)
    await office.kim.types("/budget set search")
    await office.kim.submits({"set_amount": "100"})
    view = await office.kim.view()
    assert "Only the owner" in text_of(view)
    assert view["callback_id"] == "set_envelope"


async def test_a_slow_save_says_so_and_then_what_came_of_it(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.slack.listeners.envelopes.SAVE_SECONDS", 0.0)
    await with_envelope(office)
    await office.ana.types("/budget set search")
    await office.ana.submits({"set_amount": "400"})
    assert "$400" in text_of(await settled_view(office.ana))


async def test_slow_books_open_the_form_in_time_and_fill_it_in_afterwards(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.slack.listeners.envelopes.READ_SECONDS", 0.0)
    await office.farah.types("/budget set")
    assert (await settled_view(office.farah))["callback_id"] == "set_envelope"


async def test_another_workload_and_more_options_refill_the_form(office: Office):
    await with_search(office)
    await office.farah.types("/budget set")
    await office.farah.clicks("more_options")
    assert "Soft threshold" in text_of(await office.farah.view())
    await office.farah.clicks("pick_workload", value="search")
    assert "search" in text_of(await office.farah.view())


async def test_a_raise_waits_for_the_sponsor_who_approves_it(office: Office):
    await with_envelope(office)
    asked = await office.ana.types("/budget set search 900")
    assert "waits for" in asked.text
    request = await office.sam.sees("asks you to raise", channel="dm")
    await office.sam.clicks("Approve", message=request)
    decided = await office.sam.sees("approved by", channel="dm")
    assert decided["ts"] == request["ts"]
    assert "actions" not in [block["type"] for block in decided["blocks"]]
    await office.ana.sees("was approved by", channel="dm")
    assert "$900" in (await office.kim.types("/budget status search")).text


async def test_of_two_clicks_at_once_one_decides_and_the_other_is_told(office: Office):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    request = await office.sam.sees("asks you to raise", channel="dm")
    await asyncio.gather(office.sam.clicks("Approve", message=request), office.sam.clicks("Decline", message=request))
    late = await office.sam.sees("This request was already")
    assert late["ephemeral"]


async def test_whoever_opens_the_form_is_proposed_as_owner_of_what_nobody_owns(office: Office):
    opened = await office.kim.types("/budget set search")
    owner = next(block for block in opened.view["blocks"] if block.get("block_id") == "set_owner")
    assert owner["element"]["initial_user"] == "U0KIM"


async def test_the_sponsor_sees_what_was_spent_so_far(office: Office):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    assert "Spent in November 2026" in text_of(await office.sam.sees("asks you to raise", channel="dm"))
