"""What the guard costs, and that its bound holds: HTTP on SQLite and PostgreSQL, leases, a runaway client, a killed replica.

`python -m benchmarks.guard [--seconds N] [--rounds N] [--skip-bound] [--skip-postgres]`

Rates stand beside the least that could be done in their place: a do-nothing endpoint of the same app, and a bare
`UPDATE … RETURNING` of one row over asyncpg with as many connections as we have requests under way.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec

from benchmarks.process import outlay, postgres
from benchmarks.replicas import Replica, open_envelopes, replicas
from benchmarks.report import finish, median, quantile, say
from benchmarks.runaway import ASKED, CENT, NANOS, USED, Runaway, Upstream
from bot.clients.guard import GuardClient, Request
from bot.clients.leases import LeasingGuard

CONCURRENCY = 64
LARGE = 1_000_000.0
_RUNS = itertools.count()


@dataclass
class Rate:
    """Turns in a second, and how long each took (ms)."""

    per_second: float
    milliseconds: list[float] = field(default_factory=list)


async def repeated(turn: Callable[[], Awaitable[None]], *, concurrency: int, seconds: float) -> Rate:
    """Take turns on that many connections for so long."""
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def work() -> None:
        while (begun := time.perf_counter()) < ends:
            await turn()
            took.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return Rate(len(took) / (time.perf_counter() - begun), took)


class Caller:
    """A gateway that asks over plain HTTP, each request once and settled at once."""

    def __init__(self, urls: list[str], token: str, workloads: list[str]) -> None:
        self._urls = itertools.cycle(urls)
        self._workloads = itertools.cycle(workloads)
        self._name = f"b{next(_RUNS)}"
        self._numbers = itertools.count()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers={"Authorization": f"Bearer {token}"}
        )

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def pair(self) -> None:
        """Authorize and settle."""
        request_id, url = f"{self._name}-{next(self._numbers)}", next(self._urls)
        told = await self._post(
            url, "authorize", {"request_id": request_id, "workload": next(self._workloads), **ASKED}
        )
        if told["decision"] != "allow":
            raise RuntimeError(str(told))
        await self._post(url, "settle", {"hold_id": told["hold_id"], "usage": {"id": request_id, **USED}})

    async def nothing(self) -> None:
        """The do-nothing endpoint."""
        async with self._session.get(f"{next(self._urls)}/healthz") as answer:
            await answer.read()

    async def _post(self, url: str, path: str, body: dict[str, Any]) -> Any:
        async with self._session.post(f"{url}/v1/guard/{path}", data=msgspec.json.encode(body)) as answer:
            told = msgspec.json.decode(await answer.read())
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {told}")
            return told


@dataclass
class Books:
    """A running bot on one database."""

    database_url: str
    token: str
    replicas: list[Replica]

    def caller(self, *workloads: str) -> Caller:
        return Caller([replica.url for replica in self.replicas], self.token, list(workloads))


async def single_calls(books: Books, *, seconds: float, rounds: int) -> dict[str, float]:
    """Pairs on one envelope by 64 writers, in turn with nothing and with bare updates; then on 64 envelopes; then one alone."""
    spread = [f"spread-{number}" for number in range(CONCURRENCY)]
    await open_envelopes(books.database_url, dict.fromkeys(["hot", *spread], LARGE))
    is_shared = books.database_url.startswith("postgres")
    hot, nothing, ratios, bare, over_bare = [], [], [], [], []
    async with books.caller("hot") as caller, books.caller(*spread) as wide:
        await repeated(caller.pair, concurrency=CONCURRENCY, seconds=1)
        for _ in range(rounds):
            nothing.append(await repeated(caller.nothing, concurrency=CONCURRENCY, seconds=seconds))
            hot.append(await repeated(caller.pair, concurrency=CONCURRENCY, seconds=seconds))
            ratios.append(2 * hot[-1].per_second / nothing[-1].per_second)
            said = (
                f"  {hot[-1].per_second:,.0f} pairs/s, {nothing[-1].per_second:,.0f} nothings/s, ratio {ratios[-1]:.2f}"
            )
            if is_shared:
                bare.append(await bare_updates(books.database_url, seconds=seconds))
                over_bare.append(hot[-1].per_second / bare[-1])
                said += f"; {bare[-1]:,.0f} bare updates/s, ratio {over_bare[-1]:.2f}"
            say(said)
        over_many = await repeated(wide.pair, concurrency=CONCURRENCY, seconds=seconds)
        alone = await repeated(caller.pair, concurrency=1, seconds=seconds)
    took = [each for rate in hot for each in rate.milliseconds]
    figures = {
        "pairs_per_second": round(median([rate.per_second for rate in hot])),
        "pair_p50_ms": round(quantile(took, 0.5), 1),
        "pair_p99_ms": round(quantile(took, 0.99), 1),
        "nothings_per_second": round(median([rate.per_second for rate in nothing])),
        "requests_over_nothings": round(median(ratios), 3),
        "pairs_per_second_64_envelopes": round(over_many.per_second),
        "lone_pair_p50_ms": round(quantile(alone.milliseconds, 0.5), 1),
    }
    if is_shared:
        figures |= {
            "bare_updates_per_second": round(median(bare)),
            "pairs_over_bare_updates": round(median(over_bare), 3),
        }
    return figures


async def leasing(books: Books, *, seconds: float) -> float:
    """Decisions and settlements a second from leases, with every lease reported to the guard."""
    await open_envelopes(books.database_url, {"leased": LARGE})
    request = Request("", str(ASKED["provider"]), str(ASKED["model"]), 1000, 1000)
    used = {"id": "", "at": "2026-11-24T12:00:00Z", **USED}
    async with GuardClient(books.replicas[0].url, books.token) as client:
        guard = LeasingGuard(client, "leased", lease_usd="500.00")
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            for _ in range(100):
                guard.settle_later(await guard.authorize(request), used)
            count += 100
        await guard.aclose()
        return count / (time.perf_counter() - begun)


async def bare_updates(url: str, *, seconds: float) -> float:
    """Bare updates of one counter a second, each on a connection of its own."""
    setup = await asyncpg.connect(url)
    await setup.execute("CREATE TABLE IF NOT EXISTS bare (id int PRIMARY KEY, held bigint, remaining bigint)")
    await setup.execute("INSERT INTO bare VALUES (1, 0, 9000000000000000) ON CONFLICT DO NOTHING")
    await setup.close()
    free: asyncio.Queue[Any] = asyncio.Queue()
    connections = [await asyncpg.connect(url) for _ in range(CONCURRENCY)]
    for connection in connections:
        free.put_nowait(connection)

    async def turn() -> None:
        connection = free.get_nowait()
        await connection.fetchrow(
            "UPDATE bare SET held = held + $1, remaining = remaining - $1 WHERE id = 1 AND remaining >= $1 RETURNING remaining",
            CENT,
        )
        free.put_nowait(connection)

    rate = await repeated(turn, concurrency=CONCURRENCY, seconds=seconds)
    for connection in connections:
        await connection.close()
    return rate.per_second


async def bound(books: Books, *, kills: bool) -> dict[str, float]:
    """The worst of many runaways, in dollars: most spent, and least spent at the first denial for good."""
    spent, first = [], []
    for turn, (concurrency, seconds) in enumerate(itertools.product((1, 16, 64, 256), (0.0, 2.0))):
        if concurrency == 1 and seconds:
            continue  # 200 s for the same answer as without the wait
        for leases in (False, True):
            workload = f"bound-{turn}-{leases}-{next(_RUNS)}"
            await open_envelopes(books.database_url, {workload: 1.00})
            urls = [replica.url for replica in books.replicas if replica.process.poll() is None]
            run = Runaway(urls, books.token, workload, Upstream(seconds), name=workload)
            await (run.run_leasing(concurrency) if leases else run.run(concurrency))
            spent.append(run.upstream.spent)
            first.append(run.at_first_denial or 0)
            say(
                f"  {concurrency} at once, upstream {seconds:g} s{', leases' if leases else ''}: {spent[-1] / NANOS:.4f} spent"
            )
    if kills:
        await open_envelopes(books.database_url, {"killed": 1.00})
        run = Runaway([replica.url for replica in books.replicas], books.token, "killed", Upstream(0.1), name="killed")
        running = asyncio.create_task(run.run(CONCURRENCY))
        await run.upstream.reached(30 * CENT)
        await asyncio.to_thread(books.replicas[0].kill)
        await running
        spent.append(run.upstream.spent)
        first.append(run.at_first_denial or 0)
        say(f"  one of two replicas killed: {spent[-1] / NANOS:.4f} spent")
    return {"most_spent_of_1_usd": max(spent) / NANOS, "least_at_first_denial_usd": min(first) / NANOS}


def measured(database_url: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The price with one process; the bound with one on SQLite and with two on PostgreSQL, where their rate is told too."""
    outlay("migrate", database_url=database_url, folder=folder)
    token = outlay("token", "create", "bench", "--scope", "guard", database_url=database_url, folder=folder)
    is_shared = database_url.startswith("postgres")
    with replicas(1, database_url, folder) as started:
        books = Books(database_url, token, started)
        figures: dict[str, Any] = asyncio.run(single_calls(books, seconds=options.seconds, rounds=options.rounds))
        leased = asyncio.run(leasing(books, seconds=options.seconds))
        figures["leased_per_second"] = round(leased)
        figures["leased_over_single"] = round(leased / figures["pairs_per_second"], 1)
        say(f"  {leased:,.0f} leased/s")
        if not options.skip_bound and not is_shared:
            figures |= asyncio.run(bound(books, kills=False))
    if is_shared:
        with replicas(2, database_url, folder) as started:
            books = Books(database_url, token, started)
            figures["pairs_per_second_2_replicas"] = round(asyncio.run(shared_rate(books, seconds=options.seconds)))
            say(f"  {figures['pairs_per_second_2_replicas']:,} pairs/s by two replicas")
            if not options.skip_bound:
                figures |= asyncio.run(bound(books, kills=True))
    outlay("check", database_url=database_url, folder=folder)
    return figures


async def shared_rate(books: Books, *, seconds: float) -> float:
    """Pairs a second on one envelope when every call may meet another replica than the one before."""
    async with books.caller("hot") as caller:
        await repeated(caller.pair, concurrency=CONCURRENCY, seconds=1)
        return (await repeated(caller.pair, concurrency=CONCURRENCY, seconds=seconds)).per_second


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5.0)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--skip-bound", action="store_true")
    arguments.add_argument("--skip-postgres", action="store_true")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-", dir="/tmp"))
    try:
        say("SQLite")
        sqlite = measured(f"sqlite:///{folder / 'books.db'}", folder, options)
        figures = {f"sqlite_{name}": value for name, value in sqlite.items()}
        if not options.skip_postgres:
            say("PostgreSQL")
            with postgres(folder) as url:
                figures |= {f"postgresql_{name}": value for name, value in measured(url, folder, options).items()}
        finish("guard", figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
