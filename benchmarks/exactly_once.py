"""A million events, twice, in random order, from two processes, killed at random: is every total right to the nano?

    python -m benchmarks.exactly_once [--events 1000000] [--kills 6]

On PostgreSQL two processes send everything at once; on SQLite, which serves one process, one after the other. Each is
killed at random moments and started again. Then events, hourly, daily and envelope spend are compared with each other,
with a rebuild, and with what the price list's own library says that the events cost. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.report import finish, say
from bot.wiring import migrate
from core.period import Cycle
from core.services.budget_status import overview
from core.services.keep_books import check_books, rebuild_books
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, FINANCE, an_order, books_in, sets
from tests.support.postgres import Postgres
from tests.support.streams import NOW, SINCE, Totals, totals_of
from tests.support.tables import projections

SHARD: Final = 100_000
BATCH: Final = 8_000
CYCLES: Final = tuple(Cycle(2026, month) for month in (9, 10, 11))


@dataclass
class Feeder:
    """Sends everything once, in an order of its own, through as many deaths as it is told."""

    url: str
    shards: int
    order: int
    kills: int
    sent: int = 0

    def run(self) -> None:
        choose = random.Random(self.order)
        for _ in range(self.kills):
            self._once(kill_after_batches=choose.randrange(2, 12 * self.shards // 10 + 4))
        self._once(kill_after_batches=None)

    def _once(self, kill_after_batches: int | None) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.support.streams",
            self.url,
            str(self.shards),
            str(SHARD),
            str(self.order),
            str(BATCH),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for number, line in enumerate(process.stdout, start=1):
                self.sent += int(line)
                if number == kill_after_batches:
                    # Somewhere inside the next batch: it is laid out, inserted or committed.
                    time.sleep(random.Random(number + self.order).random() * 0.3)
                    process.kill()
                    return
            if process.wait() != 0:
                raise RuntimeError("a feeding process failed; its traceback is above")


async def prepare(url: str) -> None:
    async with books_in(url) as uow:
        for feature in ("search", "support", "agents"):
            await add_rule(uow, feature, {"feature": feature}, by=FINANCE, reattribute=False, now=SINCE)
            await sets(uow, an_order(feature, 1_000_000), by=FARAH, now=SINCE)


async def compared(url: str, expected: Totals) -> dict[str, bool]:
    """Which of the claims hold on these books."""
    async with books_in(url) as uow:
        agreement = await check_books(uow)
        shown = [await overview(uow, now=NOW, cycle=cycle) for cycle in CYCLES]
        incremental = await projections(uow)
        await rebuild_books(uow, by="benchmark", now=NOW)
        rebuilt = await projections(uow)
        enveloped, summed = await _enveloped(uow)
    requests, nanos, output = agreement.events
    unpriced = sum(part.freshness.unpriced_requests for part in shown)
    return {
        "events_are_expected": Totals(requests, nanos, output, unpriced) == expected,
        "events_are_hourly_and_daily": agreement.holds,
        "events_are_shown": sum(part.spent_nanos for part in shown) == nanos,
        "envelopes_are_their_events": enveloped == summed,
        "rebuilt_is_incremental": rebuilt == incremental,
    }


async def _enveloped(uow: UnitOfWork) -> tuple[int, int]:
    """(nanos that the three envelopes show as spent, nanos of the events with their tags)."""
    lines = [line for cycle in CYCLES for line in (await overview(uow, now=NOW, cycle=cycle)).lines]
    async with uow.read() as tx:
        summed = await tx.connection.exec_driver_sql(
            "SELECT sum(cost_nanos) FROM usage_events JOIN series ON series.id = series_id "
            "WHERE feature IN ('search', 'support', 'agents')"
        )
        return sum(line.spent_nanos for line in lines if line.size_nanos), int(summed.scalar_one())


def tried(name: str, url: str, shards: int, kills: int, expected: Totals, *, at_once: bool) -> dict[str, Any]:
    asyncio.run(prepare(url))
    feeders = [Feeder(url, shards, order, kills // 2) for order in (1, 2)]
    started = time.perf_counter()
    if at_once:
        threads = [threading.Thread(target=feeder.run) for feeder in feeders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        for feeder in feeders:
            feeder.run()
    seconds = time.perf_counter() - started
    claims = asyncio.run(compared(url, expected))
    sent = sum(feeder.sent for feeder in feeders)
    say(f"{name}: {sent:,} sent in {seconds:.0f} s; {'all claims hold' if all(claims.values()) else claims}")
    return {**claims, "events_sent": sent, "seconds": round(seconds, 1), "kills": kills // 2 * 2}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000, help=f"Rounded up to a multiple of {SHARD:,}.")
    parser.add_argument("--kills", type=int, default=6, help="An engine; half of them for each process.")
    options = parser.parse_args()
    shards = -(-options.events // SHARD)
    say("adding up what the events cost by the price list's own library …")
    parts = [asdict(totals_of(seed, SHARD)) for seed in range(1, shards + 1)]
    expected = Totals(**{name: sum(part[name] for part in parts) for name in parts[0]})
    with tempfile.TemporaryDirectory(prefix="outlay-") as folder:
        url = f"sqlite:///{Path(folder) / 'outlay.db'}"
        migrate(url)
        sqlite = tried("SQLite", url, shards, options.kills, expected, at_once=False)
    server = Postgres()
    try:
        postgresql = tried("PostgreSQL", server.books(), shards, options.kills, expected, at_once=True)
    finally:
        server.stop()
    finish(
        "exactly_once", {"events": shards * SHARD, "nanos": expected.nanos, "sqlite": sqlite, "postgresql": postgresql}
    )
    claims = [value for engine in (sqlite, postgresql) for value in engine.values() if isinstance(value, bool)]
    return 0 if all(claims) else 1


if __name__ == "__main__":
    sys.exit(main())
