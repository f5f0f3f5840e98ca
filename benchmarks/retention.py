"""Ten million events over eight months on PostgreSQL: letting months go takes a moment, changes no total and keeps nobody waiting.

The journal is filled inside the database, the projections with the code of `outlay rebuild`. Then every month older than 100 days
is let go, and `/budget status` is asked through the sandbox. `python -m benchmarks.retention [--events N] [--commands N]`
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from benchmarks.process import postgres, running
from benchmarks.report import finish, quantile, say
from benchmarks.slash import ANSWER_LIMIT_MS, asked
from bot.wiring import migrate
from core.period import Cycle
from core.posting import JOURNAL_COLUMNS
from core.services.keep_books import Agreement, check_books, open_books, rebuild_books
from core.services.release_events import release_events, sweep_released
from core.store.columns import micros
from core.store.event_months import UTC_ZONE, EventMonths, Totals
from core.store.unit_of_work import UnitOfWork
from sandbox import Sandbox

MONTHS: Final = 8
WORKLOADS: Final = 100
KEEP_DAYS: Final = 100
DROP_LIMIT_SECONDS: Final = 2.0


async def fill(uow: UnitOfWork, events: int, *, now: datetime) -> None:
    """Envelopes for a hundred workloads, and as many events in each of eight months, with ids in no order."""
    months = [Cycle.of(now, UTC_ZONE)]
    while len(months) < MONTHS:
        months.append(months[-1].previous)
    async with uow.write() as tx:
        for statement in _COMPANY:
            await tx.connection.execute(text(statement), {"count": WORKLOADS} if ":count" in statement else {})
        await tx.months.open(months)
        # One sort instead of ten million single places in an index.
        await tx.connection.execute(text("ALTER TABLE event_ids DROP CONSTRAINT event_ids_pkey"))
    each = events // MONTHS
    for number, month in enumerate(reversed(months)):
        starts, ends = month.starts_at(UTC_ZONE), min(month.ends_at(UTC_ZONE), now)
        step = (micros(ends) - micros(starts)) // each
        async with uow.write() as tx:
            values = {"starts": micros(starts), "step": step, "count": each, "month": number, "workloads": WORKLOADS}
            await tx.connection.execute(text(_EVENTS), values)
        say(f"  {month}: {each:,} events")
    async with uow.write() as tx:
        await tx.connection.execute(text("INSERT INTO event_ids SELECT source_id, event_id, at FROM usage_events"))
        await tx.connection.execute(
            text("ALTER TABLE event_ids ADD CONSTRAINT event_ids_pkey PRIMARY KEY (source_id, event_id)")
        )
        await tx.connection.execute(text("ANALYZE"))


async def let_go(uow: UnitOfWork, *, now: datetime) -> dict[str, Any]:
    """Let the old months go, one call a month as if each were a night of its own; the longest took how long."""
    seconds: list[float] = []
    dropping: list[float] = []
    release = EventMonths.release

    async def timed(self: EventMonths, month: Cycle, came_to: Totals, *, now: datetime) -> None:
        started = time.perf_counter()
        await release(self, month, came_to, now=now)
        dropping.append(time.perf_counter() - started)

    EventMonths.release = timed  # type: ignore[method-assign]
    before = await check_books(uow)
    async with uow.read() as tx:
        months = await tx.months.kept()
    for month in months:
        keep_days = max(KEEP_DAYS, (now - month.ends_at(UTC_ZONE)).days)
        started = time.perf_counter()
        released = await release_events(uow, keep_days=keep_days, by="bench", now=now)
        seconds.append(time.perf_counter() - started)
        if not released:
            seconds.pop()
            break
        say(f"  {released[0].month} went in {seconds[-1]:.2f} s")
    started = time.perf_counter()
    swept = await sweep_released(uow)
    after = await check_books(uow)
    return {
        "months_released": len(seconds), "slowest_drop_seconds": round(max(dropping), 3), "slowest_release_seconds": round(max(seconds), 2),
        "release_over_limit": round(max(seconds) / DROP_LIMIT_SECONDS, 3), "totals_unchanged": _same(before, after),
        "rows_swept": swept, "sweep_seconds": round(time.perf_counter() - started, 1),
    }  # fmt: skip


def _same(before: Agreement, after: Agreement) -> bool:
    return before.holds and after.holds and (before.hourly, before.daily) == (after.hourly, after.daily)


async def measured(url: str, folder: Path, events: int, commands: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    await open_books(uow, default_owner="U0FARAH")
    started = time.perf_counter()
    await fill(uow, events, now=now)
    say(f"filled in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    assert (await rebuild_books(uow, by="bench", now=now)).holds
    say(f"projections made in {time.perf_counter() - started:.0f} s")
    figures = await let_go(uow, now=now)
    await uow.close()
    async with Sandbox(rate_limit=None) as box:
        with running(url, folder, {"SLACK_API_URL": box.api_url}) as address:
            box.request_url = f"{address}/slack/events"
            _, answers = await asked(box.url, commands)
    p95 = quantile(answers, 0.95)
    return {**figures, "status_p50_ms": round(quantile(answers, 0.5)), "status_p95_ms": round(p95),
            "status_p95_over_limit": round(p95 / ANSWER_LIMIT_MS, 3)}  # fmt: skip


_COMPANY: Final = (
    "INSERT INTO sources (id, name, scopes, created_at) VALUES (900, 'bench', 'usage', 0)",
    "INSERT INTO workloads (id, name, owner, created_at) SELECT n, 'workload-' || n, 'U0ANA', 0 FROM generate_series(2, :count + 1) n",
    "INSERT INTO series (id, digest, provider, model, tier, tags, feature) "
    "SELECT n, 'bench-' || n, 'openai', 'gpt-4.1', 'standard', '[]', 'feature-' || n FROM generate_series(2, :count + 1) n",
    "INSERT INTO envelopes (workload_id, owner, finance, sponsor, soft_share, hard_share, margin, holdback, revision) "
    "SELECT n, 'U0ANA', 'U0FARAH', 'U0SAM', 0.8, 1.0, 0.2, 0.0, 1 FROM generate_series(2, :count + 1) n",
    "INSERT INTO envelope_entries (workload_id, cycle, kind, nanos, by, at) "
    "SELECT n, '2025-01', 'opened', 900000000000, 'U0ANA', 0 FROM generate_series(2, :count + 1) n",
)
_FILLED: Final = {
    "source_id": "900", "event_id": "md5(cast(:month AS bigint) || '-' || i)", "at": "cast(:starts AS bigint) + i * cast(:step AS bigint)",
    "series_id": "2 + i % cast(:workloads AS bigint)", "workload_id": "2 + i % cast(:workloads AS bigint)", "requests": "1",
    "input_uncached": "1200 + i % 700", "output": "90 + i % 60", "cost_nanos": "3000000 + i % 1000", "trust": "3", "knows": "3",
    "rate_id": "NULL", "reported_nanos": "NULL", "response_id": "NULL",
}  # fmt: skip
_EVENTS: Final = (
    f"INSERT INTO usage_events ({', '.join(JOURNAL_COLUMNS)}) SELECT "
    + ", ".join(_FILLED.get(name, "0") for name in JOURNAL_COLUMNS)
    + " FROM generate_series(cast(0 AS bigint), cast(:count AS bigint) - 1) i"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=10_000_000)
    arguments.add_argument("--commands", type=int, default=60)
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    try:
        with postgres(folder) as url:
            migrate(url)
            finish(
                "retention",
                {"events": options.events, **asyncio.run(measured(url, folder, options.events, options.commands))},
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
