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


def _one(_: object) -> int:
    return 1


class GroupCommit(Generic[Order, Result]):
    """Hands orders to `carry_out` in the order they came, one group at a time.

    Nothing is delayed to make a group larger: a lone order is a group of one.
    `carry_out` answers every order of its group with a result or with the refusal to raise. When it raises itself, nothing
    of the group was done, and its orders are carried out one by one.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[Order]], Awaitable[Sequence[Result | Exception]]],
        *,
        at_once: int = 1,
        weigh: Callable[[Order], int] = _one,
        most: int = MAX_GROUP,
    ) -> None:
        """
        Args:
          at_once: groups that may be carried out at the same time.
          weigh: what an order adds to its group; by default groups are counted in orders.
          most: what a group may weigh. A heavier order is a group by itself.
        """
        self._carry_out = carry_out
        self._at_once = at_once
        self._weigh = weigh
        self._most = most
        self._queue: deque[tuple[Order, asyncio.Future[Result]]] = deque()
        self._working: set[asyncio.Task[None]] = set()

    async def submit(self, order: Order) -> Result:
        """The order's result once it is committed. Raises Overloaded when too many wait already."""
        if len(self._queue) >= MAX_QUEUED:
            raise Overloaded("Too many requests are waiting; ask again in a moment.")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((order, answer))
        if len(self._working) < self._at_once:
            self._working.add(asyncio.create_task(self._work(), name="group-commit"))
        return await answer

    async def finish(self) -> None:
        """Wait until everything that was taken on is done."""
        while self._working:
            await asyncio.wait(list(self._working))

    async def _work(self) -> None:
        group: list[tuple[Order, asyncio.Future[Result]]] = []
        try:
            while self._queue:
                group = self._next_group()
                await self._answer(group)
        except BaseException as end:
            # Not for one order, which `_answer` deals with, but for the process: nobody waits for an answer that will not come.
            for _, answer in (*group, *self._queue):
                if not answer.done():
                    answer.set_exception(end)
            self._queue.clear()
            raise
        finally:
            self._working.discard(asyncio.current_task())

    def _next_group(self) -> list[tuple[Order, asyncio.Future[Result]]]:
        group = [self._queue.popleft()]
        weight = self._weigh(group[0][0])
        while self._queue and (weight := weight + self._weigh(self._queue[0][0])) <= self._most:
            group.append(self._queue.popleft())
        return group

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
