"""Holds: set aside before, settled after, exactly once, in agreement with the books; on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.errors import OutOfRange, UnknownName, Unreadable
from core.guard import Answer, Used
from core.services.guard_orders import LeaseOrder
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FINANCE, NOON, agreed, an_event, an_order, records, sets
from tests.support.guarding import CENT, Gateway, a_gateway, usage

LATER = NOON + timedelta(minutes=11)


async def test_a_hold_is_the_worst_case_and_settling_it_charges_what_was_used(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)

    answer = await gateway.authorize()
    settled = await gateway.settle(answer.hold_id, usage(output_tokens=100))

    assert (answer.answer, answer.held_nanos, answer.remaining_nanos) == (Answer.ALLOW, CENT, 99 * CENT)
    assert answer.reason == "within envelope"
    assert (settled.charged_nanos, settled.returned_nanos) == (2_800_000, 7_200_000)
    assert await gateway.used() == Used(spent=2_800_000)
    assert (await agreed(uow))[1] == 2_800_000


async def test_the_same_request_gets_the_same_answer_and_one_hold(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)

    first, beside = await asyncio.gather(gateway.authorize("r-1"), gateway.authorize("r-1"))
    again = await gateway.restarted().authorize("r-1", model="gpt-4.1-mini")

    assert first == beside == again
    assert (await gateway.used()).held == CENT


async def test_a_request_that_was_let_through_gets_its_answer_again_when_the_money_is_gone(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)

    first = await gateway.authorize("r-1")
    denied = await gateway.authorize("r-2")
    again = await gateway.authorize("r-1")

    assert denied.answer is Answer.DENY
    assert again == first


async def test_a_denied_request_is_decided_anew_when_there_is_money(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    await gateway.settle((await gateway.authorize("r-1")).hold_id, usage())

    denied = await gateway.authorize("r-2")
    await sets(uow, an_order("other", 1.00))

    assert denied.answer is Answer.DENY
    assert denied.hold_id is None
    assert (await gateway.authorize("r-2", workload="other")).answer is Answer.ALLOW


async def test_settling_twice_counts_once(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    hold_id = (await gateway.authorize("r-1")).hold_id

    first = await gateway.settle(hold_id, usage("r-1"))
    second = await gateway.restarted().settle(hold_id, usage("r-1"))

    assert first.charged_nanos == second.charged_nanos == CENT
    assert (first.recorded, second.recorded) == (1, 0)
    assert await gateway.used() == Used(spent=CENT)
    assert (await agreed(uow))[0] == 1


async def test_usage_that_comes_both_ways_counts_once(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    event = an_event(id="r-1", output_tokens=1000, workload="search")

    for settle_first in (True, False):
        request_id = f"r-{settle_first}"
        hold_id = (await gateway.authorize(request_id)).hold_id
        fed = an_event(id=request_id, output_tokens=1000, workload="search", at=event.at)
        if settle_first:
            await gateway.settle(hold_id, usage(request_id, workload="search"))
            await records(uow, [fed], source="gateway")
        else:
            await records(uow, [fed], source="gateway")
            settled = await gateway.settle(hold_id, usage(request_id, workload="search"))
            assert (settled.charged_nanos, settled.duplicates) == (CENT, 1)

    assert await gateway.used() == Used(spent=2 * CENT)
    assert (await agreed(uow))[:2] == (2, 2 * CENT)


async def test_usage_that_never_asked_counts_against_the_envelope_too(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.02)

    await records(uow, [an_event(output_tokens=1000, workload="search")], source="elsewhere")
    answers = [(await gateway.authorize()).answer for _ in range(2)]

    assert answers == [Answer.ALLOW, Answer.DENY]


async def test_an_expired_hold_is_charged_in_full_and_corrected_by_late_usage(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    hold_id = (await gateway.authorize()).hold_id

    assert await gateway.guard.sweep(LATER) == 1
    assert await gateway.used() == Used(charged=CENT)

    settled = await gateway.settle(hold_id, usage(output_tokens=100), now=LATER)
    assert settled.charged_nanos == 2_800_000
    assert await gateway.used() == Used(spent=2_800_000)


async def test_an_expired_hold_is_corrected_when_its_usage_arrives_with_the_other_usage(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await gateway.authorize("r-1")
    await gateway.authorize("r-2")
    await records(uow, [an_event(id="r-2", workload="search", output_tokens=100)], source="gateway")
    await gateway.guard.sweep(LATER)

    await records(uow, [an_event(id="r-1", workload="search", output_tokens=100)], source="gateway")
    await gateway.guard.sweep(LATER)

    assert await gateway.used() == Used(spent=2 * 2_800_000)
    assert await gateway.guard.sweep(LATER) == 0


async def test_held_and_spent_are_told_apart(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    hold_id = (await gateway.authorize()).hold_id

    held = await gateway.authorize()
    await gateway.settle(hold_id, usage())
    spent = await gateway.authorize()

    assert (held.answer, held.retry_seconds) == (Answer.DENY, 2)
    assert "held for requests in flight" in held.reason
    assert (spent.answer, spent.retry_seconds) == (Answer.DENY, None)
    assert (
        spent.reason
        == "search has $0 left of $0.01; this request may cost $0.01. Ask its sponsor with `/budget request search`."
    )


async def test_a_request_waits_for_money_that_comes_free(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    hold_id = (await gateway.authorize()).hold_id
    waiting = asyncio.create_task(gateway.authorize(wait=20.0))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    await gateway.settle(hold_id)

    assert (await waiting).answer is Answer.ALLOW


async def test_a_request_stops_waiting_as_soon_as_the_money_is_spent(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    hold_id = (await gateway.authorize()).hold_id
    waiting = asyncio.create_task(gateway.authorize(wait=20.0))
    await asyncio.sleep(0.05)

    await gateway.settle(hold_id, usage())

    denied = await waiting
    assert (denied.answer, denied.retry_seconds) == (Answer.DENY, None)


async def test_processes_that_ask_at_once_never_hold_more_than_there_is(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    replicas = [gateway, gateway.restarted(), gateway.restarted()]

    answers = await asyncio.gather(*(replica.authorize() for replica in replicas for _ in range(60)))

    assert sum(answer.answer is Answer.ALLOW for answer in answers) == 100
    assert await gateway.used() == Used(held=100 * CENT)


async def test_a_request_and_a_lease_cannot_share_an_id(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await gateway.guard.lease(gateway.source_id, LeaseOrder("search", CENT, 60, "r-1"), now=NOON)

    with pytest.raises(OutOfRange, match="was used for a lease before"):
        await gateway.authorize("r-1")

    assert (await gateway.used()).held == CENT


async def test_money_back_for_a_request_that_was_never_sent(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)

    settled = await gateway.settle((await gateway.authorize()).hold_id)

    assert (settled.charged_nanos, settled.returned_nanos) == (0, CENT)
    assert await gateway.used() == Used()


async def test_usage_that_cannot_be_booked_is_refused_and_its_hold_stays(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    hold_id = (await gateway.authorize()).hold_id

    for wrong in (usage(cache_read_tokens=2000), usage(input_tokens="many"), usage(at="2020-01-01T00:00:00")):
        with pytest.raises(Unreadable, match="The hold stays"):
            await gateway.settle(hold_id, wrong)

    assert await gateway.used() == Used(held=CENT)


async def test_usage_is_filled_in_from_its_hold_and_counts_to_its_envelope(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await add_rule(uow, "other", {"feature": "chat"}, by=FINANCE, reattribute=False, now=NOON)
    first, second = await gateway.authorize("r-1"), await gateway.authorize("r-2")

    await gateway.settle(first.hold_id, {"input_tokens": 1000, "output_tokens": 1000})
    await gateway.settle(second.hold_id, usage(tags={"feature": "chat"}))

    assert await gateway.used() == Used(spent=2 * CENT)
    assert await gateway.used("other") == Used()


async def test_nobody_settles_for_another_token(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    hold_id = (await gateway.authorize()).hold_id
    stranger = Gateway(uow, gateway.source_id + 1, gateway.guard)

    with pytest.raises(UnknownName):
        await stranger.settle(hold_id, usage())
    with pytest.raises(UnknownName):
        await gateway.settle_lease(hold_id, usage())


async def test_a_hold_of_a_workload_that_is_new_to_a_process_can_be_settled_there(uow: UnitOfWork) -> None:
    here = await a_gateway(uow)
    there = here.restarted()
    await there.authorize()
    await sets(uow, an_order("younger", 1.00))

    answer = await here.authorize(workload="younger")
    await there.settle(answer.hold_id, usage())

    assert await here.used("younger") == Used(spent=CENT)
    assert (await there.authorize(workload="younger")).answer is Answer.ALLOW


async def test_settled_requests_are_forgotten_after_some_days(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    first = await gateway.authorize("r-1")
    await gateway.settle(first.hold_id, usage("r-1"))
    await gateway.authorize("r-2", now=NOON + timedelta(days=4))

    await gateway.guard.sweep(NOON + timedelta(days=5))

    with pytest.raises(UnknownName):
        await gateway.restarted().settle(first.hold_id, usage("r-1"))
    assert (await gateway.settle(first.hold_id, usage("late"))).charged_nanos == CENT
    assert (await gateway.used()).spent == 2 * CENT
