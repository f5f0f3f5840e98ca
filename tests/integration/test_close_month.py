"""The month turn over real books on both engines: turned once, frozen once, and changed by adjustments only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.close import Because, CloseTerms
from core.envelope import EntryKind
from core.money import NANOS
from core.period import Cycle
from core.services.close_month import adjust_months, freeze_months, month_figures, turn_months
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, Actor, an_event, an_order, books_in, records, sets

OCTOBER, NOVEMBER = Cycle(2026, 10), Cycle(2026, 11)
IN_OCTOBER = datetime(2026, 10, 20, 9, tzinfo=UTC)
FIRST = datetime(2026, 11, 1, 0, 5, tzinfo=UTC)
FOURTH = datetime(2026, 11, 4, 0, 5, tzinfo=UTC)
TERMS = CloseTerms()


def usage(at: datetime, count: int = 1, **fields: object) -> list:
    """Calls of $1 each on the search workload."""
    given = {"input_tokens": 300_000, "output_tokens": 50_000, "tags": {"feature": "search"}} | fields
    return [an_event(at=at + timedelta(minutes=number), **given) for number in range(count)]


async def with_search(uow: UnitOfWork, dollars: float = 100) -> None:
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=False, now=IN_OCTOBER)
    await sets(uow, an_order("search", dollars), now=IN_OCTOBER)


async def figures(uow: UnitOfWork, cycle: Cycle = OCTOBER):
    async with uow.read() as tx:
        return await month_figures(tx, cycle)


async def test_a_month_is_turned_once_however_many_try(uow: UnitOfWork):
    turned = await asyncio.gather(*(turn_months(uow, TERMS, now=FIRST) for _ in range(4)))
    assert sorted(len(one) for one in turned) == [0, 0, 0, 1]
    assert await turn_months(uow, TERMS, now=FIRST + timedelta(days=9)) == ()
    async with uow.read() as tx:
        acts = [line.act for line in await tx.audit.newest(subject="2026-10", limit=9)]
    assert acts == ["turned the month"]


async def test_the_running_month_is_not_turned(uow: UnitOfWork):
    await turn_months(uow, TERMS, now=FIRST)
    async with uow.read() as tx:
        assert await tx.closings.of(NOVEMBER) is None
        assert not await tx.closings.is_frozen(OCTOBER)


async def test_late_usage_counts_until_the_grace_is_over_and_is_an_adjustment_afterwards(uow: UnitOfWork):
    await with_search(uow)
    await records(uow, usage(IN_OCTOBER, 3), now=IN_OCTOBER)
    await turn_months(uow, TERMS, now=FIRST)
    await records(uow, usage(IN_OCTOBER + timedelta(days=2), 2), now=FIRST)
    assert await freeze_months(uow, TERMS, now=FOURTH - timedelta(hours=1)) == ()
    assert await freeze_months(uow, TERMS, now=FOURTH) == (OCTOBER,)
    assert await freeze_months(uow, TERMS, now=FOURTH) == ()
    assert (await figures(uow)).estimate_nanos == 5 * NANOS
    await records(uow, usage(IN_OCTOBER + timedelta(days=3), 4), now=FOURTH)
    (booked,) = await adjust_months(uow, now=FOURTH + timedelta(days=1))
    assert (booked.figure.nanos, booked.figure.requests) == (4 * NANOS, 4)
    assert (booked.because, booked.booked_on.isoformat()) == (Because.LATE_USAGE, "2026-11-05")
    told = await figures(uow)
    assert (told.estimate_nanos, told.adjusted_nanos) == (5 * NANOS, 9 * NANOS)


async def test_looking_again_books_nothing_twice(uow: UnitOfWork):
    await with_search(uow)
    await records(uow, usage(IN_OCTOBER), now=IN_OCTOBER)
    await turn_months(uow, TERMS, now=FIRST)
    await freeze_months(uow, TERMS, now=FOURTH)
    await records(uow, usage(IN_OCTOBER + timedelta(days=3)), now=FOURTH)
    booked = await asyncio.gather(*(adjust_months(uow, now=FOURTH) for _ in range(3)))
    assert sum(map(len, booked)) == 1
    assert await adjust_months(uow, now=FOURTH) == ()
    assert (await figures(uow)).adjusted_nanos == 2 * NANOS


async def test_usage_that_moves_to_another_workload_is_told_as_such(uow: UnitOfWork):
    await records(uow, usage(IN_OCTOBER, 2), now=IN_OCTOBER)
    await turn_months(uow, TERMS, now=FIRST)
    await freeze_months(uow, TERMS, now=FOURTH)
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=True, now=FOURTH, months=3)
    booked = await adjust_months(uow, now=FOURTH)
    assert sorted(one.figure.nanos for one in booked) == [-2 * NANOS, 2 * NANOS]
    assert {one.because for one in booked} == {Because.REATTRIBUTED}
    assert (await figures(uow)).adjusted_nanos == (await figures(uow)).estimate_nanos == 2 * NANOS


async def test_the_frozen_estimate_names_the_rates_that_priced_it(uow: UnitOfWork):
    await with_search(uow)
    await records(uow, [*usage(IN_OCTOBER, 2), *usage(IN_OCTOBER, model="no-such-model-9")], now=IN_OCTOBER)
    await turn_months(uow, TERMS, now=FIRST)
    await freeze_months(uow, TERMS, now=FOURTH)
    async with uow.read() as tx:
        lines = {line.model: line for line in await tx.closings.frozen(OCTOBER)}
    assert lines["gpt-4.1"].rate_id is not None
    assert (lines["no-such-model-9"].rate_id, lines["no-such-model-9"].nanos) == (None, 0)
    assert sum(line.requests for line in lines.values()) == 3


async def test_an_envelope_keeps_its_size_and_what_is_left_is_not_carried(uow: UnitOfWork):
    await with_search(uow, 100)
    await records(uow, usage(IN_OCTOBER, 30), now=IN_OCTOBER)
    await turn_months(uow, TERMS, now=FIRST)
    await freeze_months(uow, TERMS, now=FOURTH)
    async with uow.read() as tx:
        (envelope,) = (await tx.envelopes.all()).values()
    assert envelope.size(NOVEMBER) == envelope.size(OCTOBER) == 100 * NANOS


async def test_what_is_left_is_carried_for_one_month_where_the_books_say_so(uow: UnitOfWork):
    terms = CloseTerms(carries_unspent=True)
    await with_search(uow, 100)
    await records(uow, usage(IN_OCTOBER, 30), now=IN_OCTOBER)
    await turn_months(uow, terms, now=FIRST)
    for _ in range(2):
        await freeze_months(uow, terms, now=FOURTH)
    async with uow.read() as tx:
        (envelope,) = (await tx.envelopes.all()).values()
    assert envelope.size(NOVEMBER) == 170 * NANOS
    assert envelope.lasting(NOVEMBER) == envelope.size(NOVEMBER.next) == 100 * NANOS
    assert [entry.kind for entry in envelope.entries] == [EntryKind.OPENED, EntryKind.CARRIED, EntryKind.REVERTED]


@pytest.mark.parametrize(
    ("zone", "inside", "outside"),
    [
        ("America/New_York", "2026-11-01T03:30:00+00:00", "2026-11-01T04:30:00+00:00"),
        ("Europe/Berlin", "2026-10-31T22:30:00+00:00", "2026-10-31T23:30:00+00:00"),
        ("Asia/Kolkata", "2026-10-31T18:15:00+00:00", "2026-10-31T18:45:00+00:00"),
    ],
)
async def test_the_estimate_is_cut_where_the_books_cut_their_days(
    database_url: str, zone: str, inside: str, outside: str
):
    async with books_in(database_url, zone) as uow:
        events = usage(datetime.fromisoformat(inside)) + usage(datetime.fromisoformat(outside))
        await records(uow, events, now=FIRST + timedelta(hours=6))
        await turn_months(uow, TERMS, now=FIRST + timedelta(hours=6))
        assert await freeze_months(uow, TERMS, now=FOURTH + timedelta(hours=6)) == (OCTOBER,)
        assert (await figures(uow)).estimate_nanos == 1 * NANOS
        assert await adjust_months(uow, now=FOURTH + timedelta(hours=6)) == ()
