"""Damages stored payloads at random and reads them: `python -m benchmarks.fuzz_intake [--mutations N] [--seconds S]`.

Prints one JSON line last: mutations tried, how many were read and refused, and what went wrong. Exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter

from core.errors import BudgetError
from core.intake.detect import read_any
from tests.support.mutations import mutated, seeds, wrong_with
from tests.support.payloads import NOW


def main() -> int:
    """Run; every failure can be made again from the seed and number in its line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mutations", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=600.0)
    options.add_argument("--seed", type=int, default=20_261_124)
    told = options.parse_args()
    stored, dice = seeds(), random.Random(told.seed)
    began = time.perf_counter()
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    for number in range(told.mutations):
        if time.perf_counter() - began > told.seconds:
            break
        form, raw = stored[number % len(stored)]
        damaged = mutated(raw, dice)
        try:
            taken = read_any(damaged, form, received_at=NOW)
        except BudgetError:
            outcomes["refused"] += 1
            continue
        except Exception as escaped:  # noqa: BLE001 - anything that escapes is what this program looks for
            failures.append(f"{number} {form.value}: {type(escaped).__name__}: {escaped}")
            continue
        outcomes["read"] += 1
        if wrong := wrong_with(taken):
            failures.append(f"{number} {form.value}: {wrong}")
    for failure in failures[:20]:
        print(failure, file=sys.stderr)
    seconds = time.perf_counter() - began
    print(json.dumps({
        "benchmark": "fuzz_intake", "mutations": outcomes.total() + len(failures), **outcomes, "failures": len(failures),
        "seconds": round(seconds, 1), "seed": told.seed,
    }))  # fmt: skip
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
