"""Nothing lost, nothing twice: months of 200 envelopes with two replicas that die anywhere, on a Slack of which a fifth fails.

    python -m benchmarks.simulation [--seeds 200] [--first 1] [--envelopes 200] [--processes 2] [--minutes 600]

Every tenth seed runs without the history scopes, where doubles are counted instead of forbidden. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.report import finish, say
from bot.wiring import migrate
from tests.simulation.checks import Verdict, judged
from tests.simulation.company import furnish
from tests.simulation.month import Month, Plan


@dataclass(frozen=True)
class Lived:
    """One month, as a process of its own lived it."""

    seed: int
    may_look_back: bool
    seconds: float
    verdict: Verdict


def live(seed: int, template: str, envelopes: int) -> Lived:
    logging.disable(logging.CRITICAL)
    started = time.perf_counter()
    may_look_back = seed % 10 != 0
    with tempfile.TemporaryDirectory(prefix="outlay-month-") as folder:
        path = Path(folder) / "outlay.db"
        shutil.copy(template, path)
        plan = Plan(seed, f"sqlite:///{path}", envelopes=envelopes, may_look_back=may_look_back)

        async def lived() -> Verdict:
            return await judged(await Month(plan).lives())

        verdict = asyncio.run(lived())
    return Lived(seed, may_look_back, time.perf_counter() - started, verdict)


def months(seeds: range, template: Path, envelopes: int, processes: int, minutes: float) -> Iterator[Lived]:
    """As they end; none is begun after that many minutes."""
    ends_at = time.monotonic() + minutes * 60
    waiting = iter(seeds)
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(live, seed, str(template), envelopes) for seed in islice(waiting, processes)}
        while running:
            done = next(as_completed(running))
            running.remove(done)
            if time.monotonic() < ends_at and (seed := next(waiting, None)) is not None:
                running.add(pool.submit(live, seed, str(template), envelopes))
            yield done.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--envelopes", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600, help="None is begun later than this.")
    options = parser.parse_args()
    lived: list[Lived] = []
    with tempfile.TemporaryDirectory(prefix="outlay-company-") as folder:
        template = Path(folder) / "outlay.db"
        migrate(f"sqlite:///{template}")
        asyncio.run(furnish(f"sqlite:///{template}", options.envelopes))
        seeds = range(options.first, options.first + options.seeds)
        for month in months(seeds, template, options.envelopes, options.processes, options.minutes):
            lived.append(month)
            verdict = month.verdict
            say(
                f"{len(lived)}/{options.seeds} · seed {month.seed} · {month.seconds:.0f} s · {verdict.transitions} breaches, "
                f"{verdict.told} told, {verdict.doubles} doubles, {verdict.deaths} deaths, {verdict.faults} faults"
            )
            for wrong in verdict.wrong:
                say(f"  WRONG {wrong}")
    seeing, blind = [[one.verdict for one in lived if one.may_look_back is looks] for looks in (True, False)]
    every = [*seeing, *blind]
    finish(
        "simulation",
        {
            "months": len(lived), "envelopes": options.envelopes, "wrong": sum(len(one.wrong) for one in every),
            "breaches": sum(one.transitions for one in every), "told": sum(one.told for one in every),
            "deaths": sum(one.deaths for one in every), "faults": sum(one.faults for one in every),
            "doubles_with_history": sum(one.doubles for one in seeing),
            "blind": {"months": len(blind), "told": sum(one.told for one in blind), "doubles": sum(one.doubles for one in blind)},
            "seconds_a_month": round(sum(one.seconds for one in lived) / max(1, len(lived)), 1),
        },
    )  # fmt: skip
    return 1 if any(one.wrong for one in every) else 0


if __name__ == "__main__":
    sys.exit(main())
