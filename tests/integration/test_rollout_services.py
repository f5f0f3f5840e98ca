"""The rollout in the books: evidence from real rows, one post a week whoever comes first, and who may do what."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core.errors import NotAllowed, OutOfRange
from core.people import Actor
from core.rollout import RolloutState
from core.rollout_evidence import DRY_RUN, REPLAYED, Covered, Mark
from core.services import manage_rollout
from core.services.manage_rollout import Order
from core.services.manage_workloads import add_rule
from core.services.post_rollout import post_rollout, refresh_post
from core.services.read_rollout import read, read_facts, standing
from core.store.outbox_tables import OutboxRow
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FARAH, FINANCE, KIM, NOON, SAM, an_event, an_order, records, sets

UTC_ZONE = ZoneInfo("UTC")
ORDER = Order("C0BUDGET", date(2026, 11, 24), (ANA,), UTC_ZONE)
OUTBOX = OutboxRow.__table__


async def written(uow: UnitOfWork) -> int:
    async with uow.read() as tx:
        return int(
            await tx.connection.scalar(select(func.count()).select_from(OUTBOX).where(OUTBOX.c.kind == "rollout_post"))
        )


async def test_two_replicas_that_tick_at_once_write_one_post(uow: UnitOfWork):
    await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    await asyncio.gather(*(post_rollout(uow, now=NOON) for _ in range(4)))
    assert await written(uow) == 1
    await asyncio.gather(*(post_rollout(uow, now=NOON + timedelta(days=7)) for _ in range(4)))
    assert await written(uow) == 2


async def test_the_final_post_ends_it(uow: UnitOfWork):
    await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    assert await post_rollout(uow, now=NOON + timedelta(days=29))
    listed = await standing(uow, now=NOON + timedelta(days=29))
    assert listed.rollout.state is RolloutState.FINISHED
    assert not await post_rollout(uow, now=NOON + timedelta(days=60))
    with pytest.raises(OutOfRange, match="is finished"):
        await manage_rollout.pause(uow, by=FINANCE, now=NOON)


async def test_finance_steers_and_the_people_of_the_rollout_tick(uow: UnitOfWork):
    with pytest.raises(NotAllowed):
        await manage_rollout.start(uow, ORDER, by=Actor(ANA), now=NOON)
    await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    for act in (manage_rollout.pause, manage_rollout.resume):
        with pytest.raises(NotAllowed):
            await act(uow, by=Actor(ANA), now=NOON)
    with pytest.raises(NotAllowed, match=f"<@{ANA}>"):
        await manage_rollout.tick(uow, 5, by=Actor(KIM), now=NOON)
    assert (await manage_rollout.tick(uow, 5, by=Actor(ANA), now=NOON))[1]
    assert not (await manage_rollout.tick(uow, 5, by=FINANCE, now=NOON))[1]
    listed = await standing(uow, now=NOON)
    assert listed.lines[4].tick.by == ANA
    assert (await manage_rollout.tick(uow, 5, by=FINANCE, now=NOON, undo=True))[1]
    assert (await standing(uow, now=NOON)).lines[4].tick is None


async def test_starting_again_forgets_ticks_and_is_asked_for_by_name(uow: UnitOfWork):
    await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    await manage_rollout.tick(uow, 5, by=FINANCE, now=NOON)
    with pytest.raises(OutOfRange, match="running already"):
        await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    again = await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON, again=True)
    listed = await standing(uow, now=NOON)
    assert (listed.rollout.id, listed.lines[4].tick) == (again.id, None)
    await post_rollout(uow, now=NOON)
    assert await written(uow) == 1


async def test_what_is_proven_once_stays_ticked_with_its_evidence(uow: UnitOfWork):
    await manage_rollout.start(uow, ORDER, by=FINANCE, now=NOON)
    await manage_rollout.mark(uow, REPLAYED, "search", by=Actor(SAM), now=NOON)
    await post_rollout(uow, now=NOON)
    ticked = {line.item.key: line.tick for line in (await standing(uow, now=NOON)).lines if line.tick}
    assert set(ticked) == {"bucket", "replay"}
    assert (ticked["replay"].by, ticked["replay"].evidence) == (None, f"<@{SAM}> replayed search.")


async def test_a_tick_after_the_post_is_shown_on_it_and_before_any_post_nowhere(uow: UnitOfWork):
    await manage_rollout.start(uow, Order("C0BUDGET", date(2026, 11, 30), (ANA,), UTC_ZONE), by=FINANCE, now=NOON)
    await manage_rollout.tick(uow, 5, by=FINANCE, now=NOON)
    await refresh_post(uow, now=NOON)
    assert await written(uow) == 0
    await post_rollout(uow, now=NOON + timedelta(days=6))
    await refresh_post(uow, now=NOON + timedelta(days=6))
    assert await written(uow) == 2
    async with uow.read() as tx:
        places = (await tx.connection.execute(select(OUTBOX.c.place, OUTBOX.c.subject).order_by(OUTBOX.c.id))).all()
    assert [place for place, _ in places] == ["post", "edit"]
    assert len({subject for _, subject in places}) == 1


async def test_an_unknown_test_alert_is_refused(uow: UnitOfWork):
    with pytest.raises(OutOfRange, match="not in the books"):
        await manage_rollout.acknowledge_test_alert(uow, "request/1/U0SAM", by=FINANCE, now=NOON)
    with pytest.raises(OutOfRange, match="not in the books"):
        await manage_rollout.acknowledge_test_alert(uow, "rollout_test_alert/9/9", by=FINANCE, now=NOON)


async def test_the_books_are_read_into_evidence(uow: UnitOfWork):
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=False, now=NOON)
    await sets(uow, an_order("search", 50))
    hours = [NOON - timedelta(hours=hour) for hour in (1, 1, 30, 60)]
    tagged = [an_event(at=at, tags={"feature": "search"}) for at in hours]
    await records(uow, [*tagged, an_event(at=NOON, tags={"environment": "production"})])
    async with uow.read() as tx:
        facts = await read_facts(tx, (), now=NOON)
        dearest = await tx.rollout_evidence.dearest_hours(NOON - timedelta(days=7))
        guarded = await tx.rollout_evidence.guarded_since(NOON - timedelta(days=7))
    each = 2_800_000  # 1,000 input at $2 and 100 output at $8 a million
    assert [(one.name, one.nanos, one.days, one.has_envelope) for one in facts.workloads] == [
        ("search", 4 * each, 3, True)
    ]
    assert facts.coverage == {"feature": Covered(0.8, each), "environment": Covered(pytest.approx(0.2), 4 * each)}
    assert (facts.bucket_owner, facts.bucket_share) == (FARAH, pytest.approx(0.2))
    assert dearest[max(dearest)] == 2 * each
    assert guarded == frozenset()
    reading = await read(uow, now=NOON)
    assert reading.spent_nanos == 5 * each
    assert reading.worst.alerted_nanos == 50 * 10**9
    assert reading.worst.unbounded == (("unattributed", each),)


async def test_the_audit_tells_who_tried_a_ladder_dry_first(uow: UnitOfWork):
    await sets(uow, an_order("search", 50))
    await sets(uow, an_order("search", 50, degrade="throttle=60/min,dry-run"))
    await sets(uow, an_order("search", 50, degrade="stop,dry-run"), by=FARAH)
    async with uow.read() as tx:
        facts = await read_facts(tx, (), now=NOON)
    assert facts.marks[DRY_RUN] == Mark("search", ANA, NOON)
