"""The event stream: who sees what, and what happens to a reader that does not keep up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from sandbox.stream import QUEUE_CHANGES, Stream
from tests.sandbox.waiting import eventually


@asynccontextmanager
async def page(box: Sandbox, user: str) -> AsyncIterator[aiohttp.StreamReader]:
    """An open page of one person, past its first line."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{box.url}/_sandbox/stream", params={"user": user}) as response,
    ):
        await response.content.readuntil(b"\n\n")
        yield response.content


async def next_change(reader: aiohttp.StreamReader, *kinds: str) -> dict[str, Any]:
    """The next change of one of these kinds."""
    async with asyncio.timeout(5):
        while True:
            event, data = (await reader.readuntil(b"\n\n")).decode().strip().split("\n")
            change = json.loads(data.removeprefix("data: "))
            if event == "event: change" and change["kind"] in kinds:
                return dict(change)


async def test_a_message_reaches_the_members_of_its_channel_only(box: Sandbox, api: AsyncWebClient) -> None:
    async with page(box, "U0ANA") as ana, page(box, "U0BEN") as ben:
        await api.chat_postMessage(channel="C0SEARCH", text="for search")
        await api.chat_postMessage(channel="C0BUDGET", text="for all")
        assert (await next_change(ana, "message"))["text"] == "for search"
        assert (await next_change(ben, "message"))["text"] == "for all"


async def test_an_ephemeral_message_reaches_one_person(box: Sandbox, api: AsyncWebClient) -> None:
    async with page(box, "U0ANA") as ana, page(box, "U0BEN") as ben:
        await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="psst")
        await api.chat_postMessage(channel="C0BUDGET", text="for all")
        assert (await next_change(ana, "ephemeral", "message"))["text"] == "psst"
        assert (await next_change(ben, "ephemeral", "message"))["text"] == "for all"


async def test_views_homes_edits_deletions_and_the_log_are_told(box: Sandbox, api: AsyncWebClient) -> None:
    async with page(box, "U0ANA") as ana:
        sent = await api.chat_postMessage(channel="C0BUDGET", text="x")
        await api.chat_update(channel="C0BUDGET", ts=sent["ts"], text="y")
        await api.chat_delete(channel="C0BUDGET", ts=sent["ts"])
        trigger = box.bench.tickets.new_trigger("U0ANA")
        await api.views_open(
            trigger_id=trigger, view={"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
        )
        await api.views_publish(user_id="U0ANA", view={"type": "home", "blocks": []})
        await Person(box.url, "U0ANA").closes()
        seen = [
            (await next_change(ana, kind))["kind"]
            for kind in ("message", "message_changed", "message_deleted", "view_opened", "home", "view_closed")
        ]
        assert seen == ["message", "message_changed", "message_deleted", "view_opened", "home", "view_closed"]
        await api.auth_test()
        assert (await next_change(ana, "log"))["entry"]["method"] == "auth.test"


async def test_a_reader_that_does_not_keep_up_is_dropped_and_holds_no_memory() -> None:
    stream = Stream()
    with stream.reader("U0ANA") as slow, stream.reader("U0BEN") as quick:
        for number in range(QUEUE_CHANGES + 1):
            stream.publish("message", {"text": str(number)}, ["U0ANA"])
            stream.publish("message", {"text": str(number)}, ["U0BEN"])
            quick.queue.get_nowait()
        assert slow.dropped
        assert slow.queue.qsize() == 1, "only the word that it was dropped"
        assert not quick.dropped
        assert len(stream) == 1


async def test_a_client_that_never_reads_is_dropped_and_slows_nobody(box: Sandbox, api: AsyncWebClient) -> None:
    port = int(box.url.rpartition(":")[2])
    _, deaf = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    deaf.write(f"GET /_sandbox/stream?user=U0ANA HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    deaf.transport.pause_reading()  # type: ignore[attr-defined]
    await eventually(lambda: len(box.bench.stream) == 1)
    for _ in range(QUEUE_CHANGES + 500):
        box.bench.stream.publish("message", {"text": "x" * 20_000}, ["U0ANA"])
        await asyncio.sleep(0)
    assert len(box.bench.stream) == 0
    async with asyncio.timeout(1):
        await api.auth_test()
    deaf.transport.abort()


async def test_a_page_that_closes_leaves_the_stream(box: Sandbox) -> None:
    async with page(box, "U0ANA"):
        assert len(box.bench.stream) == 1
    await eventually(lambda: len(box.bench.stream) == 0)
