"""How long from a threshold crossed in `/v1/usage` to the message in the channel, while 2 000 events a second come in.

    python -m benchmarks.crossing [--seconds 60] [--rate 2000] [--envelopes 1000]

A bot of its own on SQLite, the sandbox with Slack's pace of one message a second and channel. Every three seconds one event
takes an envelope over its soft threshold; the time runs from before that request is sent until Slack has the message.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.process import outlay, running
from benchmarks.report import finish, quantile, say
from sandbox import Sandbox
from sandbox.people import text_of

LIMIT_SECONDS = 10
EVERY_SECONDS = 3.0
BATCH = 500
SIZE_DOLLARS = 1_000
"""Of each envelope. Background usage takes years to reach a threshold."""


def fill(path: Path, envelopes: int, channels: list[str]) -> None:
    """Envelopes with people and channels, and nothing spent."""
    connection = sqlite3.connect(path, isolation_level=None)
    month = datetime.now(UTC).strftime("%Y-%m")
    connection.execute("BEGIN")
    for number in range(2, envelopes + 2):
        name = f"workload-{number:04d}"
        connection.execute("INSERT INTO workloads VALUES (?, ?, 'U0ANA', 0)", (number, name))
        connection.execute(
            "INSERT INTO envelopes (workload_id, owner, finance, sponsor, channel, soft_share, hard_share, margin, holdback, revision)"
            " VALUES (?, 'U0ANA', 'U0FARAH', 'U0SAM', ?, 0.8, 1.0, 0.2, 0.0, 1)",
            (number, channels[number % len(channels)]),
        )
        connection.execute(
            "INSERT INTO envelope_entries (workload_id, cycle, kind, nanos, by, at) VALUES (?, ?, 'opened', ?, 'U0ANA', 0)",
            (number, month, SIZE_DOLLARS * 1_000_000_000),
        )
    connection.execute("COMMIT")
    connection.close()


def batches(envelopes: int) -> Iterator[bytes]:
    """Small requests of all workloads, `BATCH` at a time, dated now."""
    for turn in itertools.count():
        at = datetime.now(UTC).isoformat()
        yield msgspec.json.encode(
            [
                {
                    "id": f"b-{turn}-{place}", "at": at, "provider": "openai", "model": "gpt-4.1-mini", "input_tokens": 900,
                    "output_tokens": 60, "workload": f"workload-{2 + (turn * BATCH + place) % envelopes:04d}",
                }
                for place in range(BATCH)
            ]
        )  # fmt: skip


async def pour(url: str, token: str, rate: int, envelopes: int, sent: list[int]) -> None:
    """Send at this rate until cancelled, as far as the bot keeps up."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        began = time.perf_counter()
        for body in batches(envelopes):
            async with session.post(f"{url}/v1/usage", data=body) as answer:
                assert answer.status == 202, await answer.text()
            sent.append(BATCH)
            await asyncio.sleep(max(0.0, began + len(sent) * BATCH / rate - time.perf_counter()))


async def cross(url: str, token: str, count: int) -> dict[str, float]:
    """One envelope after the other over its soft threshold; when each request was begun, Unix time by workload."""
    begun = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for turn in range(count):
            name = f"workload-{2 + turn:04d}"
            # gpt-4.1 output costs $8 a million tokens.
            event = {
                "id": f"crossing-{turn}", "at": datetime.now(UTC).isoformat(), "provider": "openai", "model": "gpt-4.1",
                "requests": 100, "input_tokens": 0, "output_tokens": SIZE_DOLLARS * 110_000, "workload": name,
            }  # fmt: skip
            begun[name] = time.time()
            async with session.post(f"{url}/v1/usage", json=[event]) as answer:
                assert answer.status == 202, await answer.text()
            await asyncio.sleep(EVERY_SECONDS)
    return begun


async def shown(client: AsyncWebClient, channels: list[str], names: set[str]) -> dict[str, float]:
    """When Slack had the first soft message about each workload, Unix time."""
    found: dict[str, float] = {}
    for channel in channels:
        cursor = ""
        while True:
            page: Any = await client.conversations_history(channel=channel, limit=200, cursor=cursor)
            for message in page["messages"]:
                for name in re.findall(r"workload-\d{4}\*? has spent", text_of(message)):
                    key = name[:13]
                    if key in names:
                        found[key] = min(found.get(key, float("inf")), float(message["ts"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
    return found


async def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    database = folder / "outlay.db"
    url = f"sqlite:///{database}"
    outlay("migrate", database_url=url, folder=folder)
    box = Sandbox()
    await box.start()
    client = AsyncWebClient("xoxb-sandbox", base_url=box.api_url)
    listed: Any = await client.conversations_list()
    channels = [one["id"] for one in listed["channels"] if one.get("is_member") and not one.get("is_archived")]
    fill(database, arguments.envelopes, channels)
    token = outlay("token", "create", "bench", "--scope", "usage", database_url=url, folder=folder)
    sent: list[int] = []
    count = int(arguments.seconds / EVERY_SECONDS)
    try:
        with running(url, folder, {"SLACK_API_URL": box.api_url}) as bot:
            pouring = asyncio.create_task(pour(bot, token, arguments.rate, arguments.envelopes, sent))
            await asyncio.sleep(5)
            began, before = time.perf_counter(), len(sent)
            begun = await cross(bot, token, count)
            rate = (len(sent) - before) * BATCH / (time.perf_counter() - began)
            await asyncio.sleep(LIMIT_SECONDS)
            pouring.cancel()
            with suppress(asyncio.CancelledError):
                await pouring
            found = await shown(client, channels, set(begun))
    finally:
        await box.stop()
    waits = [found[name] - at for name, at in begun.items() if name in found]
    return {
        "crossings": len(begun), "told": len(waits), "events_a_second": round(rate), "envelopes": arguments.envelopes,
        "p50_seconds": round(quantile(waits, 0.5), 2), "p95_seconds": round(quantile(waits, 0.95), 2),
        "max_seconds": round(max(waits), 2), "limit_seconds": LIMIT_SECONDS,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--envelopes", type=int, default=1_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), arguments))
    say(f"{figures}")
    finish("crossing", figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
