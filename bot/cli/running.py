"""What long-running commands share: waiting for a signal."""

from __future__ import annotations

import asyncio
import signal


async def until_signalled() -> None:
    """Returns on SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
