"""Each listener once, over HTTP, against the sandbox: a line is typed or a button clicked, and the right thing is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from core.services.manage_tokens import create_token
from sandbox import Person, Sandbox
from sandbox.people import text_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA, SAM, FARAH = "<@U0ANA|ana>", "<@U0SAM|sam>", "<@U0FARAH|farah>"


@dataclass
class Office:
    """The bot in the sandbox, with people; `say` is who asked what when there is doubt."""

    box: Sandbox
    service: Service
    ana: Person
    sam: Person
    farah: Person
    kim: Person


@pytest.fixture
async def office(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    box = Sandbox(rate_limit=None)
    await box.start()
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(box.bot_token),
        slack_signing_secret=SecretStr(box.signing_secret),
        slack_app_token=SecretStr(box.app_token) if getattr(request, "param", "http") == "socket" else None,
        slack_api_url=box.api_url,
        outlay_database_url=f"sqlite:///{tmp_path / 'outlay.db'}",
        outlay_port=0,
        outlay_finance=("U0FARAH",),
        outlay_channel="C0BUDGET",
    )
    service = Service(settings, clock=lambda: NOW)
    await service.start()
    box.request_url = f"{service.url}/slack/events"
    try:
        await send_usage(service)
        people = [Person(box.url, user) for user in ("U0ANA", "U0SAM", "U0FARAH", "U0KIM")]
        yield Office(box, service, *people)
    finally:
        await service.stop()
        await box.stop()


async def send_usage(service: Service) -> None:
    token = await create_token(service.uow, "gateway", frozenset({"usage"}), by="U0FARAH", now=NOW)
    events = [
        {
            "id": f"{feature}-{day}",
            "at": (NOW - timedelta(days=day)).isoformat(),
            "provider": "openai",
            "model": "gpt-4.1",
            "input_tokens": 5_000_000,
            "output_tokens": 1_000_000,
            "tags": {"feature": feature, "team": "discovery"},
        }
        for feature in ("search", "support")
        for day in range(20)
    ]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/usage", json=events, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert answer.status == 202, await answer.text()


async def with_search(office: Office) -> None:
    await office.farah.types("/budget workload add search feature=search")
    added = await office.farah.clicks("Add and re-attribute this cycle")
    assert "search" in added.text


async def with_envelope(office: Office, amount: str = "500") -> None:
    await with_search(office)
    done = await office.farah.types(f"/budget set search {amount} owner={ANA} sponsor={SAM}")
    assert "has an envelope of" in done.text, done


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


async def set_fault(office: Office, method: str, kind: str, times: int = 1) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{office.box.url}/_sandbox/faults", json=[{"method": method, "kind": kind, "times": times}]
        ) as answer,
    ):
        assert answer.status == 200


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


async def settled_view(person: Person) -> dict:
    """The modal once it no longer says that something is under way."""
    for _ in range(100):
        view = await person.view()
        if not any(words in text_of(view) for words in ("Saving…", "Reading…", "Reading the books")):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError("the modal never settled")


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
    refused = await office.sam.clicks("Approve", message=request)
    assert refused.error is None
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


async def test_a_price_is_shown_to_all_and_set_by_finance(office: Office):
    assert "$2" in (await office.kim.types("/budget price gpt-4.1")).text
    assert "Only the finance team" in (await office.kim.types("/budget price gpt-4.1 input=1")).text
    assert "negotiated" in (await office.farah.types("/budget price gpt-4.1 input=1.60 output=6")).text


async def test_a_fault_of_ours_gives_a_reference_and_nothing_more(office: Office, caplog: pytest.LogCaptureFixture):
    await office.service.uow.close()
    office.service.uow.read = None  # type: ignore[method-assign]  # nothing can be read any more
    seen = await office.kim.types("/budget status")
    assert "reference" in seen.text
    reference = seen.text.split("`")[-2]
    assert any(getattr(record, "reference", None) == reference for record in caplog.records)
