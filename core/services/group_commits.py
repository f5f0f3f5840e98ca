"""Grouping: what arrives while a transaction runs shares the next one, and is answered only after that one's commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from core.errors import Overloaded

MAX_GROUP: Final = 256
MAX_QUEUED: Final = 4_096

Order = TypeVar("Order")
Result = TypeVar("Result")


class GroupCommit(Generic[Order, Result]):
    """Hands orders to `carry_out` in the order they came, one group at a time, up to `MAX_GROUP` together.

    Nothing is delayed to make a group larger: a lone order is a group of one.
    `carry_out` answers every order of its group with a result or with the refusal to raise. When it raises itself, nothing
    of the group was done, and its orders are carried out one by one.
    """

    def __init__(self, carry_out: Callable[[Sequence[Order]], Awaitable[Sequence[Result | Exception]]]) -> None:
        self._carry_out = carry_out
        self._queue: deque[tuple[Order, asyncio.Future[Result]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def submit(self, order: Order) -> Result:
        """The order's result once it is committed. Raises Overloaded when too many wait already."""
        if len(self._queue) >= MAX_QUEUED:
            raise Overloaded("Too many requests are waiting for the guard; ask again in a moment.")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((order, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="guard")
        return await answer

    async def finish(self) -> None:
        """Wait until everything that was taken on is done."""
        while self._working is not None:
            await asyncio.wait([self._working])

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._answer([self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))])
        finally:
            self._working = None

    async def _answer(self, group: Sequence[tuple[Order, asyncio.Future[Result]]]) -> None:
        try:
            results: Sequence[Result | Exception] = await self._carry_out([order for order, _ in group])
        except Overloaded as busy:
            results = [busy] * len(group)
        except Exception as failure:  # noqa: BLE001 - raised again for whoever it belongs to
            if len(group) > 1:
                # Nobody fails for what somebody else sent: each of them alone, once.
                for item in group:
                    await self._answer([item])
                return
            results = [failure]
        for (_, answer), result in zip(group, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
