"""How long a person waits for `/budget status`, and for the Home tab, in a large company: 1 000 envelopes, 13 months of hours.

Measured through the sandbox, so that signing, the ack and the way back through the Web API count; once at rest, and once
while usage comes in at full speed. `python -m benchmarks.slash [--envelopes N] [--commands N]`
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.process import ROOT, environment, outlay, running
from benchmarks.report import finish, quantile, say
from benchmarks.traffic import bodies
from core.posting import SUM_COLUMNS
from sandbox import Sandbox

ANSWER_LIMIT_MS = 300
ACK_LIMIT_MS = 100
MONTHS = 13


def fill(path: Path, envelopes: int) -> int:
    """A company's books: envelopes with people, and every hour of 13 months for each; how many hourly buckets."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    numbers = range(2, envelopes + 2)
    connection.executemany(
        "INSERT INTO workloads VALUES (?, ?, 'U0ANA', 0)", [(n, f"workload-{n:04d}") for n in numbers]
    )
    connection.executemany(
        "INSERT INTO series (id, digest, provider, model, tier, tags, feature) VALUES (?, ?, 'openai', 'gpt-4.1', 'standard', '[]', ?)",
        [(n, f"bench-{n}", f"feature-{n % 40}") for n in numbers],
    )
    connection.executemany(
        "INSERT INTO envelopes (workload_id, owner, finance, sponsor, soft_share, hard_share, margin, holdback, revision)"
        " VALUES (?, 'U0ANA', 'U0FARAH', 'U0SAM', 0.8, 1.0, 0.2, 0.0, 1)",
        [(n,) for n in numbers],
    )
    connection.executemany(
        "INSERT INTO envelope_entries (workload_id, cycle, kind, nanos, by, at) VALUES (?, '2025-10', 'opened', ?, 'U0ANA', 0)",
        [(n, (500 + n) * 1_000_000_000) for n in numbers],
    )
    today = datetime.now(UTC)
    last = int(today.timestamp()) // 3600
    hours = MONTHS * 31 * 24
    sums = ", ".join(SUM_COLUMNS)
    values = "40, 60000, 20000, 0, 0, 0, 9000, 0, 0, 0, 0, 900000000 + w.id * 1000"
    connection.execute(
        f"WITH RECURSIVE h(n) AS (SELECT {last - hours} UNION ALL SELECT n + 1 FROM h WHERE n < {last}) "
        f"INSERT INTO hourly_spend (hour, workload_id, series_id, {sums}) "
        f"SELECT h.n * 3600, w.id, w.id, {values}, h.n * 3600000000 FROM h CROSS JOIN workloads w WHERE w.id > 1"
    )
    connection.execute(
        f"INSERT INTO daily_spend (day, workload_id, series_id, {sums}) SELECT hour / 86400, workload_id, series_id, "
        + ", ".join(f"sum({name})" for name in SUM_COLUMNS[:-1])
        + ", max(latest_at) FROM hourly_spend GROUP BY 1, 2, 3"
    )
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    (count,) = connection.execute("SELECT count(*) FROM hourly_spend").fetchone()
    connection.close()
    return int(count)


async def asked(page: str, commands: int) -> tuple[list[float], list[float]]:
    """(ms until acked, ms until the answer was there) of each command, one after the other as one person types them."""
    acks, answers = [], []
    async with aiohttp.ClientSession() as session:
        for turn in range(commands + 2):
            body = {"user": "U0ANA", "channel": "C0BUDGET", "command": "/budget", "text": "status"}
            async with session.post(f"{page}/_sandbox/command", json=body) as answer:
                told = await answer.json()
            if not told["ok"] or not told["messages"]:
                raise RuntimeError(f"no answer: {told}")
            if turn >= 2:  # the first ones read the pages of the database in
                acks.append(told["ack_ms"])
                answers.append(await seen_after(session, page))
    return acks, answers


async def seen_after(session: aiohttp.ClientSession, page: str) -> float:
    """ms between the newest slash command's delivery and the answer that it led to, from the sandbox's own log."""
    entries = await logged(session, page)
    sent = next(place for place in range(len(entries) - 1, -1, -1) if entries[place]["kind"] == "delivery")
    shown = next(entry for entry in entries[sent:] + entries[:sent][::-1] if entry["kind"] == "response_url")
    return between(entries[sent], shown)


