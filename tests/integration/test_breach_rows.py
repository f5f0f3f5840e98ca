"""Breaches and reasons in the books: one row a threshold, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.breach import Breach, BreachKind, BreachState, Closing
from core.period import Cycle
from core.store.decision_rows import KeptReason
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED, UNATTRIBUTED_ID
from tests.support.books import NOON

NOVEMBER = Cycle(2026, 11)


def a_breach(**fields: Any) -> Breach:
    given = {
        "workload_id": UNATTRIBUTED_ID, "workload": UNATTRIBUTED, "cycle": NOVEMBER, "revision": 1, "kind": BreachKind.SOFT,
        "threshold_bp": 8000, "opened_at": NOON, "worst_nanos": 5, "facts": {"spent": 5, "doubts": []},
    }  # fmt: skip
    return Breach(**(given | fields))


async def test_a_breach_comes_back_as_it_was_put_in(uow: UnitOfWork):
    async with uow.write() as tx:
        opened = await tx.breaches.open(a_breach())
    async with uow.read() as tx:
        assert await tx.breaches.of(opened.id) == replace(a_breach(), id=opened.id)
        assert await tx.breaches.of(opened.id + 1) is None


async def test_the_same_threshold_is_opened_once(uow: UnitOfWork):
    async with uow.write() as tx:
        first = await tx.breaches.open(a_breach())
        again = await tx.breaches.open(a_breach(opened_at=NOON + timedelta(hours=1)))
        other = await tx.breaches.open(a_breach(revision=2))
    assert again == first
    assert other.id != first.id


async def test_what_is_closed_is_not_open_any_more(uow: UnitOfWork):
    async with uow.write() as tx:
        soft = await tx.breaches.open(a_breach())
        hard = await tx.breaches.open(a_breach(kind=BreachKind.HARD, threshold_bp=10_000))
        closed = replace(soft, state=BreachState.CLOSED, closed_at=NOON, closed_because=Closing.RECOVERED)
        await tx.breaches.save(closed)
        assert await tx.breaches.open_of(UNATTRIBUTED_ID, NOVEMBER) == [hard]
        assert await tx.breaches.of_cycle(NOVEMBER) == {UNATTRIBUTED_ID: [closed, hard]}
        assert await tx.breaches.left_open(NOVEMBER.next) == {UNATTRIBUTED_ID: [hard]}
        assert await tx.breaches.left_open(NOVEMBER) == {}


async def test_a_message_that_goes_out_late_does_not_reopen_what_was_decided(uow: UnitOfWork):
    async with uow.write() as tx:
        opened = await tx.breaches.open(a_breach())
        await tx.breaches.save(replace(opened, state=BreachState.DECIDED, decided_by="U1"))
        await tx.outbox.add("k", "breach", "C1", facts={}, at=NOON, subject=opened.subject)
        assert await tx.breaches.has_undelivered()
        (notice,) = await tx.outbox.claim(now=NOON)
        await tx.outbox.sent(notice, channel="C1", ts="1.1", at=NOON)
        await tx.breaches.mark_delivered()
        found = await tx.breaches.of(opened.id)
        assert not await tx.breaches.has_undelivered()
    assert found is not None
    assert (found.state, found.told_at) == (BreachState.DECIDED, NOON)


async def test_a_reason_that_holds_again_counts_on_in_its_row(uow: UnitOfWork):
    reason = KeptReason(
        UNATTRIBUTED_ID, NOVEMBER, 1, BreachKind.SOFT, 8000, "below", 1, NOON, NOON, {"spent": 1}
    )  # fmt: skip
    later = replace(reason, last_at=NOON + timedelta(hours=2), first_at=NOON + timedelta(hours=2), facts={"spent": 2})
    async with uow.write() as tx:
        await tx.decisions.keep([reason])
        await tx.decisions.keep([later, replace(later, reason="crossed")])
        kept = (await tx.decisions.of_cycle(NOVEMBER))[UNATTRIBUTED_ID]
    assert {one.reason: (one.times, one.first_at, one.facts["spent"]) for one in kept} == {
        "below": (2, NOON, 2), "crossed": (1, later.first_at, 2),
    }  # fmt: skip


async def test_refusals_add_up_by_revision(uow: UnitOfWork):
    async with uow.write() as tx:
        await tx.decisions.add_refusals({(1, "2026-11", 1): 3, (1, "2026-11", 2): 1}, at=NOON)
        await tx.decisions.add_refusals({(1, "2026-11", 1): 1000}, at=NOON)
        assert await tx.decisions.refusals(NOVEMBER) == {(1, 1): 1003, (1, 2): 1}
        assert await tx.decisions.refusals(NOVEMBER.next) == {}
