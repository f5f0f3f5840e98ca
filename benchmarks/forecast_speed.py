"""How long 1 000 workloads with 180 days of history take to forecast on one core, beside statsforecast's AutoETS.

    python -m benchmarks.forecast_speed [--workloads 1000] [--autoets 1000]

AutoETS runs on the same daily costs in a throw-away environment that is made for it and removed; `--autoets 0` leaves it
out, and a number below the workloads times a part. Each runs in a process of its own with every library held to one
thread. The last line printed is one JSON object of figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil

DAYS = 180
AS_OF = date(2026, 11, 10)
STATSFORECAST = "statsforecast>=2,<3"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

AUTOETS = """
import json, sys, time
import numpy as np
from statsforecast.models import AutoETS
costs = np.load(sys.argv[1])
AutoETS(season_length=7).forecast(y=costs[0], h=20, level=[80])  # compiled before the clock starts
started = time.perf_counter()
for row in costs:
    AutoETS(season_length=7).forecast(y=row, h=20, level=[80])
print(json.dumps({"workloads": len(costs), "seconds": time.perf_counter() - started}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the forecast of many workloads.")
    parser.add_argument("--workloads", type=int, default=1000)
    parser.add_argument("--autoets", type=int, default=1000, help="workloads for AutoETS, 0 for none")
    parser.add_argument("--measure", action="store_true", help="only our own forecast, in this process")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(arguments.workloads)))
        return 0
    command = [sys.executable, "-m", "benchmarks.forecast_speed", "--measure", "--workloads", str(arguments.workloads)]
    ours = json.loads(last_line(subprocess.run(command, env=one_thread(), check=True, capture_output=True, text=True)))
    figures = {"benchmark": "forecast_speed", **ours}
    if arguments.autoets:
        figures["autoets"] = autoets(daily_costs(arguments.workloads)[: arguments.autoets])
    print(json.dumps(figures))
    return 0


def measured(workloads: int) -> dict[str, Any]:
    """Seconds and memory of our own forecast in this process, the making of the usage apart."""
    from core.forecast import forecast_all

    months = months_of(daily_costs(workloads))
    process = psutil.Process()
    with_usage = process.memory_info().rss
    started = perf_counter()
    forecasts = forecast_all(months)
    seconds = perf_counter() - started
    assert len(forecasts) == workloads and all(each.p10_nanos < each.p50_nanos < each.p90_nanos for each in forecasts)
    return {
        "workloads": workloads,
        "days": DAYS,
        "seconds": round(seconds, 2),
        "peak_mb": round(peak_bytes() / 1e6),
        "usage_mb": round(with_usage / 1e6),
    }


def peak_bytes() -> int:
    """The most memory this process ever had resident, the interpreter and the usage rows included."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def daily_costs(workloads: int) -> np.ndarray:
    """(workloads, days) dollars: weekdays, a wandering level and noise; the same on every run."""
    random = np.random.default_rng(5)
    weekdays = random.uniform(0.3, 1.5, (workloads, 7))
    level = np.exp(np.cumsum(random.normal(0, 0.03, (workloads, DAYS)), axis=1) + random.normal(4, 1, (workloads, 1)))
    return level * weekdays[:, np.arange(DAYS) % 7] * np.exp(random.normal(0, 0.1, (workloads, DAYS)))


def months_of(costs: np.ndarray) -> list[Any]:
    """The costs as usage of two models, so that mixes and switches are looked for too."""
    from core.forecast import WorkloadMonth
    from core.rates import Band, Rate
    from core.token_shape import DayUsage
    from core.usage import TokenClasses

    rates = {
        "large": Rate("made up", (Band(-1, TokenClasses(input_uncached=2_000_000_000, output=8_000_000_000)),)),
        "small": Rate("made up", (Band(-1, TokenClasses(input_uncached=400_000_000, output=1_600_000_000)),)),
    }
    oldest = AS_OF - timedelta(days=DAYS - 1)
    months = []
    for row in costs:
        history = []
        for day, dollars in enumerate(row):
            for model, share in (("large", 0.8), ("small", 0.2)):
                tokens = TokenClasses(input_uncached=int(dollars * share * 1e5), output=int(dollars * share * 1e4))
                cost = rates[model].cost(tokens, requests=2)
                history.append(
                    DayUsage(oldest + timedelta(days=day), model, int(dollars * share * 100) + 1, tokens, cost)
                )
        month = WorkloadMonth(
            workload=f"workload-{len(months)}",
            history=history,
            first_on=AS_OF.replace(day=1),
            last_on=date(2026, 11, 30),
            as_of=AS_OF,
            rates=rates,
            envelope_nanos=10**12,
        )
        months.append(month)
    return months


def autoets(costs: np.ndarray) -> dict[str, Any]:
    """AutoETS on the same costs in an environment of its own; what went wrong where it could not be installed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv.create(home / "env", with_pip=True)
        python = home / "env" / "bin" / "python"
        installed = subprocess.run(
            [python, "-m", "pip", "install", "-q", STATSFORECAST], check=False, capture_output=True, text=True
        )
        if installed.returncode:
            return {"error": installed.stderr.strip().splitlines()[-1] if installed.stderr.strip() else "pip failed"}
        np.save(home / "costs.npy", costs)
        command = [python, "-c", AUTOETS, home / "costs.npy"]
        done = subprocess.run(command, check=False, env=one_thread(), capture_output=True, text=True)
        if done.returncode:
            return {"error": done.stderr.strip().splitlines()[-1]}
        figures: dict[str, Any] = json.loads(last_line(done))
        return {"workloads": figures["workloads"], "seconds": round(figures["seconds"], 1)}


def one_thread() -> dict[str, str]:
    return dict(os.environ) | ONE_THREAD


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    raise SystemExit(main())
