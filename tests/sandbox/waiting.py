"""Waiting for something that happens in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE_SECONDS = 0.01


async def eventually(holds: Callable[[], bool], *, within: float = 10.0) -> None:
    """Returns once `holds` does. Raises AssertionError after `within` seconds."""
    for _ in range(int(within / PAUSE_SECONDS)):
        if holds():
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"did not happen within {within} seconds")
