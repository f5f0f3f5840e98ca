"""A breach of `search` in November and the question that follows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.breach import Breach, BreachKind
from core.envelope import State
from core.escalation import Escalation
from core.money import NANOS
from core.period import Cycle
from core.services.read_envelopes import read_envelope
from core.services.respond_to_breach import on_hard
from core.store.outbox import Notice
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON, an_order, sets

NOVEMBER = Cycle(2026, 11)


async def a_breach(uow: UnitOfWork, *, doubts: tuple[str, ...] = (), now: datetime = NOON) -> Breach:
    """The hard threshold of `search` is crossed, and what follows has followed."""
    async with uow.write() as tx:
        number = (await tx.workloads.names())["search"]
        envelope = await tx.envelopes.of(number)
        assert envelope is not None
        crossed = Breach(
            number, "search", NOVEMBER, envelope.revision, BreachKind.HARD, 10_000, now, facts={"doubts": list(doubts)}
        )
        breach = await tx.breaches.open(crossed)
        await on_hard(tx, breach, envelope, now=now)
        return breach


async def an_escalation(uow: UnitOfWork, dollars: float = 100, **terms: Any) -> Escalation:
    await sets(uow, an_order("search", dollars, **terms))
    await a_breach(uow)
    async with uow.read() as tx:
        (found,) = await tx.escalations.waiting()
    return found


async def told(uow: UnitOfWork, *, now: datetime = NOON) -> list[Notice]:
    async with uow.write() as tx:
        return await tx.outbox.claim(now=now, limit=50)


async def stored(uow: UnitOfWork, escalation_id: int) -> Escalation:
    async with uow.read() as tx:
        found = await tx.escalations.of(escalation_id)
    assert found is not None
    return found


async def sizes(uow: UnitOfWork) -> tuple[int, int]:
    """Dollars in force this month and the next."""
    async with uow.read() as tx:
        (envelope,) = (await tx.envelopes.all()).values()
    return envelope.size(NOVEMBER) // NANOS, envelope.size(NOVEMBER.next) // NANOS


async def state(uow: UnitOfWork, *, now: datetime = NOON) -> State:
    reading = await read_envelope(uow, "search", now=now)
    assert reading is not None
    return reading.state
