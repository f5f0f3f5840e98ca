"""Requests that wait for money which others hold: woken in the order they came, when enough came free or none is to come."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from core.guard import Used

MAX_WAITING: Final = 1_024
"""Requests that may wait at once in one process; the next is answered at once."""


@dataclass(eq=False, slots=True)
class _Waiter:
    need_nanos: int
    woken: asyncio.Event


class WaitingRoom:
    def __init__(self) -> None:
        self._waiting: dict[int, list[_Waiter]] = defaultdict(list)
        self._count = 0

    async def wait(self, workload_id: int, need_nanos: int, seconds: float) -> bool:
        """Wait until it is worth asking again; False at once when the room is full."""
        if self._count >= MAX_WAITING:
            return False
        waiter = _Waiter(need_nanos, asyncio.Event())
        self._waiting[workload_id].append(waiter)
        self._count += 1
        try:
            async with asyncio.timeout(seconds):
                await waiter.woken.wait()
        except TimeoutError:
            # Money may have come free in another process, which nobody here is told of.
            pass
        finally:
            self._count -= 1
            self._leave(workload_id, waiter)
        return True

    def tell(self, workload_id: int, limit_nanos: int | None, used: Used) -> None:
        """How an envelope stands after a change: wake those that fit now, and those that never will."""
        left = used.left_of(limit_nanos)
        for waiter in self._waiting.get(workload_id, ()):
            if left is None or limit_nanos is None or used.held == 0:
                waiter.woken.set()
            elif waiter.need_nanos <= left:
                left -= waiter.need_nanos
                waiter.woken.set()
            elif limit_nanos - used.spent - used.charged < waiter.need_nanos:
                waiter.woken.set()

    def _leave(self, workload_id: int, waiter: _Waiter) -> None:
        there = self._waiting[workload_id]
        there.remove(waiter)
        if not there:
            del self._waiting[workload_id]
