"""How fast usage gets in: HTTP → priced, attributed, deduplicated and projected, beside bare decoding and inserting.

`python -m benchmarks.ingest [--events N] [--import-events N] [--skip-import]`
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
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil

from benchmarks.process import environment, outlay, postgres, running
from benchmarks.report import finish, median, say
from benchmarks.traffic import bodies, events
from core.usage import UsageEvent

BATCH = 5_000
CONNECTIONS = 4
ROUNDS = 3
LIMIT_MB = 300


def bare(folder: Path, payloads: list[bytes]) -> float:
    """Events a second of the least that any ingest has to do: decode, and INSERT OR IGNORE the same fields."""
    path = folder / "bare.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE events (source INTEGER, id TEXT, at REAL, provider TEXT, model TEXT, requests INTEGER, input INTEGER, cache_read INTEGER,"
        " cache_write INTEGER, cache_write_1h INTEGER, output INTEGER, reasoning INTEGER, tier TEXT, response_id TEXT,"
        " PRIMARY KEY (source, id)) WITHOUT ROWID"
    )
    decoder = msgspec.json.Decoder(list[UsageEvent])
    started = time.perf_counter()
    count = 0
    for body in payloads:
        rows = [
            (1, e.id, e.at.timestamp(), e.provider, e.model, e.requests, e.input_tokens, e.cache_read_tokens, e.cache_write_tokens,
             e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens, e.tier, e.response_id)
            for e in decoder.decode(body)
        ]  # fmt: skip
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT OR IGNORE INTO events VALUES ({', '.join('?' * 14)})", rows)
        connection.execute("COMMIT")
        count += len(rows)
    seconds = time.perf_counter() - started
    connection.close()
    return count / seconds


async def over_http(url: str, token: str, payloads: list[bytes]) -> float:
    """Events a second that the running bot accepts over a few connections."""
    waiting = iter(payloads)
    taken = 0
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def send(session: aiohttp.ClientSession) -> None:
        nonlocal taken
        for body in waiting:
            async with session.post(f"{url}/v1/usage", data=body) as answer:
                told = await answer.json()
                if answer.status != 202 or told["rejected"]:
                    raise RuntimeError(f"{answer.status}: {told}")
                taken += told["accepted"]

    async with aiohttp.ClientSession(headers=headers) as session:
        started = time.perf_counter()
        await asyncio.gather(*(send(session) for _ in range(CONNECTIONS)))
        return taken / (time.perf_counter() - started)


def served(database_url: str, folder: Path, count: int, *, rounds: int, beside: list[float] | None) -> list[float]:
    """Rates of the bot on one database, after a warm-up; `beside` collects a bare run between each two."""
    token = outlay("token", "create", "bench", database_url=database_url, folder=folder)
    rates = []
    with running(database_url, folder) as url:
        asyncio.run(over_http(url, token, bodies(20_000, size=BATCH, salt="-warm")))
        for turn in range(rounds):
            payloads = bodies(count, size=BATCH, seed=turn, salt=f"-{turn}")
            if beside is not None:
                beside.append(bare(folder, payloads))
                say(f"  bare: {beside[-1]:,.0f} events/s")
            rates.append(asyncio.run(over_http(url, token, payloads)))
            say(f"  outlay on {database_url.split(':', maxsplit=1)[0]}: {rates[-1]:,.0f} events/s")
    outlay("check", database_url=database_url, folder=folder)
    return rates


def imported(folder: Path, count: int) -> dict[str, Any]:
    """Peak memory of importing a JSON-lines file, as the operating system saw it."""
    path = folder / "events.jsonl"
    say(f"writing {count:,} events")
    with path.open("wb") as file:
        for event in events(count, salt="-file"):
            file.write(msgspec.json.encode(event) + b"\n")
    database_url = f"sqlite:///{folder / 'import.db'}"
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "import", str(path)], env=environment(database_url), cwd=folder
    )
    watched, peak, started = psutil.Process(process.pid), 0, time.perf_counter()
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    if process.wait() != 0:
        raise RuntimeError("the import failed")
    seconds = time.perf_counter() - started
    megabytes = peak / 1e6
    say(f"  imported at {count / seconds:,.0f} events/s, peak {megabytes:.0f} MB")
    return {
        "import_events": count, "import_events_per_second": round(count / seconds), "import_peak_mb": round(megabytes),
        "import_peak_over_limit": round(megabytes / LIMIT_MB, 3),
    }  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=200_000)
    arguments.add_argument("--import-events", type=int, default=5_000_000)
    arguments.add_argument("--skip-import", action="store_true")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    try:
        plain: list[float] = []
        sqlite = served(f"sqlite:///{folder / 'books.db'}", folder, options.events, rounds=ROUNDS, beside=plain)
        with postgres(folder) as url:
            postgresql = served(url, folder, options.events, rounds=ROUNDS, beside=None)
        figures: dict[str, Any] = {
            "bare_events_per_second": round(median(plain)), "sqlite_events_per_second": round(median(sqlite)),
            "sqlite_over_bare": round(median([ours / least for ours, least in zip(sqlite, plain, strict=True)]), 3),
            "postgresql_events_per_second": round(median(postgresql)),
            "postgresql_over_bare": round(median(postgresql) / median(plain), 3),
        }  # fmt: skip
        if not options.skip_import:
            figures |= imported(folder, options.import_events)
        finish("ingest", figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
