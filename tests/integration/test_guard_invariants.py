"""Whatever happens in whatever order, through several processes: counter, holds and journal tell one story."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.errors import BudgetError
from core.guard import Used
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON, agreed, an_event, records
from tests.support.guarding import CENT, Gateway, a_gateway, usage

STEPS = 120


@pytest.mark.parametrize("seed", range(3))
async def test_counter_holds_and_journal_agree_after_any_history(uow: UnitOfWork, seed: int) -> None:
    draw = random.Random(seed)
    gateway = await a_gateway(uow, 2.00)
    processes = [gateway, gateway.restarted()]
    now, open_holds, leases = NOON, [], []

    async def step(number: int) -> None:
        process, kind = draw.choice(processes), draw.random()
        if kind < 0.45:
            answer = await process.authorize(
                f"r-{draw.randrange(number + 1)}", now=now, input_tokens=draw.randrange(2000)
            )
            if answer.hold_id:
                open_holds.append(answer.hold_id)
        elif kind < 0.75 and open_holds:
            hold_id = draw.choice(open_holds)
            event = usage(f"u-{draw.randrange(STEPS)}", output_tokens=draw.randrange(1500), model=draw.choice(MODELS))
            await process.settle(hold_id, *([] if draw.random() < 0.1 else [event]), now=now)
        elif kind < 0.85:
            leased = await process.lease(draw.randrange(1, 20) * CENT, now=now)
            if leased.lease_id:
                leases.append(leased.lease_id)
        elif kind < 0.93 and leases:
            await process.settle_lease(draw.choice(leases), usage(f"u-{draw.randrange(STEPS)}"), now=now)
        else:
            event = an_event(id=f"r-{draw.randrange(STEPS)}", workload="search", output_tokens=draw.randrange(1500))
            await records(uow, [event], source=draw.choice(("gateway", "elsewhere")))

    for number in range(0, STEPS, 6):
        done = await asyncio.gather(*(step(number + beside) for beside in range(6)), return_exceptions=True)
        assert [
            failed for failed in done if isinstance(failed, BaseException) and not isinstance(failed, BudgetError)
        ] == []
        if draw.random() < 0.2:
            now += timedelta(minutes=11)
            await draw.choice(processes).guard.sweep(now)
        await agrees(uow, gateway)
    assert (await gateway.used()).spent > 0


MODELS = ("gpt-4.1", "gpt-4.1", "gpt-4.1-mini", "nobody-knows-1")


async def agrees(uow: UnitOfWork, gateway: Gateway) -> None:
    """Spent is the journal's, held is the open holds', and what is charged beside them is never negative."""
    used = await gateway.used()
    async with uow.read() as tx:
        number = (await tx.workloads.names())["search"]
        held_and_expired = (
            "SELECT coalesce(sum(CASE WHEN state = 0 THEN held_nanos END), 0), "
            "coalesce(sum(CASE WHEN state = 2 THEN charged_nanos END), 0) FROM guard_holds"
        )
        held, expired = (await tx.connection.execute(text(held_and_expired))).one()
        spent = await tx.connection.scalar(
            text("SELECT coalesce(sum(cost_nanos), 0) FROM daily_spend WHERE workload_id = :number"), {"number": number}
        )
    assert (used.spent, used.held) == (int(spent or 0), int(held))
    assert used.charged >= expired >= 0
    assert used != Used() or held == 0
    await agreed(uow)
