"""Late usage of a month that is over, on both engines: told once within its grace, and nothing follows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.slack.views.why_told import why_told_message
from core.breach import Breach
from core.close import CloseTerms
from core.period import Cycle
from core.services.close_month import turn_months
from core.services.evaluate_alerts import evaluate_alerts
from core.services.read_reasons import reasons_of
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, an_event, an_order, records, sets

OCTOBER = Cycle(2026, 10)
LAST_DAY = datetime(2026, 10, 31, 12, tzinfo=UTC)
SECOND = datetime(2026, 11, 2, 9, tzinfo=UTC)


async def spends(uow: UnitOfWork, requests: int, *, now: datetime) -> None:
    """On the last day of October; a request costs $0.0028."""
    event = an_event(
        at=LAST_DAY, requests=requests, input_tokens=1000 * requests, output_tokens=100 * requests, workload="search"
    )
    await records(uow, [event], source=f"on {now}", now=now)


async def october_ends(uow: UnitOfWork, requests: int) -> None:
    """`search` has an envelope of $1, and so many requests of October are known when it ends."""
    await sets(uow, an_order("search", 1), now=LAST_DAY - timedelta(days=9))
    await spends(uow, requests, now=LAST_DAY)
    await evaluate_alerts(uow, now=LAST_DAY)
    await turn_months(uow, CloseTerms(), now=datetime(2026, 11, 1, 1, tzinfo=UTC))


async def late(uow: UnitOfWork, now: datetime = SECOND) -> list[tuple[str, int]]:
    """(kind, threshold) of what a look tells of October."""
    return [(one.kind.value, one.threshold_bp) for one in await evaluate_alerts(uow, now=now) if one.facts.get("late")]


async def notices(uow: UnitOfWork) -> list[tuple[str, str]]:
    async with uow.write() as tx:
        return [
            (one.kind, one.recipient)
            for one in await tx.outbox.claim(now=SECOND, limit=50)
            if one.kind == "breach_late"
        ]


async def breaches(uow: UnitOfWork) -> list[Breach]:
    async with uow.read() as tx:
        return [one for found in (await tx.breaches.of_cycle(OCTOBER)).values() for one in found]


async def test_late_usage_that_passes_the_envelope_is_told_once_and_starts_nothing(uow: UnitOfWork):
    await october_ends(uow, 100)
    assert await late(uow) == []
    await spends(uow, 300, now=SECOND)
    told = await asyncio.gather(*(late(uow) for _ in range(3)))
    assert [one for found in told for one in found] == [("hard", 10_000)]
    assert await notices(uow) == [("breach_late", "C0BUDGET")]
    assert await late(uow, SECOND + timedelta(hours=1)) == []
    async with uow.read() as tx:
        assert await tx.postures.all(OCTOBER) == await tx.postures.all(OCTOBER.next) == {}
        assert await tx.escalations.waiting() == []
    reasons = await reasons_of(uow, "search", now=SECOND)
    assert [one.facts["known"] for one in reasons.late] == [100 * 2_800_000]
    assert "Late usage of October 2026 took *search* past its envelope of $1" in str(
        why_told_message(reasons, reader=uow.zone)
    )


async def test_soft_comes_before_hard_and_never_after_it(uow: UnitOfWork):
    await october_ends(uow, 100)
    for requests, found in ((200, [("soft", 8_000)]), (10, []), (100, [("hard", 10_000)]), (100, [])):
        await spends(uow, requests, now=SECOND + timedelta(minutes=requests + len(await breaches(uow))))
        assert await late(uow) == found


async def test_what_was_known_when_the_month_ended_is_not_told_as_late(uow: UnitOfWork):
    await october_ends(uow, 400)
    before = len(await breaches(uow))
    await spends(uow, 100, now=SECOND)
    assert await late(uow) == []
    assert len(await breaches(uow)) == before


async def test_after_the_grace_nothing_is_told(uow: UnitOfWork):
    await october_ends(uow, 100)
    await spends(uow, 300, now=SECOND)
    assert await late(uow, datetime(2026, 11, 4, tzinfo=UTC)) == []


async def test_a_lower_threshold_set_afterwards_makes_no_late_usage(uow: UnitOfWork):
    await october_ends(uow, 250)
    await sets(uow, an_order("search", 1, soft_share=0.5), by=FARAH, now=SECOND)
    await spends(uow, 5, now=SECOND)
    assert await late(uow) == []
