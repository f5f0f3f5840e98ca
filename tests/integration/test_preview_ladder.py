"""Before a ladder is enabled: what it would have done lately, and no swap to a model that nobody can price."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import OutOfRange
from core.rates import negotiated
from core.services.budget_status import detail
from core.services.forecast_spend import refresh_forecasts
from core.services.manage_prices import set_price
from core.services.write_digest import write_digest
from core.store.unit_of_work import UnitOfWork
from tests.support.asking import an_escalation
from tests.support.books import FINANCE, NOON, an_event, an_order, records, sets


async def used(uow: UnitOfWork) -> None:
    """Four requests of $0.0104 on each of five days: gpt-4.1, 2 and 8 dollars per million."""
    await sets(uow, an_order("search", 1))
    events = [
        an_event(workload="search", at=NOON - timedelta(days=day), input_tokens=1200, output_tokens=1000)
        for day in range(1, 6)
        for _ in range(4)
    ]
    await records(uow, events)


async def test_setting_a_ladder_says_what_it_would_have_done(uow: UnitOfWork) -> None:
    await used(uow)

    outcome = await sets(uow, an_order("search", 1, hard_share=0.9, degrade="gpt-4.1-mini"))

    (note,) = outcome.notes
    assert "swap all 4 requests a day to gpt-4.1-mini and save $0.03 a day" in note
    assert "lasts 12.0 days instead of 2.4" in note


async def test_a_ladder_without_room_says_how_to_give_it_some(uow: UnitOfWork) -> None:
    await used(uow)

    outcome = await sets(uow, an_order("search", 1, degrade="gpt-4.1-mini,throttle=1/min"))

    assert "no room to work in; hard=90%" in outcome.notes[-1]


async def test_a_cheaper_model_without_a_price_is_refused_with_the_nearest_name(uow: UnitOfWork) -> None:
    with pytest.raises(OutOfRange, match="never swap to it") as refused:
        await sets(uow, an_order("search", 1, degrade="gpt-4.1-mni"))

    assert refused.value.correction and refused.value.correction.startswith("/budget set search degrade=gpt-4.1")


async def test_a_negotiated_price_is_price_enough(uow: UnitOfWork) -> None:
    await used(uow)
    price = negotiated("openai", "acme-small", {"input": "0.1", "output": "0.1"}, from_on=NOON.date(), set_by="U0FARAH")
    await set_price(uow, price, by=FINANCE, now=NOON)

    outcome = await sets(uow, an_order("search", 1, degrade="acme-small"))

    assert "requests a day to acme-small" in outcome.notes[-1]


async def test_a_dry_run_reports_what_it_would_have_done_and_again_when_it_is_put_in_force(uow: UnitOfWork) -> None:
    """Ten requests of $0.0104 after the crossing; the cheaper model would have taken a fifth of it. One came before."""
    await an_escalation(uow, hard_share=0.9, degrade="gpt-4.1-mini,dry-run")
    later = NOON + timedelta(hours=2)
    usage = {"workload": "search", "input_tokens": 1200, "output_tokens": 1000}
    await records(uow, [an_event(**usage, at=NOON + timedelta(hours=1)) for _ in range(10)])
    await records(uow, [an_event(**usage, at=NOON - timedelta(hours=1))])

    run = (await detail(uow, "search", now=later)).dry_run
    assert run is not None
    assert (run.requests, run.swapped, run.spent_nanos, run.saved_nanos) == (10, 10, 104_000_000, 83_200_000)
    await refresh_forecasts(uow, now=later)
    assert await write_digest(uow, monday=later.date(), now=later) == 1
    async with uow.write() as tx:
        (line,) = next(one for one in await tx.outbox.claim(now=later, limit=50) if one.kind == "digest").facts["lines"]
    assert (line["dry_run"]["saved"], line["dry_run"]["spent"]) == (83_200_000, 104_000_000)
    outcome = await sets(uow, an_order("search", 100, degrade="gpt-4.1-mini"), now=later)
    assert any("would have sent 10 of 10 requests to gpt-4.1-mini and saved $0.08" in note for note in outcome.notes)


async def test_a_ladder_in_force_reports_no_dry_run(uow: UnitOfWork) -> None:
    await an_escalation(uow, hard_share=0.9, degrade="gpt-4.1-mini")

    assert (await detail(uow, "search", now=NOON)).dry_run is None
