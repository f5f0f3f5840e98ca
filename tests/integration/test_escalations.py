"""A breach puts the question before the sponsor, and the sponsor's word counts once, at once, and only as long as it says."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from core.breach import Breach, BreachState
from core.envelope import EntryKind, Envelope, State
from core.errors import AlreadyDecided, BudgetError, NotAllowed, OutOfRange, OwnRequest
from core.guard import Answer
from core.money import NANOS
from core.people import Actor
from core.services import ask_for_more, decide_approvals
from core.services.decide_approvals import GrantOrder
from core.services.keep_promises import keep_promises
from core.services.respond_to_breach import on_hard
from core.store.unit_of_work import UnitOfWork
from tests.support.asking import NOVEMBER, a_breach, an_escalation, sizes, state, stored, told
from tests.support.books import ANA, DANA, FARAH, KIM, NOON, SAM, an_event, an_order, records, sets
from tests.support.guarding import CENT, a_gateway

TEN = GrantOrder(10 * NANOS, "launch week")


async def test_a_hard_breach_degrades_and_asks_the_sponsor_in_one_transaction(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, hard_share=0.9, degrade="gpt-4.1-mini")

    assert await state(uow) is State.DEGRADED
    (notice,) = await told(uow)
    assert (notice.kind, notice.recipient, notice.subject) == ("escalation", SAM, f"escalation/{escalation.id}")
    assert (notice.facts["workload"], notice.facts["ladder"], notice.facts["is_degraded"]) == (
        "search", "gpt-4.1-mini", True,
    )  # fmt: skip


async def test_the_same_breach_again_asks_nobody_twice(uow: UnitOfWork) -> None:
    await an_escalation(uow)
    await a_breach(uow)

    async with uow.read() as tx:
        assert len(await tx.escalations.waiting()) == 1
    assert len(await told(uow)) == 1


async def test_numbers_that_cannot_be_trusted_start_nothing_until_they_can(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100))
    breach = await a_breach(uow, doubts=("stale",))
    assert await state(uow) is State.WITHIN
    assert await told(uow) == []

    async with uow.write() as tx:
        envelope = await tx.envelopes.of(breach.workload_id)
        assert envelope is not None
        await on_hard(tx, replace(breach, facts={}), envelope, now=NOON)

    assert await state(uow) is State.DEGRADED
    assert len(await told(uow)) == 1


async def test_a_grant_gives_room_at_once_and_takes_it_back_with_the_month(uow: UnitOfWork) -> None:
    gateway = await a_gateway(uow, 0.01)
    await records(uow, [an_event(workload="search", input_tokens=5000, output_tokens=0)])
    await a_breach(uow)
    assert (await gateway.authorize()).answer is Answer.DENY
    (waiting,) = (await ask_for_more.waiting_for(uow, SAM, now=NOON)).questions

    done = await decide_approvals.grant(uow, waiting[0].id, GrantOrder(CENT, "launch week"), by=Actor(SAM), now=NOON)

    assert (await gateway.authorize()).answer is Answer.ALLOW
    assert done.envelope.size(NOVEMBER) == 2 * CENT and done.envelope.size(NOVEMBER.next) == CENT
    assert await state(uow) is State.GRANTED
    breach = (await told(uow), await _breach(uow))[1]
    assert (breach.state, breach.decided_by) == (BreachState.DECIDED, SAM)


async def _breach(uow: UnitOfWork) -> Breach:
    async with uow.read() as tx:
        (found,) = (await tx.breaches.of_cycle(NOVEMBER)).values()
    return found[0]


async def test_a_grant_with_a_day_ends_after_that_day_and_is_told(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow)
    order = GrantOrder(10 * NANOS, "launch week", date(2026, 11, 25))
    await decide_approvals.grant(uow, escalation.id, order, by=Actor(SAM), now=NOON)
    assert await sizes(uow) == (110, 110)

    assert await keep_promises(uow, now=datetime.fromisoformat("2026-11-25T23:59:00Z")) == 0
    assert await keep_promises(uow, now=datetime.fromisoformat("2026-11-26T00:00:00Z")) == 1
    assert await keep_promises(uow, now=datetime.fromisoformat("2026-11-26T00:01:00Z")) == 0

    assert await sizes(uow) == (100, 100)
    ended = [notice for notice in await told(uow, now=NOON + timedelta(days=2)) if notice.kind == "grant_ended"]
    assert {notice.recipient for notice in ended} == {ANA, SAM}


async def test_two_decisions_at_once_make_exactly_one(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, deputy=DANA)

    outcomes = await asyncio.gather(
        decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON),
        decide_approvals.stop(uow, escalation.id, by=Actor(DANA), now=NOON),
        decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON),
        decide_approvals.keep_degraded(uow, escalation.id, by=Actor(DANA), now=NOON),
        return_exceptions=True,
    )

    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    assert kinds == {"Decided": 1, "AlreadyDecided": 3}
    assert (await sizes(uow))[0] in (100, 110)


@pytest.mark.parametrize("who", [ANA, FARAH, KIM])
@pytest.mark.parametrize("act", ["grant", "keep_degraded", "stop", "decline"])
async def test_nobody_but_sponsor_and_deputy_decides(uow: UnitOfWork, who: str, act: str) -> None:
    escalation = await an_escalation(uow)
    more = (TEN,) if act == "grant" else ()

    with pytest.raises(NotAllowed, match=SAM):
        await getattr(decide_approvals, act)(uow, escalation.id, *more, by=Actor(who, who == FARAH), now=NOON)

    assert (await stored(uow, escalation.id)).is_open


async def test_who_asked_cannot_decide_even_as_a_deputy_named_since(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100))
    asked = await ask_for_more.ask_for_more(uow, "search", 10 * NANOS, "launch week", by=Actor(ANA), now=NOON)
    await sets(uow, an_order("search", None, owner=KIM, deputy=ANA), by=FARAH)

    with pytest.raises(OwnRequest):
        await decide_approvals.grant(uow, asked.escalation.id, TEN, by=Actor(ANA), now=NOON)


@pytest.mark.parametrize(
    ("order", "match"),
    [
        (GrantOrder(0, "launch week"), "at least"),
        (GrantOrder(101 * NANOS, "launch week"), r"up to \$100"),
        (GrantOrder(NANOS, " "), "reason"),
        (GrantOrder(NANOS, "x" * 301), "shorter"),
        (GrantOrder(NANOS, "launch week", date(2026, 11, 23)), "is over"),
        (GrantOrder(NANOS, "launch week", date(2026, 12, 1)), "2026-11-30"),
    ],
)
async def test_a_grant_has_bounds_and_says_them(uow: UnitOfWork, order: GrantOrder, match: str) -> None:
    escalation = await an_escalation(uow)

    with pytest.raises(OutOfRange, match=match):
        await decide_approvals.grant(uow, escalation.id, order, by=Actor(SAM), now=NOON)

    assert await sizes(uow) == (100, 100)


async def test_what_is_overspent_can_be_granted_on_top(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 1))
    await records(uow, [an_event(workload="search", input_tokens=0, output_tokens=1_000_000)])  # $8
    await a_breach(uow)
    (waiting,) = (await ask_for_more.waiting_for(uow, SAM, now=NOON)).questions

    done = await decide_approvals.grant(uow, waiting[0].id, GrantOrder(8 * NANOS, "why not"), by=Actor(SAM), now=NOON)

    assert done.envelope.size(NOVEMBER) - done.spent_nanos == NANOS


async def test_stop_holds_until_the_sponsor_lifts_it(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow)
    await decide_approvals.stop(uow, escalation.id, by=Actor(SAM), now=NOON)
    assert await state(uow) is State.STOPPED

    for who in (ANA, FARAH, KIM):
        with pytest.raises(NotAllowed):
            await decide_approvals.lift(uow, "search", by=Actor(who, who == FARAH), now=NOON)
    await decide_approvals.lift(uow, "search", by=Actor(SAM), now=NOON)

    assert await state(uow) is State.DEGRADED


async def test_finance_undoes_a_degradation_and_the_owner_cannot(uow: UnitOfWork) -> None:
    await an_escalation(uow, hard_share=0.9, degrade="gpt-4.1-mini")
    with pytest.raises(NotAllowed, match="somebody else") as refused:
        await decide_approvals.lift(uow, "search", by=Actor(ANA), now=NOON)
    assert refused.value.correction == "/budget request search AMOUNT REASON"

    await decide_approvals.lift(uow, "search", by=Actor(FARAH), now=NOON)
    assert await state(uow) is State.WITHIN
    with pytest.raises(AlreadyDecided):
        await decide_approvals.lift(uow, "search", by=Actor(FARAH), now=NOON)

    await decide_approvals.degrade_again(uow, "search", by=Actor(ANA), now=NOON)
    assert await state(uow) is State.DEGRADED


async def test_the_owner_asks_once_and_the_sponsor_may_grant_another_amount(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100))
    asked = await ask_for_more.ask_for_more(uow, "search", 10 * NANOS, "launch week", by=Actor(ANA), now=NOON)
    with pytest.raises(AlreadyDecided, match=r"\$10 more"):
        await ask_for_more.ask_for_more(uow, "search", 20 * NANOS, "more of it", by=Actor(ANA), now=NOON)
    for who in (SAM, FARAH, KIM):
        with pytest.raises(NotAllowed, match="owner"):
            await ask_for_more.ask_for_more(uow, "search", NANOS, "me too", by=Actor(who, who == FARAH), now=NOON)

    await decide_approvals.grant(uow, asked.escalation.id, GrantOrder(5 * NANOS, "half"), by=Actor(SAM), now=NOON)

    assert await sizes(uow) == (105, 100)
    answers = [notice for notice in await told(uow) if notice.kind == "escalation_answer"]
    assert [(one.recipient, one.facts["grant"]["nanos"]) for one in answers] == [(ANA, 5 * NANOS)]


async def test_one_grant_answers_the_breach_and_the_request(uow: UnitOfWork) -> None:
    await an_escalation(uow)
    asked = await ask_for_more.ask_for_more(uow, "search", 10 * NANOS, "launch week", by=Actor(ANA), now=NOON)

    await decide_approvals.grant(uow, asked.escalation.id, TEN, by=Actor(SAM), now=NOON)

    async with uow.read() as tx:
        assert await tx.escalations.waiting() == []


async def test_a_holdback_is_drawn_once_a_month_and_sponsor_and_finance_are_told(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100, holdback=0.05))
    for who in (SAM, FARAH, KIM):
        with pytest.raises(NotAllowed):
            await ask_for_more.draw_holdback(uow, "search", "launch week", by=Actor(who, who == FARAH), now=NOON)

    drawn = await ask_for_more.draw_holdback(uow, "search", "launch week", by=Actor(ANA), now=NOON)

    assert drawn.nanos == 5 * NANOS and await sizes(uow) == (105, 100)
    assert {notice.recipient for notice in await told(uow)} == {FARAH, SAM}
    with pytest.raises(AlreadyDecided, match="November"):
        await ask_for_more.draw_holdback(uow, "search", "again please", by=Actor(ANA), now=NOON)
    december = NOON + timedelta(days=8)
    again = await ask_for_more.draw_holdback(uow, "search", "launch week", by=Actor(ANA), now=december)
    assert again.envelope.size(NOVEMBER.next) == 105 * NANOS


async def test_two_draws_at_once_take_the_holdback_once(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100, holdback=0.05))

    outcomes = await asyncio.gather(
        *(ask_for_more.draw_holdback(uow, "search", "launch week", by=Actor(ANA), now=NOON) for _ in range(3)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, BudgetError) for outcome in outcomes) == 2
    assert (await sizes(uow))[0] == 105


async def test_a_raise_that_waits_survives_a_grant_and_counts_from_the_lasting_size(uow: UnitOfWork) -> None:
    from core.services.decide_requests import decide

    escalation = await an_escalation(uow)
    waiting = (await sets(uow, an_order("search", 300))).request
    assert waiting is not None
    await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON)

    await decide(uow, waiting.id, True, by=Actor(SAM), now=NOON)

    assert await sizes(uow) == (310, 300)


async def test_the_entries_of_an_envelope_always_sum_to_its_size(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, holdback=0.1)
    await ask_for_more.draw_holdback(uow, "search", "launch week", by=Actor(ANA), now=NOON)
    await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON)
    await sets(uow, an_order("search", 80))

    async with uow.read() as tx:
        (envelope,) = (await tx.envelopes.all()).values()
    assert isinstance(envelope, Envelope)
    assert await sizes(uow) == (100, 80)
    assert sum(entry.nanos for entry in envelope.entries) == 80 * NANOS
    assert Counter(entry.kind for entry in envelope.entries)[EntryKind.REVERTED] == 2
