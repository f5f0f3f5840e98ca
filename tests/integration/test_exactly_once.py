"""Exactly once: however often, in whatever order and through whatever crash usage arrives, every total is the same."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from dataclasses import asdict

import pytest

from core.period import Cycle
from core.rates import negotiated
from core.services.budget_status import overview
from core.services.keep_books import rebuild_books
from core.services.manage_prices import set_price
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, FINANCE, agreed, an_order, books_in, sets
from tests.support.streams import NOW, SINCE, Totals, feed, stream, totals_of
from tests.support.tables import number_of, projections
from tests.support.thorough import cases

COUNT = cases(10_000)
SEED = 1


async def totals(uow: UnitOfWork) -> Totals:
    """What every reading of the books says, once all were found to say the same."""
    requests, nanos, output = await agreed(uow)
    shown = [await overview(uow, now=NOW, cycle=Cycle(2026, month)) for month in (9, 10, 11)]
    assert sum(part.spent_nanos for part in shown) == nanos
    unpriced = sum(part.freshness.unpriced_requests for part in shown)
    return Totals(requests, nanos, output, unpriced)


def feeding(url: str, order: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.streams", url, str(SEED), str(COUNT), str(order), "700"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_a_stream_sent_twice_in_two_orders_counts_once(uow: UnitOfWork) -> None:
    events = stream(SEED, COUNT)

    first = await feed(uow, events, order=1)
    again = await feed(uow, events, order=2)

    assert (first, again) == (COUNT, 0)
    assert await totals(uow) == totals_of(SEED, COUNT)


async def test_several_batches_at_once_count_once(uow: UnitOfWork) -> None:
    accepted = await feed(uow, stream(SEED, COUNT), order=3, at_once=8)

    assert accepted == COUNT
    assert await totals(uow) == totals_of(SEED, COUNT)


async def test_an_envelope_has_spent_what_the_events_of_its_rule_cost(uow: UnitOfWork) -> None:
    await add_rule(uow, "search", {"feature": "search"}, by=FINANCE, reattribute=False, now=SINCE)
    await sets(uow, an_order("search", 100_000), by=FARAH, now=SINCE)
    await feed(uow, stream(SEED, COUNT), order=4)

    per_cycle = [await overview(uow, now=NOW, cycle=Cycle(2026, month)) for month in (9, 10, 11)]
    spent = sum(line.spent_nanos for shown in per_cycle for line in shown.lines if line.workload == "search")

    assert spent == await number_of(
        uow,
        "SELECT sum(cost_nanos) FROM usage_events JOIN series ON series.id = series_id WHERE feature = 'search'",
    )
    assert await totals(uow) == totals_of(SEED, COUNT)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Europe/Berlin"])
async def test_rebuilding_gives_what_counting_along_gave(database_url: str, zone: str) -> None:
    async with books_in(database_url, zone) as uow:
        await feed(uow, stream(SEED, COUNT // 2), order=5)
        counted_along = await projections(uow)

        agreement = await rebuild_books(uow, by="test", now=NOW)

        assert agreement.holds
        assert await projections(uow) == counted_along


@pytest.mark.long
async def test_rules_and_prices_that_change_meanwhile_lose_and_double_nothing(uow: UnitOfWork) -> None:
    async def change() -> None:
        for number, feature in enumerate(("search", "support", "summaries", "agents")):
            await asyncio.sleep(0.05)
            await add_rule(
                uow, f"team-{feature}", {"feature": feature}, by=FINANCE, reattribute=number % 2 == 0, now=NOW
            )
            price = negotiated("acme", "house-model", {"input": str(number + 1)}, from_on=SINCE.date(), set_by=FARAH)
            await set_price(uow, price, by=FINANCE, now=NOW)

    events = stream(SEED, COUNT)
    await asyncio.gather(feed(uow, events, order=6, at_once=4), change(), feed(uow, events, order=7, at_once=2))

    requests, _, output = await agreed(uow)
    expected = totals_of(SEED, COUNT)
    assert (requests, output) == (expected.requests, expected.output_tokens)
    incremental = await projections(uow)
    await rebuild_books(uow, by="test", now=NOW)
    assert await projections(uow) == incremental
    assert await number_of(uow, "SELECT count(*) FROM usage_events") == COUNT


@pytest.mark.long
async def test_two_processes_on_one_database_count_once(postgres_url: str) -> None:
    async with books_in(postgres_url) as uow:
        both = [feeding(postgres_url, order) for order in (8, 9)]

        assert [await asyncio.to_thread(process.wait, 60) for process in both] == [0, 0]
        assert await totals(uow) == totals_of(SEED, COUNT)


@pytest.mark.long
async def test_a_process_killed_at_random_moments_loses_and_doubles_nothing(database_url: str) -> None:
    choose = random.Random(10)
    for attempt in range(3):
        process = feeding(database_url, attempt)
        assert process.stdout is not None
        for _ in range(choose.randrange(1, 6)):
            await asyncio.to_thread(process.stdout.readline)
        await asyncio.sleep(choose.random() * 0.03)
        process.kill()
        await asyncio.to_thread(process.wait)
        process.stdout.close()
        async with books_in(database_url) as uow:
            await agreed(uow)

    async with books_in(database_url) as uow:
        await feed(uow, stream(SEED, COUNT), order=11)
        assert await totals(uow) == totals_of(SEED, COUNT)


def test_the_stream_has_priced_and_unpriced_events_in_three_cycles() -> None:
    assert min(asdict(totals_of(SEED, COUNT)).values()) > 0
    assert {event.at.month for event in stream(SEED, COUNT)} == {9, 10, 11}
