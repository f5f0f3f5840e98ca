"""How fast usage gets in: HTTP → priced, attributed, deduplicated and projected, beside bare decoding and inserting.

`python -m benchmarks.ingest [--events N] [--import-events N] [--skip-import] [--readers N]`
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil

from benchmarks.formats import (
    SPANS,
    decode_json,
    decode_otlp,
    litellm_bodies,
    otlp_bodies,
    otlp_to_dicts,
)
from benchmarks.ingest_peers import bare, bare_table, insert_otlp
from benchmarks.process import environment, outlay, postgres, running
from benchmarks.report import finish, median, say
from benchmarks.traffic import bodies, events

BATCH = 5_000
CONNECTIONS = 4
ROUNDS = 3
LIMIT_MB = 300


async def over_http(
    url: str,
    token: str,
    payloads: list[bytes],
    *,
    path: str = "/v1/usage",
    kind: str = "application/json",
    senders: int = CONNECTIONS,
) -> float:
    """Requests' events a second that the running bot takes over a few connections; for /v1/usage those it accepted."""
    waiting = iter(payloads)
    taken = 0
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}

    async def send(session: aiohttp.ClientSession) -> None:
        nonlocal taken
        for body in waiting:
            async with session.post(f"{url}{path}", data=body) as answer:
                told = await answer.read()
                if answer.status not in (200, 202):
                    raise RuntimeError(f"{answer.status}: {told[:200]!r}")
                if path == "/v1/traces":
                    taken += SPANS
                    continue
                counts = msgspec.json.decode(told)
                if counts["rejected"]:
                    raise RuntimeError(str(counts))
                taken += counts["accepted"]

    async with aiohttp.ClientSession(headers=headers) as session:
        started = time.perf_counter()
        await asyncio.gather(*(send(session) for _ in range(senders)))
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


def formats(folder: Path, count: int, *, readers: int) -> dict[str, Any]:
    """OTLP and LiteLLM beside plain decoding of the same bytes, and the memory while 50 senders push 6 MB batches."""
    database_url = f"sqlite:///{folder / 'formats.db'}"
    token = outlay("token", "create", "bench", database_url=database_url, folder=folder)
    figures: dict[str, Any] = {"readers": readers}
    kept = partial(insert_otlp, bare_table(folder / "bare-spans.db"))
    peers = {"plain_decoding": decode_otlp, "library_dicts": otlp_to_dicts, "decoding_and_bare_insert": kept}
    with running(database_url, folder, {"OUTLAY_READERS": str(readers)}) as url:
        for name, make, beside, path, kind in (
            ("otlp", otlp_bodies, peers, "/v1/traces", "application/x-protobuf"),
            ("litellm", litellm_bodies, {"plain_decoding": decode_json}, "/v1/litellm", "application/json"),
        ):  # fmt: skip
            asyncio.run(over_http(url, token, make(2 * SPANS, salt=f"{name}-warm"), path=path, kind=kind))
            ratios: dict[str, list[float]] = {way: [] for way in beside}
            rates = []
            for turn in range(ROUNDS):
                payloads = make(count, salt=f"{name}-{turn}")
                decoded = {way: _decoded(payloads, decode) for way, decode in beside.items()}
                rates.append(asyncio.run(over_http(url, token, payloads, path=path, kind=kind)))
                for way, rate in decoded.items():
                    ratios[way].append(rates[-1] / rate)
                shown = ", ".join(f"{way} {rate:,.0f}/s" for way, rate in decoded.items())
                say(f"  {name}: {rates[-1]:,.0f}/s over HTTP; {shown}")
            figures |= {f"{name}_over_{way}": round(median(found), 3) for way, found in ratios.items()}
            figures[f"{name}_per_second"] = round(median(rates))
        watched = psutil.Process(server_pid(url))
        before = _weight(watched)
        push = litellm_bodies(50 * SPANS, salt="push")
        peak = asyncio.run(_pushed(url, token, push, watched))
        figures["push_50_senders_mb"] = round((peak - before) / 1e6)
        figures["push_50_senders_over_body_bytes"] = round((peak - before) / sum(map(len, push)), 2)
    return figures


def _decoded(payloads: list[bytes], decode: Callable[[bytes], None]) -> float:
    """Calls a second that are only decoded."""
    started = time.perf_counter()
    for body in payloads:
        decode(body)
    return len(payloads) * SPANS / (time.perf_counter() - started)


async def _pushed(url: str, token: str, payloads: list[bytes], watched: psutil.Process) -> int:
    """Peak memory of the server, with the process that reads for it, while every sender pushes at once."""
    pushing = asyncio.create_task(over_http(url, token, payloads, path="/v1/litellm", senders=50))
    peak = 0
    while not pushing.done():
        peak = max(peak, _weight(watched))
        await asyncio.sleep(0.01)
    await pushing
    return peak


def _weight(process: psutil.Process) -> int:
    """Bytes in memory of a process and of those that it started."""
    weight = 0
    for one in (process, *process.children(recursive=True)):
        try:
            weight += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return weight


def server_pid(url: str) -> int:
    """The process that listens there."""
    port = int(url.rsplit(":", 1)[1])
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return connection.pid
    raise RuntimeError(f"nothing listens on {url}")


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
    arguments.add_argument("--readers", type=int, default=0, help="processes that read large bodies (OUTLAY_READERS)")
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
        figures |= formats(folder, options.events // 10, readers=options.readers)
        if not options.skip_import:
            figures |= imported(folder, options.import_events)
        finish("ingest", figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
