"""Forecasts the tasks of the published month-end benchmark: JSON lines in, a CSV of p10, p50, p90 in dollars out.

    python -m benchmarks.forecast --tasks tasks.jsonl --out forecasts.csv

Each task holds only what was known on its day. The last line printed is one JSON object of figures.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.forecast import DayUsage, WorkloadMonth, forecast_all
from core.money import NANOS, nanos_from_decimal
from core.rates import Band, Rate
from core.scenario import ModelMove, Plan
from core.usage import TokenClasses

BATCH = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    forecasts = 0
    with arguments.tasks.open() as lines, arguments.out.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["series_id", "window_start", "asof_day", "p10", "p50", "p90"])
        for tasks in batches(json.loads(line) for line in lines):
            for task, result in zip(tasks, forecast_all([month_of(task) for task in tasks]), strict=True):
                dollars = [nanos / NANOS for nanos in (result.p10_nanos, result.p50_nanos, result.p90_nanos)]
                writer.writerow([task["series_id"], task["window_start"], task["asof_day"], *dollars])
                forecasts += 1
    seconds = time.perf_counter() - started
    print(json.dumps({"benchmark": "forecast", "forecasts": forecasts, "seconds": round(seconds, 2)}))
    return 0


def batches(tasks: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """At most `BATCH` tasks at a time, so that memory does not grow with the file."""
    batch: list[dict[str, Any]] = []
    for task in tasks:
        batch.append(task)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def month_of(task: dict[str, Any]) -> WorkloadMonth:
    """One task as the product sees a workload's month. Cached input tokens are part of the input in the file."""
    first_on = date.fromisoformat(task["window_start"])
    history = [
        DayUsage(
            date.fromisoformat(on),
            model,
            requests,
            TokenClasses(input_uncached=whole - cached, cache_read=cached, output=output),
            round(cost * NANOS),
        )
        for on, model, requests, whole, cached, output, cost in task["history"]
    ]
    plans = [
        Plan(date.fromisoformat(plan["effective_date"]), (ModelMove(plan["from_model"], plan["to_model"]),))
        for plan in task["plans"]
    ]
    return WorkloadMonth(
        workload=task["series_id"],
        history=history,
        first_on=first_on,
        last_on=first_on + timedelta(days=task["window_days"] - 1),
        as_of=date.fromisoformat(task["asof_date"]),
        rates={model: _rate(prices) for model, prices in task["prices"].items()},
        plans=plans,
    )


def _rate(prices: list[float]) -> Rate:
    plain, cached, output = (nanos_from_decimal(Decimal(str(price))) for price in prices)
    classes = TokenClasses(input_uncached=plain, cache_read=cached, output=output)
    return Rate("benchmark prices.csv", (Band(-1, classes),))


if __name__ == "__main__":
    raise SystemExit(main())
