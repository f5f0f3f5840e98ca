"""Grouping: what waits together is done together, in order, and nobody fails for somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import Overloaded
from core.guard import Used
from core.services import group_commits
from core.services.group_commits import GroupCommit
from core.services.waiting_room import WaitingRoom


async def test_what_arrives_during_a_group_shares_the_next_one() -> None:
    groups: list[list[int]] = []

    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        groups.append(list(orders))
        await asyncio.sleep(0.01)
        return [order * 10 for order in orders]

    group: GroupCommit[int, int] = GroupCommit(carry_out)
    first = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0.001)

    rest = await asyncio.gather(*(group.submit(number) for number in range(2, 6)))

    assert groups == [[1], [2, 3, 4, 5]]
    assert [await first, *rest] == [10, 20, 30, 40, 50]


async def test_a_failure_belongs_to_the_order_that_caused_it() -> None:
    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        if 3 in orders:
            raise ZeroDivisionError
        return [order * 10 for order in orders]

    group: GroupCommit[int, int] = GroupCommit(carry_out)

    results = await asyncio.gather(*(group.submit(number) for number in (1, 2, 3, 4)), return_exceptions=True)

    assert [results[0], results[1], results[3]] == [10, 20, 40]
    assert isinstance(results[2], ZeroDivisionError)


async def test_a_caller_who_hangs_up_changes_nothing_for_the_others() -> None:
    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        await asyncio.sleep(0.01)
        return list(orders)

    group: GroupCommit[int, int] = GroupCommit(carry_out)
    gone, there = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
    await asyncio.sleep(0.001)
    gone.cancel()

    assert await there == 2
    await group.finish()


async def test_too_many_waiting_is_told_and_not_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commits, "MAX_QUEUED", 1)
    group: GroupCommit[int, int] = GroupCommit(lambda orders: asyncio.sleep(0.01, list(orders)))
    waiting = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await group.submit(2)

    assert await waiting == 1


async def test_a_group_weighs_no_more_than_it_may_unless_one_order_does() -> None:
    groups: list[list[int]] = []

    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        groups.append(list(orders))
        await asyncio.sleep(0.001)
        return list(orders)

    group: GroupCommit[int, int] = GroupCommit(carry_out, weigh=lambda order: order, most=10)

    await asyncio.gather(*(group.submit(weight) for weight in (1, 4, 6, 20, 3, 3)))

    assert groups == [[1, 4], [6], [20], [3, 3]]


async def test_several_groups_may_run_at_once() -> None:
    running: list[int] = []

    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        running.append(len(orders))
        await asyncio.sleep(0.01)
        return list(orders)

    group: GroupCommit[int, int] = GroupCommit(carry_out, at_once=2)
    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(group.submit(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert running == [1, 1]
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
    assert running == [1, 1, 3]


async def test_who_waits_hears_of_it_when_the_work_is_stopped() -> None:
    class Stopped(BaseException):
        pass

    async def carry_out(orders: Sequence[int]) -> list[int | Exception]:
        await asyncio.sleep(0.001)
        raise Stopped

    group: GroupCommit[int, int] = GroupCommit(carry_out)

    ends = await asyncio.gather(*(group.submit(number) for number in (1, 2)), return_exceptions=True)

    assert [type(end) for end in ends] == [Stopped, Stopped]


async def test_waiters_are_woken_in_order_as_far_as_the_money_goes() -> None:
    room = WaitingRoom()
    done: list[str] = []

    async def waits(name: str, need: int) -> None:
        await room.wait(1, need, 5.0)
        done.append(name)

    tasks = [asyncio.create_task(waits(name, need)) for name, need in (("a", 4), ("b", 4), ("c", 2))]
    await asyncio.sleep(0.001)

    room.tell(1, 10, Used(held=4))  # 6 are left: enough for a and c
    await asyncio.sleep(0.001)
    assert sorted(done) == ["a", "c"]

    room.tell(1, 10, Used(spent=7, held=1))  # 4 will never be left again
    await asyncio.gather(*tasks)
    assert done[-1] == "b"
