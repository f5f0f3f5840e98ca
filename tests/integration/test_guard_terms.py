"""What a hold is by: the envelope as it is now, its month, the price or its ceiling, and orders that cannot be."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.errors import OutOfRange, UnknownName
from core.guard import Answer, Used
from core.services.guard_orders import Policy
from core.services.keep_books import rebuild_books
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FINANCE, NOON, an_event, an_order, records, sets
from tests.support.guarding import CENT, a_gateway, usage


async def test_a_bad_order_costs_nobody_beside_it(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await gateway.authorize()

    wrong, unknown, good = await asyncio.gather(
        gateway.authorize(workload="serch"),
        gateway.settle("h-none", usage()),
        gateway.authorize(),
        return_exceptions=True,
    )

    assert isinstance(wrong, UnknownName)
    assert "Did you mean search?" in wrong.message
    assert isinstance(unknown, UnknownName)
    assert not isinstance(good, BaseException)
    assert good.answer is Answer.ALLOW


async def test_a_changed_envelope_is_seen_by_the_next_request(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 10.00)
    await gateway.authorize()

    await sets(uow, an_order("search", 0.015))

    assert (await gateway.authorize()).answer is Answer.DENY


async def test_a_hold_of_last_month_is_given_back_where_it_was_held(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    turn = NOON.replace(day=30, hour=23, minute=59)
    after = turn + timedelta(minutes=2)
    hold_id = (await gateway.authorize(now=turn)).hold_id

    await gateway.settle(hold_id, usage(at=after.isoformat()), now=after)

    assert await gateway.used(now=turn) == Used()
    assert await gateway.used(now=after) == Used(spent=CENT)


async def test_the_counter_follows_when_usage_moves_or_books_are_rebuilt(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await records(uow, [an_event(output_tokens=1000, tags={"feature": "search"})])
    assert await gateway.used() == Used()

    await add_rule(uow, "search", {"feature": "search"}, by=FINANCE, reattribute=True, now=NOON)
    assert await gateway.used() == Used(spent=CENT)
    assert await gateway.used("unattributed") == Used()

    await gateway.authorize()
    await rebuild_books(uow, by="U0FARAH", now=NOON)
    assert await gateway.used() == Used(spent=CENT, held=CENT)


async def test_a_cost_that_cannot_be_is_refused_and_costs_nobody_beside_it(uow: UnitOfWork) -> None:
    gateway = (await a_gateway(uow)).restarted(Policy(ceiling=(10**15, 10**15)))
    await gateway.authorize()

    wrong, good = await asyncio.gather(
        gateway.authorize(model="nobody-knows-1", input_tokens=10_000_000), gateway.authorize(), return_exceptions=True
    )

    assert isinstance(wrong, OutOfRange)
    assert not isinstance(good, BaseException)
    assert good.answer is Answer.ALLOW


async def test_without_an_envelope_everything_passes_and_is_told(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await add_rule(uow, "free", {"feature": "free"}, by=FINANCE, reattribute=False, now=NOON)

    answer = await gateway.authorize(workload=None, tags={"feature": "free"})

    assert (answer.answer, answer.remaining_nanos) == (Answer.ALLOW, None)
    assert answer.reason == "free has no envelope, so nothing bounds it"


async def test_unpriced_models_are_held_and_charged_at_the_ceiling(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)

    answer = await gateway.authorize(model="nobody-knows-1")
    settled = await gateway.settle(answer.hold_id, usage(model="nobody-knows-1", output_tokens=100))

    assert answer.held_nanos == 21 * CENT
    assert "no price is known" in answer.reason
    assert settled.charged_nanos == 30_000_000 + 18_000_000
    assert await gateway.used() == Used(charged=48_000_000)


async def test_unpriced_models_are_denied_where_that_is_the_policy(uow: UnitOfWork) -> None:
    gateway = (await a_gateway(uow)).restarted(Policy(ceiling=None))

    answer = await gateway.authorize(model="nobody-knows-1")

    assert answer.answer is Answer.DENY
    assert "`/budget price`" in answer.reason


async def test_an_order_that_breaks_the_database_costs_nobody_beside_it(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    first, second = await gateway.authorize(), await gateway.authorize()

    await asyncio.gather(
        gateway.settle(first.hold_id, usage("\x00")),
        gateway.settle(second.hold_id, usage("good")),
        return_exceptions=True,
    )

    assert (await gateway.used()).spent >= CENT
    async with uow.read() as tx:
        assert await tx.guard.costs(gateway.source_id, ["good"]) == {"good": CENT}
