"""Requests to the sponsor: decided once, by the right person, and overtaken by what comes after."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.change_request import ChangeRequest, RequestState
from core.errors import AlreadyDecided, BudgetError, NotAllowed, OwnRequest
from core.money import NANOS
from core.people import Actor
from core.services.budget_status import detail
from core.services.decide_requests import Decision, decide, request_standing
from core.services.read_audit import trail
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, DANA, FARAH, KIM, NOON, SAM, an_order, books_in, sets


async def a_raise(uow: UnitOfWork, dollars: float = 5000, *, by: str = ANA, deputy: str | None = DANA) -> ChangeRequest:
    """An envelope of $4,000, and Ana's wish for more of it."""
    await sets(uow, an_order(dollars=4000, deputy=deputy))
    outcome = await sets(uow, an_order(dollars=dollars, deputy=deputy), by=by)
    assert outcome.request is not None
    return outcome.request


async def decided(uow: UnitOfWork, request: ChangeRequest, *, by: str, approve: bool = True) -> Decision:
    return await decide(uow, request.id, approve, by=Actor(by), now=NOON)


async def size(uow: UnitOfWork) -> int | None:
    return (await detail(uow, "search", now=NOON)).line.size_nanos


async def state(uow: UnitOfWork, request: ChangeRequest) -> RequestState:
    found = await request_standing(uow, request.id)
    assert found is not None
    return found.request.state


@pytest.mark.parametrize("by", [SAM, DANA])
async def test_an_approved_raise_holds_and_says_who_approved_it(uow: UnitOfWork, by: str) -> None:
    request = await a_raise(uow)

    decision = await decided(uow, request, by=by)

    assert await size(uow) == 5000 * NANOS
    assert decision.request.state is RequestState.APPROVED
    newest = (await trail(uow, "search")).lines[0]
    assert (newest.act, newest.actor, newest.detail["approved_by"]) == ("changed envelope", ANA, by)
    async with uow.read() as tx:
        assert await tx.requests.pending(person=SAM) == []


async def test_a_declined_raise_changes_nothing_and_is_in_the_audit(uow: UnitOfWork) -> None:
    request = await a_raise(uow)

    await decided(uow, request, by=SAM, approve=False)

    assert await size(uow) == 4000 * NANOS
    newest = (await trail(uow, "search")).lines[0]
    assert (newest.act, newest.actor) == ("declined request", SAM)


@pytest.mark.parametrize(("by", "kind"), [(ANA, OwnRequest), (KIM, NotAllowed), (FARAH, NotAllowed)])
async def test_nobody_else_decides(uow: UnitOfWork, by: str, kind: type[BudgetError]) -> None:
    request = await a_raise(uow)

    with pytest.raises(kind):
        await decided(uow, request, by=by)
    assert await size(uow) == 4000 * NANOS
    assert await state(uow, request) is RequestState.PENDING


async def test_being_on_the_finance_list_does_not_make_a_sponsor(uow: UnitOfWork) -> None:
    request = await a_raise(uow)

    with pytest.raises(NotAllowed):
        await decide(uow, request.id, True, by=Actor(FARAH, is_finance=True), now=NOON)


async def test_a_request_that_does_not_exist_is_a_refusal(uow: UnitOfWork) -> None:
    with pytest.raises(AlreadyDecided, match="not exist"):
        await decide(uow, 4711, True, by=Actor(SAM), now=NOON)


async def test_of_two_who_decide_at_once_one_succeeds(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        request = await a_raise(uow)

        outcomes = await asyncio.gather(
            *(decided(books, request, by=by, approve=by == SAM) for books, by in ((uow, SAM), (elsewhere, DANA)) * 3),
            return_exceptions=True,
        )

        winners = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
        assert len(winners) == 1
        assert all(isinstance(outcome, Decision | AlreadyDecided) for outcome in outcomes)
        assert await size(uow) == (5000 if winners[0].request.decided_by == SAM else 4000) * NANOS
        assert (await trail(uow, None)).broken_at is None


async def test_a_change_that_races_with_its_decision_disturbs_neither(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        for turn in range(5):
            request = await a_raise(uow, 5000 + turn, deputy=None)
            outcomes = await asyncio.gather(
                decided(elsewhere, request, by=SAM), sets(uow, an_order(dollars=3000)), return_exceptions=True
            )

            assert not [
                outcome
                for outcome in outcomes
                if isinstance(outcome, Exception) and not isinstance(outcome, BudgetError)
            ]
            assert await size(uow) == 3000 * NANOS
            assert await state(uow, request) is not RequestState.PENDING


async def test_a_newer_request_takes_the_place_of_the_older(uow: UnitOfWork) -> None:
    older = await a_raise(uow, 5000)
    newer = (await sets(uow, an_order(dollars=6000, deputy=DANA))).request
    assert newer is not None

    with pytest.raises(AlreadyDecided, match="superseded"):
        await decided(uow, older, by=SAM)
    await decided(uow, newer, by=SAM)

    assert await size(uow) == 6000 * NANOS


async def test_an_immediate_change_takes_the_place_of_a_request_and_its_message_is_closed(uow: UnitOfWork) -> None:
    request = await a_raise(uow)

    await sets(uow, an_order(dollars=3000, deputy=DANA))

    assert await state(uow, request) is RequestState.SUPERSEDED
    async with uow.write() as tx:
        (message,) = await tx.outbox.claim(now=NOON)
    assert (message.kind, message.recipient) == ("request", SAM)
    assert message.upto > message.id  # with what has become of it


async def test_a_decision_is_told_to_who_asked_once(uow: UnitOfWork) -> None:
    request = await a_raise(uow)
    await decided(uow, request, by=SAM)
    with pytest.raises(AlreadyDecided):
        await decided(uow, request, by=DANA)

    async with uow.write() as tx:
        notices = await tx.outbox.claim(now=NOON)
    assert [(notice.kind, notice.recipient) for notice in notices] == [("request", SAM), ("request_decided", ANA)]


async def test_a_raise_that_is_approved_next_month_holds_from_next_month(uow: UnitOfWork) -> None:
    request = await a_raise(uow)

    await decide(uow, request.id, True, by=Actor(SAM), now=NOON + timedelta(days=10))

    assert await size(uow) == 4000 * NANOS
    assert (await detail(uow, "search", now=NOON + timedelta(days=10))).line.size_nanos == 5000 * NANOS


async def test_a_new_sponsor_decides_only_once_the_old_one_has_agreed(uow: UnitOfWork) -> None:
    await sets(uow, an_order())
    request = (await sets(uow, an_order(sponsor=KIM))).request
    assert request is not None

    with pytest.raises(NotAllowed):
        await decided(uow, request, by=KIM)
    await decided(uow, request, by=SAM)
    raised = (await sets(uow, an_order(dollars=9000, sponsor=KIM))).request
    assert raised is not None
    with pytest.raises(NotAllowed):
        await decided(uow, raised, by=SAM)
    await decided(uow, raised, by=KIM)

    assert await size(uow) == 9000 * NANOS
