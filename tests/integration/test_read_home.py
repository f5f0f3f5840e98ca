"""Home tabs and `/budget status` are read with the same few statements, however much there is to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from core.change_request import SetOrder
from core.envelope import State
from core.home import home_of
from core.money import NANOS
from core.people import Actor
from core.services.budget_status import overview
from core.services.manage_envelopes import Defaults, set_envelope
from core.services.read_home import read_office
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FARAH, FINANCE, NOON, SAM


async def with_envelopes(uow: UnitOfWork, numbers: range) -> None:
    for number in numbers:
        order = SetOrder(f"workload-{number}", nanos=(number + 1) * NANOS, owner=ANA, finance=FARAH, sponsor=SAM)
        await set_envelope(uow, order, by=FINANCE, defaults=Defaults(None, None), now=NOON)


async def statements(uow: UnitOfWork, read: Callable[..., Awaitable[Any]]) -> int:
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    engine = uow._reader.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await read(uow, now=NOON)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return counted


async def test_more_envelopes_take_no_more_statements(uow: UnitOfWork):
    await with_envelopes(uow, range(2))
    few = [await statements(uow, read) for read in (read_office, overview)]
    await with_envelopes(uow, range(2, 40))
    assert [await statements(uow, read) for read in (read_office, overview)] == few
    assert few[0] <= 18
    assert few[1] <= 10


async def test_the_office_knows_envelopes_requests_and_names(uow: UnitOfWork):
    await with_envelopes(uow, range(2))
    await set_envelope(
        uow, SetOrder("workload-1", nanos=9 * NANOS), by=Actor(ANA), defaults=Defaults(None, None), now=NOON
    )
    office = await read_office(uow, now=NOON)
    assert office.names == ("workload-0", "workload-1")
    assert [(one.size_nanos, one.state, one.pending_nanos) for one in office.envelopes] == [
        (NANOS, State.WITHIN, None), (2 * NANOS, State.WITHIN, 9 * NANOS),
    ]  # fmt: skip
    assert len(home_of(office, SAM, is_finance=False).to_decide) == 1


async def test_only_one_of_two_replicas_publishes_a_change_and_nobody_disturbs_a_reader(uow: UnitOfWork):
    async with uow.write() as tx:
        await tx.homes.opened(ANA, "old", at=NOON)
        await tx.homes.opened(SAM, "old", at=NOON - timedelta(days=30))
    async with uow.read() as tx:
        (page,) = await tx.homes.at_hand(NOON - timedelta(days=7), most=10)
    async with uow.write() as tx:
        assert await tx.homes.swap(page, "new")
        assert not await tx.homes.swap(page, "new")
        await tx.homes.away(ANA)
        assert await tx.homes.at_hand(NOON - timedelta(days=7), most=10) == []
        await tx.homes.opened(ANA, "newer", at=NOON)
        assert [page.shown for page in await tx.homes.at_hand(NOON - timedelta(days=7), most=10)] == ["newer"]
