"""A full channel and many open pages cost little. Ratios of the same run: bare times say more of the machine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from time import perf_counter

import httpx
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.model import Message
from tests.sandbox.content import section
from tests.sandbox.test_stream import next_change, page

FULL = 10_000
PAGES = 50
ROUNDS = 40


def fill(box: Sandbox, count: int) -> None:
    """Puts messages into #ai-budget as if they had been posted before."""
    held = box.bench.workspace.messages["C0BUDGET"]
    for _ in range(count):
        ts = box.bench.workspace.timestamps.next()
        held[ts] = Message(ts, "C0BUDGET", "U0OUTLAY", "spend", blocks=[section()], bot_id="B0OUTLAY")


async def median_ms(api: AsyncWebClient, control: httpx.AsyncClient) -> tuple[float, float]:
    """Median milliseconds of posting a message, and of the snapshot a page starts from."""
    posts, states = [], []
    for number in range(ROUNDS):
        started = perf_counter()
        await api.chat_postMessage(channel="C0BUDGET", text=str(number), blocks=[section()])
        posts.append(perf_counter() - started)
        started = perf_counter()
        await control.get("state", params={"user": "U0ANA"})
        states.append(perf_counter() - started)
    return sorted(posts)[ROUNDS // 2] * 1000, sorted(states)[ROUNDS // 2] * 1000


async def test_ten_thousand_messages_are_as_quick_as_a_screenful(
    box: Sandbox, api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    fill(box, 500)
    few = await median_ms(api, control)
    fill(box, FULL)
    many = await median_ms(api, control)
    assert many[0] < 3 * few[0], f"posting: {few[0]:.1f} ms to {many[0]:.1f} ms"
    assert many[1] < 3 * few[1], f"snapshot: {few[1]:.1f} ms to {many[1]:.1f} ms"
    assert (await api.conversations_history(channel="C0BUDGET", limit=1))["has_more"] is True


async def test_fifty_open_pages_each_get_every_message_and_slow_nobody_down(
    box: Sandbox, api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    fill(box, FULL)
    alone, _ = await median_ms(api, control)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(page(box, "U0ANA")) for _ in range(PAGES)]
        reading = [asyncio.create_task(_messages(reader)) for reader in pages]
        crowded, _ = await median_ms(api, control)
        counts = await asyncio.gather(*reading)
    assert counts == [ROUNDS] * PAGES
    # Fifty readers share this process with the server, so their own work is in the figure too.
    assert crowded < 25 * alone, f"posting: {alone:.1f} ms alone, {crowded:.1f} ms with {PAGES} pages"


async def _messages(reader: object) -> int:
    for _ in range(ROUNDS):
        await next_change(reader, "message")  # type: ignore[arg-type]
    return ROUNDS
