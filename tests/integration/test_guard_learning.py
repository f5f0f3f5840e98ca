"""What settled requests teach the next holds, what happens at the edge of an envelope, and leases; on both engines."""

from __future__ import annotations

from datetime import timedelta

from core.guard import Answer, Used
from core.rates import negotiated
from core.services.manage_prices import set_price
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FINANCE, NOON, agreed
from tests.support.guarding import CENT, a_gateway, usage


async def test_an_understated_prompt_raises_the_next_hold(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    first = await gateway.authorize(input_tokens=100)
    await gateway.settle(first.hold_id, usage())

    second = await (await gateway.remembers()).authorize(input_tokens=100)

    assert first.held_nanos == 8_200_000
    assert CENT <= second.held_nanos <= CENT + 10_000  # to the next thousandth


async def test_what_was_learned_never_refuses_a_request_that_fits_as_stated(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.02)
    await gateway.settle((await gateway.authorize(input_tokens=100)).hold_id, usage())

    first = await gateway.authorize(input_tokens=100)
    answer = await gateway.authorize(input_tokens=100)

    assert first.answer is Answer.ALLOW
    assert (answer.answer, first.remaining_nanos) == (Answer.DENY, 0)


async def test_without_a_maximum_the_hold_follows_what_answers_really_took(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    cold = await gateway.authorize(max_output_tokens=...)
    await gateway.settle(cold.hold_id, usage(output_tokens=200))
    for _ in range(16):
        answer = await gateway.authorize(max_output_tokens=...)
        await gateway.settle(answer.hold_id, usage(output_tokens=200))

    warm = await (await gateway.remembers()).authorize(max_output_tokens=...)

    assert cold.max_output_tokens == 1024
    assert warm.max_output_tokens == 207  # 200, and a thirty-second more
    assert warm.held_nanos == 2_000_000 + 207 * 8_000
    assert "learned from 17 answers" in warm.reason


async def test_an_answer_cut_off_at_our_limit_gets_twice_the_room(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    cold = await gateway.authorize(max_output_tokens=...)

    await gateway.settle(cold.hold_id, usage(output_tokens=1024))

    assert (await gateway.authorize(max_output_tokens=...)).max_output_tokens == 2113  # 2 048, and a thirty-second more


async def test_with_plenty_of_money_answers_have_plenty_of_room(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 1000.00)

    assert (await gateway.authorize(max_output_tokens=...)).max_output_tokens == 8192


async def test_a_cheaper_model_takes_over_when_the_asked_one_no_longer_fits(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.015, degrade="gpt-4.1-mini")
    await gateway.settle((await gateway.authorize()).hold_id, usage())

    answer = await gateway.authorize()

    assert (answer.answer, answer.model) == (Answer.DEGRADE, "gpt-4.1-mini")
    assert answer.held_nanos == 2_000_000  # 0.40 and 1.60 dollars per million
    assert "gpt-4.1-mini still fits" in answer.reason


async def test_a_model_that_costs_nothing_is_never_blocked(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    price = negotiated("local", "llama-9", {"input": "0", "output": "0"}, from_on=NOON.date(), set_by="U0FARAH")
    await set_price(uow, price, by=FINANCE, now=NOON)
    await gateway.settle((await gateway.authorize()).hold_id, usage(), usage())

    answer = await gateway.authorize(provider="local", model="llama-9")

    assert (answer.answer, answer.held_nanos) == (Answer.ALLOW, 0)
    assert (await gateway.authorize()).answer is Answer.DENY


async def test_a_negotiated_price_counts_from_the_next_request(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    await gateway.authorize()
    prices = {"input": "1", "output": "4", "reasoning": "4", "output_audio": "4"}
    price = negotiated("openai", "gpt-4.1", prices, from_on=NOON.date(), set_by="U0FARAH")

    await set_price(uow, price, by=FINANCE, now=NOON)

    assert (await gateway.authorize()).held_nanos == CENT // 2


async def test_a_lease_is_money_set_aside_and_returns_what_is_left(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    leased = await gateway.lease(30 * CENT)

    settled = await gateway.settle_lease(
        leased.lease_id, usage("a"), usage("b", requests=10, input_tokens=10_000, output_tokens=10_000)
    )

    assert (leased.granted_nanos, leased.remaining_nanos) == (30 * CENT, 70 * CENT)
    assert (settled.charged_nanos, settled.returned_nanos) == (11 * CENT, 19 * CENT)
    assert await gateway.used() == Used(spent=11 * CENT)
    assert (await agreed(uow))[0] == 11


async def test_a_lease_gets_what_is_left_and_none_when_nothing_is(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)

    first, second, third = await gateway.lease(60 * CENT), await gateway.lease(60 * CENT), await gateway.lease(CENT)

    assert [leased.granted_nanos for leased in (first, second, third)] == [60 * CENT, 40 * CENT, 0]
    assert third.lease_id is None
    assert (await gateway.authorize()).retry_seconds is not None


async def test_a_lease_that_is_not_settled_is_charged_and_later_corrected(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    leased = await gateway.lease(30 * CENT, seconds=60)
    later = NOON + timedelta(minutes=2)

    await gateway.guard.sweep(later)
    charged = await gateway.used()
    await gateway.settle_lease(leased.lease_id, usage("a"), now=later)
    await gateway.settle_lease(leased.lease_id, usage("a"), now=later)

    assert charged == Used(charged=30 * CENT)
    assert await gateway.used() == Used(spent=CENT)


async def test_events_of_a_lease_that_cannot_be_booked_are_listed_and_cost_no_good_one(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow)
    leased = await gateway.lease(30 * CENT)

    settled = await gateway.settle_lease(leased.lease_id, usage("a", cache_read_tokens=2000), {"id": "b"}, usage("c"))

    assert [index for index, _ in settled.rejected] == [0, 1]
    assert (settled.recorded, settled.charged_nanos) == (1, CENT)
