"""A FOCUS bill of a million lines and the usage behind it, to measure size: `python -m benchmarks.closing.large_bill FOLDER`.

The month's usage is hourly sums; every line of the bill is one class of one model in one project, key and hour. The two agree
but for one thing: a tenth is charged at batch prices, so that the close has something to find. `outlay reconcile` then compares
the two in a process of its own, beside a plain `csv.reader` over the same bill.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from benchmarks.closing.focus_bill import focus_header, focus_line
from benchmarks.closing.month import Line, dollars
from benchmarks.closing.prices import Tokens, micro_cost, prices_of, whole_nanos
from benchmarks.report import finish, say

MODELS: Final = ("gpt-5.1", "gpt-5.4", "gpt-4.1", "gpt-5-mini", "gpt-6-sol")
KINDS: Final = ("text", "read", "out")
FIRST: Final = date(2026, 10, 1)


class Written(NamedTuple):
    """What was written. Nanos of the whole month; `batch_nanos` is the planted difference, negative."""

    usage: Path
    bill: Path
    lines: int
    invoice_nanos: int
    estimate_nanos: int
    batch_nanos: int


def write_large(folder: Path, lines: int = 1_000_000, seed: int = 1) -> Written:
    """Write `usage.jsonl` and `bill.csv` into the folder, in constant memory."""
    rng = Random(seed)
    hours = 31 * 24
    projects = max(1, round(lines / (hours * len(MODELS) * len(KINDS))))
    usage, bill = folder / "usage.jsonl", folder / "bill.csv"
    count = invoice = estimate = saved = 0
    with usage.open("w") as events, bill.open("w", newline="") as rows:
        table = csv.writer(rows, lineterminator="\n")
        table.writerow(focus_header("1.2"))
        for project, model, at, tokens in _hours(projects, hours, rng):
            prices = prices_of("openai", model, FIRST)
            assert prices is not None
            estimate += whole_nanos(micro_cost(tokens, prices))
            events.write(_event(project, model, at, tokens))
            is_batch = project % 10 == 3
            for kind in KINDS:
                quantity = getattr(tokens, kind)
                nanos = whole_nanos(quantity * getattr(prices, kind))
                billed = nanos // 2 if is_batch else nanos
                line = Line(0, None, model, kind, f"proj_{project:03d}", None, quantity, billed, billed)
                line.tier = "batch" if is_batch else "standard"
                table.writerow(focus_line(line, "openai", "1.2", month=FIRST, at=at))
                count, invoice, saved = count + 1, invoice + billed, saved + billed - nanos
    return Written(usage, bill, count, invoice, estimate, saved)


def _hours(projects: int, hours: int, rng: Random) -> Iterator[tuple[int, str, datetime, Tokens]]:
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        for project in range(projects):
            for model in MODELS:
                size = rng.randint(50_000, 900_000)
                yield project, model, at, Tokens(text=size, read=size // 2, out=size // 9)


def _event(project: int, model: str, at: datetime, tokens: Tokens) -> str:
    told = {
        "id": f"{project}-{model}-{at:%d%H}", "at": at.strftime("%Y-%m-%dT%H:30:00Z"), "provider": "openai", "model": model,
        "requests": 40, "input_tokens": tokens.input_total, "cache_read_tokens": tokens.read, "output_tokens": tokens.out,
        "tags": {"project": f"proj_{project:03d}"},
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":")) + "\n"


def main() -> None:
    asked = argparse.ArgumentParser(
        prog="python -m benchmarks.closing.large_bill", description=(__doc__ or "").splitlines()[0]
    )
    asked.add_argument("folder", type=Path)
    asked.add_argument("--lines", type=int, default=1_000_000)
    asked.add_argument("--keep", action="store_true", help="measure with the files that are in the folder already")
    told = asked.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    if not told.keep:
        made = write_large(told.folder, told.lines)
        say(f"{made.lines:,} lines, {made.bill.stat().st_size / 1e6:.0f} MB: {made.bill}")
        amounts = (made.invoice_nanos, made.estimate_nanos, made.batch_nanos)
        say("invoice {}, estimate {}, batch {}".format(*map(dollars, amounts)))
    usage, bill = str(told.folder / "usage.jsonl"), str(told.folder / "bill.csv")
    plain = "import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=''))))"
    compare = [
        "-m",
        "bot",
        "reconcile",
        "--usage",
        usage,
        "--invoice",
        bill,
        "--provider",
        "openai",
        "--month",
        "2026-10",
    ]
    finish("large_bill", {"csv_reader": measured(["-c", plain, bill]), "reconcile": measured(compare)})


def measured(arguments: list[str]) -> dict[str, float]:
    """Seconds by the clock and of the processor, and the most memory in MB, of Python run with these arguments."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, f"ended with {status}"
    return {
        "seconds": round(time.perf_counter() - began, 1), "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "megabytes": round(used.ru_maxrss / 1024),
    }  # fmt: skip


if __name__ == "__main__":
    main()
