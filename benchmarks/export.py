"""How long a large month takes to export, and how much memory: `python -m benchmarks.export [--rows 100000]`.

The books get that many rows of daily spend (2 000 label sets, 31 days), written straight into the projection; then the
month goes to a file, and the process' peak is compared with what it was before.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from benchmarks.report import finish, say
from bot.wiring import migrate
from core.attribution import Labels
from core.exporting.focus import Form
from core.period import Cycle
from core.services.export_spend import export_month
from core.services.keep_books import open_books
from core.store.columns import day_number
from core.store.tables import DailyRow
from core.store.unit_of_work import UnitOfWork

CYCLE = Cycle(2026, 10)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def fill(uow: UnitOfWork, rows: int) -> None:
    rng = Random(1)
    labels = [
        Labels("openai", rng.choice(("gpt-4.1", "gpt-5.4", "gpt-5-mini")), "standard", None, (("feature", f"f{n}"), ("team", f"t{n % 40}")))
        for n in range(max(1, rows // CYCLE.days))
    ]  # fmt: skip
    async with uow.write() as tx:
        numbers = sorted((await tx.series.intern(labels)).values())
        workload = (await tx.workloads.names())["unattributed"]
        zeros = {
            name: 0 for name in DailyRow.model_fields if name not in ("day", "workload_id", "series_id", "latest_at")
        }
        table: Any = DailyRow.__table__  # type: ignore[attr-defined]
        for day in range(CYCLE.days):
            made = [
                {
                    **zeros, "day": day_number(CYCLE.first_on) + day, "workload_id": workload, "series_id": number, "requests": 40,
                    "input_uncached": rng.randrange(10**6), "cache_read": rng.randrange(10**6), "output": rng.randrange(10**5),
                    "cost_nanos": rng.randrange(10**9), "latest_at": NOW,
                }
                for number in numbers
            ]  # fmt: skip
            await tx.connection.execute(insert(table), made)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(url: str, folder: Path, rows: int) -> dict[str, float]:
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    await open_books(uow, default_owner=None)
    await fill(uow, rows)
    # Once for a running start: prices are compiled, modules are loaded.
    await export_month(uow, Cycle(2026, 9), Form.FOCUS_1_2, len, now=NOW)
    before, began = peak_mb(), time.perf_counter()
    with (folder / "month.csv").open("w", newline="") as file:
        told = await export_month(uow, CYCLE, Form.FOCUS_1_2, file.write, now=NOW)
    seconds = time.perf_counter() - began
    await uow.close()
    size = (folder / "month.csv").stat().st_size / 1e6
    say(f"{told.rows:,} lines, {size:.0f} MB")
    return {
        "lines": told.rows,
        "file_mb": round(size, 1),
        "seconds": round(seconds, 1),
        "grown_mb": round(peak_mb() - before, 1),
    }


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.export", description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--rows", type=int, default=100_000)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/outlay.db"
        migrate(url)
        finish("export", asyncio.run(measure(url, Path(folder), told.rows)))


if __name__ == "__main__":
    main()
