"""Alerts in the books: told once whatever looks, kept with their reasons, on both engines."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import text

from bot.alert_watch import AlertWatch
from core.breach import Breach, BreachKind, BreachState, Closing
from core.money import NANOS
from core.period import Cycle
from core.quiet import QuietHours
from core.services.alert_memory import AlertMemory
from core.services.alert_signals import AlertSignals
from core.services.evaluate_alerts import evaluate_alerts
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.services.tell_breach import KIND, NOTE
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.books import ANA, FARAH, NOON, an_event, an_order, records, sets

NOVEMBER = Cycle(2026, 11)


async def an_envelope(uow: UnitOfWork, dollars: float = 1, **fields: object) -> None:
    """Search with an envelope; a request of gpt-4.1 with 1,000 and 100 tokens costs $0.0028."""
    await sets(uow, an_order("search", dollars, **fields))


async def spends(uow: UnitOfWork, requests: int, *, at: datetime = NOON, model: str = "gpt-4.1") -> None:
    event = an_event(
        at=at,
        model=model,
        requests=requests,
        input_tokens=1000 * requests,
        output_tokens=100 * requests,
        workload="search",
    )
    await records(uow, [event], now=at)


async def looks(uow: UnitOfWork, now: datetime = NOON) -> list[BreachKind]:
    return [breach.kind for breach in await evaluate_alerts(uow, now=now)]


async def breaches(uow: UnitOfWork) -> list[Breach]:
    async with uow.read() as tx:
        return [breach for found in (await tx.breaches.of_cycle(NOVEMBER)).values() for breach in found]


async def outbox(uow: UnitOfWork, kind: str = KIND) -> list[tuple[str, str]]:
    """(place, recipient) of every notice of a kind, oldest first."""
    async with uow.read() as tx:
        query = text("SELECT place, recipient FROM outbox WHERE kind = :kind ORDER BY id")
        return [(place, who) for place, who in await tx.connection.execute(query, {"kind": kind})]


async def test_a_crossing_is_one_breach_and_one_notice(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300)
    assert BreachKind.SOFT in await looks(uow)
    assert await looks(uow) == []
    (soft,) = [one for one in await breaches(uow) if one.kind is BreachKind.SOFT]
    assert (soft.workload, soft.threshold_bp, soft.state) == ("search", 8000, BreachState.OPEN)
    assert soft.facts["spent"] == 300 * 2_800_000
    assert (
        await outbox(uow)
        == [("post", "C0BUDGET"), *[("post", who) for who in ("C0BUDGET", ANA)]][: len(await outbox(uow))]
    )


async def test_two_processes_that_look_at_once_tell_once(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300)
    await asyncio.gather(*(evaluate_alerts(uow, now=NOON) for _ in range(4)))
    soft = [one for one in await breaches(uow) if one.kind is BreachKind.SOFT]
    assert len(soft) == 1


async def test_hard_after_soft_closes_the_soft_one_as_superseded(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300, at=NOON - timedelta(days=3))
    await looks(uow, NOON - timedelta(days=3))
    await spends(uow, 80)
    await looks(uow)
    found = {one.kind: one for one in await breaches(uow)}
    assert found[BreachKind.SOFT].closed_because is Closing.SUPERSEDED
    assert found[BreachKind.HARD].state is BreachState.OPEN


async def test_a_raise_closes_what_was_open_and_arms_the_new_envelope(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300)
    await looks(uow)
    await sets(uow, an_order("search", 0.9))
    assert BreachKind.SOFT in await looks(uow, NOON + timedelta(minutes=1))
    soft = [one for one in await breaches(uow) if one.kind is BreachKind.SOFT]
    assert [(one.revision, one.closed_because) for one in soft] == [(1, Closing.ENVELOPE_CHANGED), (2, None)]


async def test_the_next_month_closes_what_is_left_and_starts_anew(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300)
    await looks(uow)
    december = datetime(2026, 12, 2, 12, tzinfo=NOON.tzinfo)
    await looks(uow, december)
    assert all(one.closed_because is Closing.CYCLE_OVER for one in await breaches(uow))
    await spends(uow, 300, at=december)
    assert BreachKind.SOFT in await looks(uow, december)


async def test_unpriced_usage_is_told_to_finance_and_keeps_hard_from_being_enforced(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 400)
    await spends(uow, 100, model="acme-secret-1")
    kinds = await looks(uow)
    assert {BreachKind.HARD, BreachKind.UNTRUSTED} <= set(kinds)
    (hard,) = [one for one in await breaches(uow) if one.kind is BreachKind.HARD]
    assert hard.facts["doubts"] == ["unpriced"]
    assert not hard.is_trusted
    assert ("post", FARAH) in await outbox(uow)


async def test_a_soft_alert_waits_for_the_end_of_the_quiet_hours(uow: UnitOfWork):
    await an_envelope(uow)
    async with uow.write() as tx:
        await tx.connection.execute(text("UPDATE envelopes SET quiet = :quiet"), {"quiet": str(QuietHours(11, 14))})
    await spends(uow, 300, at=NOON - timedelta(hours=9))
    await looks(uow)
    async with uow.write() as tx:
        due = [notice.kind for notice in await tx.outbox.claim(now=NOON + timedelta(hours=1, minutes=59))]
        later = [notice.kind for notice in await tx.outbox.claim(now=NOON + timedelta(hours=2))]
    assert KIND not in due
    assert KIND in later


async def test_reasons_are_kept_told_or_not_and_stay_few(uow: UnitOfWork):
    await an_envelope(uow, 100)
    await spends(uow, 10)
    for minute in range(0, 90, 5):
        await looks(uow, NOON + timedelta(minutes=minute))
    async with uow.read() as tx:
        ((kept),) = (await tx.decisions.of_cycle(NOVEMBER)).values()
    assert {(one.kind, one.reason, one.times) for one in kept} >= {
        (BreachKind.SOFT, "below", 1), (BreachKind.HARD, "below", 1), (BreachKind.SOFT_FORECAST, "no_forecast", 1),
    }  # fmt: skip
    soft = next(one for one in kept if one.kind is BreachKind.SOFT)
    assert soft.last_at > soft.first_at
    assert len(kept) == 5


async def test_what_is_worse_is_said_in_the_thread(uow: UnitOfWork):
    await an_envelope(uow, 10)
    start = NOON - timedelta(days=2)
    await spends(uow, 2_900, at=start)
    await looks(uow, start)
    await spends(uow, 200)
    await looks(uow)
    assert ("thread", "C0BUDGET") in await outbox(uow, NOTE)


async def test_the_books_remember_when_the_message_was_out(uow: UnitOfWork):
    await an_envelope(uow)
    await spends(uow, 300)
    await looks(uow)
    async with uow.write() as tx:
        for notice in await tx.outbox.claim(now=NOON, limit=20):
            await tx.outbox.sent(notice, channel="C0BUDGET", ts="1.1", at=NOON + timedelta(seconds=3))
    await looks(uow, NOON + timedelta(minutes=1))
    (soft,) = [one for one in await breaches(uow) if one.kind is BreachKind.SOFT]
    assert (soft.state, soft.told_at) == (BreachState.TOLD, NOON + timedelta(seconds=3))


def two_quiet_weeks() -> list[UsageEvent]:
    return [
        an_event(
            at=NOON - timedelta(hours=hour),
            requests=10,
            input_tokens=10_000,
            output_tokens=1_000,
            workload="search",
        )
        for hour in range(1, 24 * 14)
    ]


async def test_a_runaway_is_told_to_channel_and_owner_long_before_soft(uow: UnitOfWork):
    await an_envelope(uow, 1_000)
    await records(uow, two_quiet_weeks())
    assert await looks(uow) == []
    await spends(uow, 2_000)
    assert await looks(uow) == [BreachKind.VELOCITY]
    assert await outbox(uow) == [("post", "C0BUDGET"), ("post", ANA)]
    (runaway,) = await breaches(uow)
    assert runaway.facts["surge"]["spent"] == 2_000 * 2_800_000
    assert runaway.facts["surge"]["by"][0][:2] == ["model", "gpt-4.1"]
    assert runaway.facts["surge"]["expected"] < NANOS // 10


async def test_a_runaway_is_told_on_the_day_on_which_the_history_was_brought_in(uow: UnitOfWork):
    """A pace that was learnt from empty books must not last until midnight: newcomers press that button at once."""
    await an_envelope(uow, 1_000)
    clock, signals = [NOON], AlertSignals()
    watch = AlertWatch(uow, signals, lambda: clock[0], lambda: None)
    assert await watch.look() == ()
    bookkeeper = Bookkeeper(uow, signals=signals)
    number = (await import_source(uow, "gateway", now=NOON)).id
    await bookkeeper.record(number, list(enumerate(two_quiet_weeks())), now=NOON)
    clock[0] += timedelta(minutes=1)
    assert await watch.look_where_needed() == ()
    await spends(uow, 2_000)
    assert [breach.kind for breach in await watch.look()] == [BreachKind.VELOCITY]


async def test_history_that_another_process_brought_in_is_learnt_within_the_hour(uow: UnitOfWork):
    await an_envelope(uow, 1_000)
    memory = AlertMemory()
    await evaluate_alerts(uow, now=NOON - timedelta(hours=1), memory=memory)
    await records(uow, two_quiet_weeks())
    await spends(uow, 2_000, at=NOON - timedelta(minutes=30))
    found = [await evaluate_alerts(uow, now=NOON + timedelta(minutes=at), memory=memory) for at in (-1, 0)]
    assert [[breach.kind for breach in told] for told in found] == [[], [BreachKind.VELOCITY]]
