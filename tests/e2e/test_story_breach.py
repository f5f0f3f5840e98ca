"""Story: an envelope is heading over, the channel hears of it once, somebody acknowledges, and a runaway is told in seconds."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from core.services.manage_tokens import create_token
from sandbox.people import text_of
from tests.support.office import NOW, Office, with_envelope
from tests.support.shown import refused


async def posted(office: Office, words: str, channel: str = "C0BUDGET") -> list[dict[str, Any]]:
    client = AsyncWebClient("xoxb-sandbox", base_url=office.box.api_url)
    answer = await client.conversations_history(channel=channel)
    return [message | {"channel": channel} for message in answer["messages"] if words in text_of(message)]


async def arrives(office: Office, words: str, channel: str = "C0BUDGET") -> dict[str, Any]:
    """The one message with these words, as soon as it is there; nobody but the bot itself sees to it."""
    for _ in range(100):
        if found := await posted(office, words, channel):
            (message,) = found
            return message
        await asyncio.sleep(0.1)
    raise AssertionError(f"nothing with “{words}” arrived in {channel}")


async def looked(office: Office) -> None:
    await office.service.alerts.look()
    await office.service.delivery.deliver_due()


async def spends(office: Office, number: int, dollars: float) -> None:
    """One event of search just now; output of gpt-4.1 costs $8 a million."""
    token = await create_token(office.service.uow, f"late-{number}", frozenset({"usage"}), by="U0FARAH", now=NOW)
    event = {
        "id": f"late-{number}", "at": office.clock.at.isoformat(), "provider": "openai", "model": "gpt-4.1",
        "input_tokens": 0, "output_tokens": round(dollars / 8 * 1_000_000), "tags": {"feature": "search", "team": "discovery"},
    }  # fmt: skip
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{office.service.url}/v1/usage", json=[event], headers={"Authorization": f"Bearer {token}"}
        ) as answer,
    ):
        assert answer.status == 202, await answer.text()


async def test_a_crossing_is_one_message_with_cause_chart_and_two_buttons(office: Office):
    await with_envelope(office, "450")
    await looked(office)
    await looked(office)
    (message,) = await posted(office, "of its $450")
    assert refused(message) == []
    shown = text_of(message)
    assert "Why:" in shown
    assert any(block["type"] == "image" for block in message["blocks"])
    (actions,) = [block for block in message["blocks"] if block["type"] == "actions"]
    assert [element["text"]["text"] for element in actions["elements"]] == ["Acknowledge", "Why"]


async def test_whoever_answers_for_it_acknowledges_and_the_message_says_so(office: Office):
    await with_envelope(office, "450")
    await looked(office)
    (message,) = await posted(office, "of its $450")
    refusal = await office.kim.clicks("Acknowledge", message=message)
    assert "Only those who answer for search" in refusal.text
    await office.ana.clicks("Acknowledge", message=message)
    await office.service.delivery.deliver_due()
    (after,) = await posted(office, "of its $450")
    assert "has seen this" in text_of(after)
    assert "Acknowledge" not in text_of(after)
    explained = await office.kim.clicks("Why", message=after)
    assert "spends what it does" in explained.text


async def test_hard_says_what_happens_from_now_on(office: Office):
    await with_envelope(office, "300")
    await looked(office)
    (message,) = await posted(office, "hard threshold")
    assert refused(message) == []
    assert "From now on" in text_of(message)


async def test_a_runaway_reaches_channel_and_owner_by_itself(office: Office):
    await with_envelope(office, "5k")
    await looked(office)
    await spends(office, 1, 400)
    message = await arrives(office, "its usual")
    assert refused(message) == []
    assert "in an hour" in text_of(message)
    assert any(block["type"] == "image" for block in message["blocks"])
    client = AsyncWebClient("xoxb-sandbox", base_url=office.box.api_url)
    opened = await client.conversations_open(users="U0ANA")
    assert await arrives(office, "its usual", opened["channel"]["id"])


async def test_anybody_can_ask_why_they_were_told_or_not_and_replay_other_thresholds(office: Office):
    await with_envelope(office, "450")
    await looked(office)
    await looked(office)
    told = await office.kim.types("/budget why-told search")
    assert "One alert was told about *search*" in told.text
    assert "Not told: $360 of $450 is below it." in told.text
    none = await office.kim.types("/budget replay search soft=70%")
    assert "would have sent" in none.text or "no whole month of usage" in none.text


async def test_an_envelope_without_an_owner_to_ask_is_refused_with_a_line(office: Office):
    await office.farah.types("/budget workload add search feature=search")
    await office.farah.clicks("Add and re-attribute this cycle")
    refusal = await office.kim.types("/budget why-told search")
    assert "has no envelope" in refusal.text
    assert "/budget set search" in refusal.text
