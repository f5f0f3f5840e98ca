"""How long a chart takes to draw, and how long the event loop is held up meanwhile. `python -m benchmarks.charts [--rounds N]`"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.report import finish, quantile, say
from benchmarks.traffic import END, events
from bot import charts
from bot.wiring import migrate
from core.change_request import SetOrder
from core.intake.tabular import event_of
from core.money import NANOS
from core.people import Actor
from core.period import Cycle
from core.services import budget_status
from core.services.manage_envelopes import Defaults, set_envelope
from core.services.manage_workloads import add_rule
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent

LIMIT_MS = 150
LOOP_LIMIT_MS = 20
_STEP = 0.001


async def values(folder: Path) -> tuple[Any, Any]:
    """A workload's detail and a breakdown, from books with half a month of usage."""
    url = f"sqlite:///{folder / 'books.db'}"
    await asyncio.to_thread(migrate, url)
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    now = END.replace(tzinfo=UTC)
    ana = Actor("U0ANA", is_finance=True)
    async with uow.write() as tx:
        await tx.sources.add("bench", scopes=frozenset(), token_hash=None, at=now)
    await add_rule(uow, "search", {"team": "team-1"}, by=ana, reattribute=False, now=now)
    order = SetOrder("search", nanos=400 * NANOS, owner="U0ANA", finance="U0FARAH", sponsor="U0SAM")
    await set_envelope(uow, order, by=ana, defaults=Defaults(None, None), now=now)
    spread = []
    for number, event in enumerate(events(20_000)):
        day = number % 16 + 1
        tags = {f"tags.{name}": value for name, value in event.pop("tags").items()}
        read = event_of({**event, **tags, "at": f"2026-11-{day:02d}T09:00:00Z"}, number)
        assert isinstance(read, UsageEvent)
        spread.append((number, read))
    await Bookkeeper(uow).record(1, spread, now=now)
    detail = await budget_status.detail(uow, "search", now=now)
    breakdown = await budget_status.breakdown(uow, "feature", cycle=Cycle.of(now, uow.zone), now=now)
    await uow.close()
    return detail, breakdown


async def lags(stop: asyncio.Event) -> list[float]:
    """ms by which a millisecond's sleep came late, over and over: what other requests would feel."""
    found = []
    while not stop.is_set():
        before = time.perf_counter()
        await asyncio.sleep(_STEP)
        found.append((time.perf_counter() - before - _STEP) * 1000)
    return found


async def drawn(draw: Callable[[], bytes], rounds: int) -> tuple[list[float], list[float]]:
    """(ms of each drawing after a warm-up, lags of the event loop while drawing)."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    with ThreadPoolExecutor(1) as thread:
        await loop.run_in_executor(thread, draw)
        watching = asyncio.create_task(lags(stop))
        times = []
        for _ in range(rounds):
            before = time.perf_counter()
            await loop.run_in_executor(thread, draw)
            times.append((time.perf_counter() - before) * 1000)
        stop.set()
        return times, await watching


async def measured(rounds: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="outlay-bench-") as folder:
        detail, breakdown = await values(Path(folder))
    for name, draw in (
        ("burn_up", partial(charts.burn_up, detail)),
        ("breakdown", partial(charts.breakdown_chart, breakdown)),
    ):
        times, late = await drawn(draw, rounds)
        figures |= {
            f"{name}_p95_ms": round(quantile(times, 0.95), 1), f"{name}_p95_over_limit": round(quantile(times, 0.95) / LIMIT_MS, 3),
            f"{name}_loop_lag_p99_ms": round(quantile(late, 0.99), 1),
            f"{name}_loop_lag_p99_over_limit": round(quantile(late, 0.99) / LOOP_LIMIT_MS, 3),
        }  # fmt: skip
        say(f"  {name}: p95 {figures[f'{name}_p95_ms']} ms, event loop late by at most {max(late):.1f} ms")
    return figures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=60)
    finish("charts", asyncio.run(measured(arguments.parse_args().rounds)))


if __name__ == "__main__":
    main()
