"""Commands that run until a signal: it counts from the first second on, before the start has ended too."""

from __future__ import annotations

import asyncio

import pytest

from bot.cli.running import started


async def forever() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    return


async def wrongly() -> None:
    raise OSError("the port is taken")


async def test_a_signal_while_it_starts_ends_the_start() -> None:
    signalled = asyncio.create_task(at_once())

    assert not await asyncio.wait_for(started(forever(), signalled), timeout=5)


async def test_what_has_started_goes_on_until_the_signal() -> None:
    signalled = asyncio.create_task(forever())

    assert await started(at_once(), signalled)
    assert not signalled.done()
    signalled.cancel()


async def test_a_start_that_fails_says_why() -> None:
    signalled = asyncio.create_task(forever())

    with pytest.raises(OSError, match="port is taken"):
        await started(wrongly(), signalled)
    signalled.cancel()
