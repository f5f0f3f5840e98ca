"""A throttle counts a workload's requests for all processes together, and a lease does not get around the ladder."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from core.degradation import Stance
from core.guard import Answer
from core.period import Cycle
from core.services.guard_orders import Answered
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON
from tests.support.guarding import CENT, Gateway, a_gateway, usage

NOVEMBER = Cycle(2026, 11)


async def stands(gateway: Gateway, **stance: Any) -> None:
    async with gateway.uow.write() as tx:
        number = (await tx.workloads.names())["search"]
        await tx.postures.save(number, NOVEMBER, Stance(**({"since": NOON, "by": "outlay"} | stance)))


async def many(gateways: list[Gateway], count: int) -> list[Answered]:
    return await asyncio.gather(*(gateways[place % len(gateways)].authorize() for place in range(count)))


async def test_two_processes_together_let_no_more_through_than_the_throttle(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 100.00, degrade="throttle=20/min")
    await stands(gateway, is_degraded=True)

    answers = await many([gateway, gateway.restarted()], 60)

    assert Counter(answer.answer for answer in answers) == {Answer.ALLOW: 20, Answer.DENY: 40}
    assert {answer.retry_seconds for answer in answers if answer.answer is Answer.DENY} == {60}


async def test_the_next_minute_has_turns_of_its_own(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 100.00, degrade="throttle=1/min")
    await stands(gateway, is_degraded=True)
    await gateway.authorize()

    denied = await gateway.authorize(now=NOON + timedelta(seconds=59), wait=5.0)
    later = await gateway.authorize(now=NOON + timedelta(seconds=60))

    assert (denied.answer, denied.retry_seconds, later.answer) == (Answer.DENY, 1, Answer.ALLOW)


async def test_the_same_request_again_takes_no_second_turn(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 100.00, degrade="throttle=2/min")
    await stands(gateway, is_degraded=True)

    first, again, other = [await gateway.authorize(name) for name in ("a", "a", "b")]

    assert first.hold_id == again.hold_id
    assert other.answer is Answer.ALLOW


async def test_a_change_of_posture_counts_from_the_next_request(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 1.00, degrade="gpt-4.1-mini")
    other = gateway.restarted()
    assert (await other.authorize()).answer is Answer.ALLOW

    seen = []
    for stance in ({"is_degraded": True}, {"is_stopped": True}, {"is_degraded": True, "undone_at": NOON}):
        await stands(gateway, **stance)
        seen.append((await other.authorize()).answer)

    assert seen == [Answer.DEGRADE, Answer.DENY, Answer.ALLOW]


async def test_a_posture_is_of_its_month_only(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 1.00)
    await stands(gateway, is_stopped=True)

    assert (await gateway.authorize()).answer is Answer.DENY
    assert (await gateway.authorize(now=NOON + timedelta(days=8))).answer is Answer.ALLOW


async def test_a_lease_ends_at_the_hard_threshold_and_none_is_given_while_degraded(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 1.00, hard_share=0.9, degrade="gpt-4.1-mini")
    leased = await gateway.lease(100 * CENT)
    await gateway.settle_lease(leased.lease_id)
    await stands(gateway, is_degraded=True)

    refused = await gateway.lease(10 * CENT)

    assert leased.granted_nanos == 90 * CENT
    assert refused.lease_id is None and "each request has to be authorized" in refused.reason


async def test_spend_in_the_room_past_hard_is_the_cheaper_models_and_ends_with_the_envelope(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 1.00, hard_share=0.9, degrade="gpt-4.1-mini")

    answers = await many([gateway, gateway.restarted()], 160)
    for answer in answers:
        if answer.hold_id:
            model = answer.model
            await gateway.settle(answer.hold_id, usage(model=model))

    assert Counter(answer.answer for answer in answers) == {Answer.ALLOW: 90, Answer.DEGRADE: 50, Answer.DENY: 20}
    assert (await gateway.used()).spent == 100 * CENT
