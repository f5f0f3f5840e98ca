"""What the benchmarks share: progress on stderr, one JSON line at the end, and what the machine was."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from typing import Any


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def finish(name: str, figures: dict[str, Any]) -> None:
    """Print the figures as the last line, with the machine they were measured on."""
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine()}
    print(json.dumps({"benchmark": name, **figures, "on": machine}), flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 10_000) * len(ordered) // 10_000) - 1))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
