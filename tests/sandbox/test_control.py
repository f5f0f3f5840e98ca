"""The control endpoints: what one person may see and do, and the knobs for tests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from sandbox.control.watch import MOST_SECONDS
from sandbox.people import CannotDo
from tests.sandbox.apps import answering, new_app, serving
from tests.sandbox.content import actions, button, modal
from tests.sandbox.refusals import refused
from tests.sandbox.waiting import eventually


async def test_a_person_sees_their_conversations_only(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    await api.chat_postMessage(channel="U0ANA", text="for Ana")
    kim = (await control.get("state", params={"user": "U0KIM"})).json()
    whole = (await control.get("state")).json()
    assert {one["id"] for one in kim["channels"]} == {"C0GENERAL", "C0BUDGET", "C0SEARCH", "C0SUPPORT"}
    assert "D0ANA" not in kim["messages"]
    assert whole["messages"]["D0ANA"][0]["text"] == "for Ana"
    assert (await control.get("state", params={"user": "U0WHO"})).status_code == 404


async def test_state_gives_the_newest_and_names_the_channels_with_more(
    api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    for number in range(4):
        await api.chat_postMessage(channel="C0BUDGET", text=str(number))
    state = (await control.get("state", params={"limit": 3})).json()
    assert [one["text"] for one in state["messages"]["C0BUDGET"]] == ["1", "2", "3"]
    assert state["older"] == ["C0BUDGET"]


@pytest.mark.parametrize(
    ("user", "reason"), [("U0LEE", "user_disabled"), ("U0OUTLAY", "user_disabled"), ("U0WHO", "user_not_found")]
)
async def test_only_people_who_work_here_can_act(control: httpx.AsyncClient, user: str, reason: str) -> None:
    answer = (await control.post("message", json={"user": user, "channel": "C0BUDGET", "text": "hi"})).json()
    assert answer["error"].startswith(reason)


async def test_nobody_writes_into_an_archived_channel(box: Sandbox) -> None:
    with pytest.raises(CannotDo, match="is_archived"):
        await Person(box.url, "U0ANA").types("hi", channel="C0OLD")


async def test_what_is_not_there_or_not_theirs_cannot_be_clicked(
    box: Sandbox, api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    blocks = [actions(button(value="one"))]
    gone = await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=blocks)
    await api.chat_delete(channel="C0BUDGET", ts=gone["ts"])
    hers = await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="x", blocks=blocks)
    kept = await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=blocks)

    async def error(user: str, ts: str, **rest: Any) -> str:
        body = {"user": user, "channel": "C0BUDGET", "ts": ts, "action_id": "why", **rest}
        return str((await control.post("click", json=body)).json()["error"])

    assert "message_not_found" in await error("U0ANA", gone["ts"])
    assert "message_not_found" in await error("U0BEN", hers["message_ts"])
    assert "no such element" in await error("U0ANA", kept["ts"], action_id="how")
    assert "no button" in await error("U0ANA", kept["ts"], value="two")
    assert box.bench.traffic.entries()[-1]["kind"] == "api", "nothing was delivered to the app"


async def test_a_covered_modal_cannot_be_used(box: Sandbox, api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    first = await api.views_open(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=modal(actions(button())))
    await api.views_push(trigger_id=box.bench.tickets.new_trigger("U0ANA"), view=modal())
    body = {"user": "U0ANA", "view_id": first["view"]["id"], "action_id": "why"}
    assert "covered" in (await control.post("click", json=body)).json()["error"]
    assert "not open for ben" in (await control.post("click", json={**body, "user": "U0BEN"})).json()["error"]


async def test_the_app_can_be_installed_with_other_scopes(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    installed = (await control.post("install", json={"scopes": ["chat:write"]})).json()
    assert installed["scopes"] == ["chat:write"]
    await api.chat_postMessage(channel="C0BUDGET", text="x")
    with refused("missing_scope"):
        await api.conversations_history(channel="C0BUDGET")
    assert (await control.post("install", json={"scopes": "chat:write"})).status_code == 400


async def test_without_a_clock_there_is_none_to_move(control: httpx.AsyncClient) -> None:
    answer = await control.post("clock", json={"advance": "1d"})
    assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "no_clock"})


async def test_a_storys_clock_is_moved_and_dates_the_messages() -> None:
    asked: list[str] = []
    times = [datetime(2026, 11, 17, 9, tzinfo=UTC)]

    async def on_clock(advance: str) -> dict[str, Any]:
        asked.append(advance)
        times[0] = datetime(2026, 11, 30, 23, tzinfo=UTC)
        return {"jobs": 3}

    async with Sandbox(now=lambda: times[0], on_clock=on_clock) as box:
        api = AsyncWebClient(token=box.bot_token, base_url=box.api_url)
        before = await api.chat_postMessage(channel="C0BUDGET", text="before")
        async with httpx.AsyncClient(base_url=f"{box.url}/_sandbox/") as client:
            moved = (await client.post("clock", json={"advance": "month-end"})).json()
            state = (await client.get("state")).json()
        after = await api.chat_postMessage(channel="C0BUDGET", text="after")
    assert asked == ["month-end"]
    assert moved == {"ok": True, "now": "2026-11-30T23:00:00+00:00", "jobs": 3}
    assert state["clock"] == {"available": True, "now": "2026-11-30T23:00:00+00:00"}
    assert float(after["ts"]) - float(before["ts"]) > 13 * 24 * 3600


async def test_stopping_does_not_wait_for_an_answer_that_never_comes() -> None:
    box = Sandbox()
    await box.start()
    app = new_app(box)
    app.command("/budget")(answering())
    async with serving(box, app, "http"):
        asked = asyncio.create_task(Person(box.url, "U0ANA").types("/budget status"))
        await eventually(lambda: any(entry["kind"] == "delivery" for entry in box.bench.traffic.entries()))
        started = perf_counter()
        await box.stop()
        assert perf_counter() - started < MOST_SECONDS, "it waited as long as a command waits for something to see"
        assert (await asked).messages == []


async def test_the_tour_is_what_the_sandbox_was_given() -> None:
    steps = [{"title": "Look", "text": "All envelopes", "type": "/budget status"}]
    async with Sandbox(tour=steps) as box, httpx.AsyncClient() as client:
        assert (await client.get(f"{box.url}/_sandbox/tour")).json() == {"ok": True, "steps": steps}


async def test_what_is_posted_elsewhere_meanwhile_is_not_taken_for_the_answer(
    box: Sandbox, api: AsyncWebClient
) -> None:
    app = new_app(box)

    async def slow(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await api.chat_postMessage(channel="C0SEARCH", text="before")
        await asyncio.sleep(4 * box.bench.settings.quiet_seconds)
        await respond("the answer")
        await api.chat_postMessage(channel="C0SEARCH", text="after")

    app.command("/budget")(slow)
    async with serving(box, app, "http"):
        seen = await Person(box.url, "U0KIM", channel="C0BUDGET").types("/budget status")

    assert [one["text"] for one in seen.messages] == ["before", "after", "the answer"]
