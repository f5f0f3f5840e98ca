"""Story: Slack loses answers, is slow, refuses, forgets the bot. Nothing is lost, nothing happens twice, people are told."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from sandbox.people import text_of
from tests.support.office import Office, open_office, set_fault, with_envelope

ASKED = "asks you to raise"


async def requests_seen(office: Office) -> int:
    return sum(ASKED in text_of(message) for message in await office.sam.reads("dm"))


@pytest.mark.parametrize(
    ("method", "kind", "wait"),
    [
        ("chat.postMessage", "lost", 15),
        ("chat.postMessage", "500", 15),
        ("chat.postMessage", "429", 30),
        ("conversations.open", "lost", 15),
    ],
)
async def test_the_sponsor_is_asked_exactly_once(office: Office, method: str, kind: str, wait: int):
    await with_envelope(office)
    await set_fault(office, method, kind, seconds=30)
    await office.ana.types("/budget set search 900")
    await office.later(seconds=wait - 1)
    early = await requests_seen(office)
    assert early == (kind == "lost" and method == "chat.postMessage")
    await office.later(seconds=2)
    assert await requests_seen(office) == 1
    await office.later(minutes=10)
    assert await requests_seen(office) == 1


async def test_a_slow_slack_is_waited_for(office: Office):
    await with_envelope(office)
    await set_fault(office, "chat.postMessage", "slow", seconds=0.7)
    await office.ana.types("/budget set search 900")
    await office.sam.sees(ASKED, channel="dm")
    await office.later(minutes=10)
    assert await requests_seen(office) == 1


@pytest.mark.parametrize("kind", ["500", "gone", "lost"])
async def test_a_decision_stands_when_its_message_cannot_be_changed(office: Office, kind: str):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    request = await office.sam.sees(ASKED, channel="dm")
    await set_fault(office, "chat.update", kind, seconds=1)
    await office.sam.clicks("Approve", message=request)
    await office.later(seconds=16)
    told = await office.ana.sees("was approved by <@U0SAM> and is in force", channel="dm")
    await office.later(minutes=10)
    assert [m["ts"] for m in await office.ana.reads("dm") if "was approved by" in text_of(m)] == [told["ts"]]
    assert "of *$900*" in (await office.kim.types("/budget status search")).text
    assert "approved by" in text_of(await office.sam.sees("approved by", channel="dm"))


async def test_an_answer_finds_another_way(office: Office):
    for kind in ("500", "gone"):
        await set_fault(office, "response_url", kind)
        seen = await office.kim.types("/budget status")
        assert "is unattributed" in seen.text, kind
        assert seen.message["ephemeral"], kind


async def test_a_chart_that_cannot_be_uploaded_leaves_the_words(office: Office):
    await with_envelope(office)
    for method in ("upload", "files.completeUploadExternal"):
        await set_fault(office, method, "500")
        seen = await office.kim.types("/budget status search")
        assert "of *$500*" in seen.text, method
        assert "image" not in [block["type"] for block in seen.message["blocks"]], method


async def test_a_form_that_cannot_be_opened_is_said(office: Office):
    for kind in ("500", "revoked"):
        await set_fault(office, "views.open", kind)
        seen = await office.farah.types("/budget set")
        assert seen.views == [], kind
        assert "reference" in seen.text, kind


async def test_a_revoked_token_is_said_and_ends_with_a_new_installation(office: Office):
    await set_fault(office, "*", "revoked", times=50)
    seen = await office.kim.types("/budget status")
    assert "ask whoever runs Outlay to install the app again" in seen.text
    async with aiohttp.ClientSession() as session:
        await session.delete(f"{office.box.url}/_sandbox/faults")
    assert "is unattributed" in (await office.kim.types("/budget status")).text


async def test_a_lost_acknowledgement_does_not_repeat_the_change(office: Office):
    await with_envelope(office)
    await set_fault(office, "delivery:slash_command", "lost")
    await office.ana.types("/budget set search 400")
    await office.ana.sees("from $500 a month to *$400 a month*")
    audit = (await office.kim.types("/budget audit search")).text
    assert audit.count("changed envelope") == 1


async def test_a_click_that_never_arrived_can_be_repeated(office: Office):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    request = await office.sam.sees(ASKED, channel="dm")
    await set_fault(office, "delivery:block_actions", "500")
    failed = await office.sam.clicks("Approve", message=request)
    assert failed.error
    assert "of *$500*" in (await office.kim.types("/budget status search")).text
    await office.sam.clicks("Approve", message=request)
    await office.ana.sees("was approved by", channel="dm")


async def test_a_sponsor_who_cannot_be_reached_is_told_to_whoever_asked(office: Office):
    await with_envelope(office)
    await set_fault(office, "conversations.open", "gone")
    await office.ana.types("/budget set search 900")
    told = await office.ana.sees("I cannot reach <@U0SAM>", channel="dm")
    assert "from $500 to *$900*" in text_of(told)
    assert "$500 still holds" in text_of(told)
    await office.later(hours=1)
    assert await requests_seen(office) == 0


async def test_what_a_revoked_token_kept_back_is_said_after_the_next_start(tmp_path: Path):
    async with open_office(tmp_path) as office:
        await with_envelope(office)
        await set_fault(office, "conversations.open", "revoked")
        await office.ana.types("/budget set search 900")
        await office.later(hours=1)
        assert await requests_seen(office) == 0
    async with open_office(tmp_path, usage=False) as again:
        request = await again.sam.sees(ASKED, channel="dm")
        await again.sam.clicks("Approve", message=request)
        await again.ana.sees("was approved by", channel="dm")
