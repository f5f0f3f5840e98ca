"""Each listener once, over HTTP, against the sandbox: a line is typed or a button clicked, and the right thing is seen."""

from __future__ import annotations

import aiohttp
import pytest

from core.services import budget_status
from sandbox.people import text_of
from tests.support.office import Office, set_fault, with_envelope, with_search


async def test_the_hub_and_its_buttons_answer(office: Office):
    hub = await office.kim.types("/budget")
    assert "envelope for each AI workload" in hub.text
    assert hub.message["ephemeral"]
    assert "unattributed" in (await office.kim.clicks("Status")).text
    assert "feature" in (await office.kim.clicks("show_spend")).text
    assert "/budget set" in (await office.kim.clicks("show_help")).text


@pytest.mark.parametrize("office", ["http", "socket"], indirect=True)
async def test_status_of_all_is_a_table(office: Office):
    seen = await office.kim.types("/budget status")
    assert seen.message["ephemeral"]
    assert "data_table" in [block["type"] for block in seen.message["blocks"]]


async def test_status_of_one_comes_with_its_chart(office: Office):
    await with_envelope(office)
    seen = await office.ana.types("/budget status search")
    (image,) = [block for block in seen.message["blocks"] if block["type"] == "image"]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{office.box.url}/_sandbox/files/{image['slack_file']['id']}") as picture,
    ):
        assert (await picture.read()).startswith(b"\x89PNG")


async def test_a_chart_that_cannot_be_uploaded_leaves_the_words(office: Office):
    await with_envelope(office)
    await set_fault(office, "files.getUploadURLExternal", "500")
    seen = await office.ana.types("/budget status search")
    assert "image" not in [block["type"] for block in seen.message["blocks"]]
    assert "$500" in seen.text


async def test_spend_is_broken_down_with_a_chart(office: Office):
    seen = await office.kim.types("/budget spend by feature")
    assert "support" in seen.text
    assert "image" in [block["type"] for block in seen.message["blocks"]]


async def test_a_shared_answer_is_in_the_channel_and_says_by_whom(office: Office):
    await office.kim.types("/budget status --share")
    shared = await office.sam.sees("Shared by")
    assert not shared["ephemeral"]
    assert "<@U0KIM>" in text_of(shared)


async def test_sharing_where_the_bot_is_no_member_is_refused_with_the_way_out(office: Office):
    seen = await office.ana.types("/budget status —share", channel="G0LEADS")
    assert "not a member of this channel" in seen.text
    assert "/budget status" in seen.text


async def test_what_was_done_but_cannot_be_shared_is_told_all_the_same(office: Office):
    await with_envelope(office)
    seen = await office.ana.types("/budget set search 400 --share", channel="G0LEADS")
    assert "from $500 a month to *$400 a month*" in seen.text
    assert "Done, but only you see this" in seen.text


async def test_an_unreadable_line_is_refused_with_a_line_to_paste(office: Office):
    seen = await office.kim.types("/budget sett search 4000")
    assert "Did you mean set" in seen.text
    assert "/budget set search 4000" in seen.text


async def test_an_unknown_workload_gets_the_nearest_name(office: Office):
    await with_search(office)
    assert "/budget status search" in (await office.kim.types("/budget status serch")).text


async def test_thresholds_that_contradict_each_other_lead_to_the_form(office: Office):
    await with_envelope(office)
    seen = await office.ana.types("/budget set search soft=90% hard=80%")
    assert "has to be below the hard one" in seen.text
    assert "/budget set search" in seen.text


async def test_a_name_like_none_that_is_known_leads_to_the_list(office: Office):
    assert "/budget workload list" in (await office.kim.types("/budget status zzzzzz")).text


async def test_a_rule_is_previewed_then_added_and_its_buttons_go(office: Office):
    preview = await office.farah.types("/budget workload add support feature=support")
    assert "Nothing has been added yet" in preview.text
    await office.farah.clicks("Add rule")
    newest = (await office.farah.reads())[-1]
    assert "is a workload now" in text_of(newest)
    assert newest["ts"] == preview.message["ts"]
    assert "support" in (await office.kim.types("/budget workload rules support")).text
    assert "support" in (await office.kim.types("/budget workload list")).text


async def test_one_line_sets_an_envelope_and_the_audit_says_so(office: Office):
    await with_envelope(office)
    assert "opened envelope" in (await office.kim.types("/budget audit search")).text


async def test_a_stranger_may_not_change_an_envelope(office: Office):
    await with_envelope(office)
    assert "Only the owner" in (await office.kim.types("/budget set search 100")).text


async def test_a_price_is_shown_to_all_and_set_by_finance(office: Office):
    assert "$2" in (await office.kim.types("/budget price gpt-4.1")).text
    assert "Only the finance team" in (await office.kim.types("/budget price gpt-4.1 input=1")).text
    assert "negotiated" in (await office.farah.types("/budget price gpt-4.1 input=1.60 output=6")).text


async def test_a_fault_of_ours_gives_a_reference_and_nothing_more(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(budget_status, "overview", breaks)
    seen = await office.kim.types("/budget status")
    assert "reference" in seen.text
    reference = seen.text.split("`")[-2]
    assert any(getattr(record, "reference", None) == reference for record in caplog.records)