async def homes_opened(page: str, times: int) -> list[float]:
    """ms from opening the Home tab to the view that Slack shows, for somebody who owns every envelope."""
    waits = []
    async with aiohttp.ClientSession() as session:
        for _ in range(times + 2):
            before = {entry["at"] for entry in await logged(session, page)}
            async with session.post(f"{page}/_sandbox/home", json={"user": "U0ANA"}) as answer:
                answer.raise_for_status()
            found: dict[str, dict[str, Any]] = {}
            while len(found) < 2:
                await asyncio.sleep(0.1)
                news = [entry for entry in await logged(session, page) if entry["at"] not in before]
                found = {str(entry.get("method", entry.get("type"))): entry for entry in news}
                found = {name: found[name] for name in ("event", "views.publish") if name in found}
            waits.append(between(found["event"], found["views.publish"]))
    return waits[2:]  # the first ones read the pages of the database in


async def logged(session: aiohttp.ClientSession, page: str) -> list[dict[str, Any]]:
    async with session.get(f"{page}/_sandbox/log") as answer:
        entries: list[dict[str, Any]] = (await answer.json())["entries"]
        return entries


def between(sent: dict[str, Any], shown: dict[str, Any]) -> float:
    """ms from the start of one entry of the log to the end of another: an entry is written when it is over."""
    ended, acked = (datetime.fromisoformat(entry["at"]) for entry in (shown, sent))
    return float((ended - acked).total_seconds() * 1000 + sent["ms"])


def pour(url: str, token: str) -> None:
    """Send usage as fast as it is taken, until killed."""

    async def work() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            turn = 0
            while True:
                turn += 1
                for body in bodies(20_000, size=1_000, seed=turn, salt=f"-{turn}"):
                    async with session.post(f"{url}/v1/usage", data=body) as answer:
                        answer.raise_for_status()

    with suppress(KeyboardInterrupt):
        asyncio.run(work())


async def measured(folder: Path, database_url: str, commands: int) -> dict[str, Any]:
    token = outlay("token", "create", "bench", database_url=database_url, folder=folder)
    figures: dict[str, Any] = {}
    async with Sandbox(rate_limit=None) as box:
        with running(database_url, folder, {"SLACK_API_URL": box.api_url}) as url:
            box.request_url = f"{url}/slack/events"
            for name in ("at_rest", "while_ingesting"):
                load = None
                if name == "while_ingesting":
                    words = [sys.executable, "-m", "benchmarks.slash", "--pour", url, token]
                    load = subprocess.Popen(words, cwd=ROOT, env=environment(database_url))
                    await asyncio.sleep(2)
                try:
                    acks, answers = await asked(box.url, commands)
                    homes = await homes_opened(box.url, commands // 3)
                finally:
                    if load:
                        load.kill()
                        load.wait()
                figures |= {
                    f"answer_p50_ms_{name}": round(quantile(answers, 0.5)), f"answer_p95_ms_{name}": round(quantile(answers, 0.95)),
                    f"ack_p99_ms_{name}": round(quantile(acks, 0.99), 1),
                    f"home_p50_ms_{name}": round(quantile(homes, 0.5)), f"home_p95_ms_{name}": round(quantile(homes, 0.95)),
                    f"answer_p95_over_limit_{name}": round(quantile(answers, 0.95) / ANSWER_LIMIT_MS, 3),
                    f"ack_p99_over_limit_{name}": round(quantile(acks, 0.99) / ACK_LIMIT_MS, 3),
                }  # fmt: skip
                say(f"  {name}: {figures}")
    return figures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--envelopes", type=int, default=1_000)
    arguments.add_argument("--commands", type=int, default=100)
    arguments.add_argument("--pour", nargs=2, metavar=("URL", "TOKEN"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.pour:
        pour(*options.pour)
        return
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    try:
        path = folder / "books.db"
        database_url = f"sqlite:///{path}"
        outlay("migrate", database_url=database_url, folder=folder)
        started = time.perf_counter()
        buckets = fill(path, options.envelopes)
        say(f"{buckets:,} hourly buckets written in {time.perf_counter() - started:.0f} s")
        figures = asyncio.run(measured(folder, database_url, options.commands))
        finish("slash", {"envelopes": options.envelopes, "hourly_buckets": buckets, **figures})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
