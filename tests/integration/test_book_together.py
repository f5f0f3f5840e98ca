"""Batches that wait at the same time share a transaction, and what comes of them is what would have come one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from core.intake.record import Trust
from core.posting import daily_rows, hourly_rows, joined
from core.services import book_together
from core.services.book_usage import Receipt
from core.services.keep_books import check_books
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.journal import Journal
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from core.witness import Witness
from core.workload import make_rule
from tests.support.books import FARAH, NOON, agreed, an_event
from tests.support.tables import number_of

TOLD_ELSEWHERE = Witness(trust=Trust.LITELLM)


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL too, so that everything behind the first batch waits."""
    monkeypatch.setattr(book_together, "_WRITERS", 1)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each statement took that writes new ones for several batches."""
    sizes: list[int] = []
    insert_new = Journal.insert_new

    async def counted(journal: Journal, rows: Sequence[Any]) -> bool:
        sizes.append(len(rows))
        return await insert_new(journal, rows)

    monkeypatch.setattr(Journal, "insert_new", counted)
    return sizes


async def send_together(uow: UnitOfWork, batches: Sequence[tuple[str, Sequence[UsageEvent]]]) -> list[Receipt]:
    """Record batches of named sources so that all of them wait behind a first one; their receipts."""
    keeper = Bookkeeper(uow)
    sources = [(await import_source(uow, source, now=NOON)).id for source, _ in batches]
    ahead = (await import_source(uow, "ahead", now=NOON)).id
    every = [event for _, batch in batches for event in batch]
    # What all of them need is known before: what is interned by the way would let others pass.
    known = [an_event(tags=event.tags, at=min(event.at, NOON)) for event in every]
    await keeper.record(ahead, list(enumerate(known)), now=NOON)
    async with uow.write() as tx:
        await tx.meta.held_version()
        first = asyncio.create_task(keeper.record(ahead, [(0, an_event())], now=NOON))
        await asyncio.sleep(0.02)
        tasks = [
            asyncio.create_task(
                keeper.record(
                    source, list(enumerate(batch)), now=NOON, witnesses=dict.fromkeys(range(len(batch)), TOLD_ELSEWHERE)
                )
            )
            for source, (_, batch) in zip(sources, batches, strict=True)
        ]
        await asyncio.sleep(0.05)
    await first
    return list(await asyncio.gather(*tasks))


async def test_batches_of_several_sources_share_a_transaction_and_each_is_answered_for_itself(
    uow: UnitOfWork, writes: list[int]
) -> None:
    twice = an_event(tags={"team": "web"})
    tomorrow = NOON + timedelta(days=3)

    receipts = await send_together(
        uow,
        [
            ("one", [an_event(tags={"team": "web"}), an_event(at=tomorrow)]),
            ("two", [twice, twice]),
            ("one", [an_event(response_id="chatcmpl-1"), an_event(at=NOON - timedelta(days=1))]),
        ],
    )

    assert [(r.accepted, r.duplicates, len(r.rejected)) for r in receipts] == [(1, 0, 1), (1, 1, 0), (2, 0, 0)]
    assert writes == [4]
    assert (await check_books(uow)).holds
    by_source = "SELECT accepted FROM source_days JOIN sources ON sources.id = source_id WHERE name = "
    assert await number_of(uow, by_source + "'one'") == 3
    assert await number_of(uow, by_source + "'two'") == 1


async def test_an_id_that_waits_twice_counts_once(uow: UnitOfWork, writes: list[int]) -> None:
    event = an_event(id="again")

    receipts = await send_together(uow, [("one", [event]), ("one", [event, an_event()]), ("two", [event])])

    assert [(r.accepted, r.duplicates) for r in receipts] == [(1, 0), (1, 1), (1, 0)]
    assert receipts[1].known_ids == {"again"}
    assert writes == [4]
    assert (await agreed(uow))[0] == 1 + 4 + 3


async def test_a_call_that_two_waiting_sources_tell_counts_once(uow: UnitOfWork) -> None:
    receipts = await send_together(
        uow, [("sdk", [an_event(id="a", response_id="msg_1")]), ("proxy", [an_event(id="b", response_id="msg_1")])]
    )

    assert [(r.accepted, r.duplicates) for r in receipts] == [(1, 0), (0, 1)]
    assert await number_of(uow, "SELECT count(*) FROM usage_events WHERE superseded = 1") == 1
    assert (await check_books(uow)).holds


async def test_batches_that_waited_while_rules_changed_follow_the_new_ones(uow: UnitOfWork) -> None:
    keeper = Bookkeeper(uow)
    source = (await import_source(uow, "one", now=NOON)).id
    tags = {"feature": "search"}
    await keeper.record(source, [(0, an_event(tags=tags))], now=NOON)

    async with uow.write() as tx:
        number = await tx.workloads.add("search", FARAH, at=NOON)
        await tx.workloads.add_rule(number, make_rule(tags), at=NOON)
        await tx.meta.next_version()
        late = [asyncio.create_task(keeper.record(source, [(0, an_event(tags=tags))], now=NOON)) for _ in range(3)]
        await asyncio.sleep(0.05)
    receipts = await asyncio.gather(*late)

    assert [receipt.accepted for receipt in receipts] == [1, 1, 1]
    assert await number_of(uow, f"SELECT count(*) FROM usage_events WHERE workload_id = {number}") == 3


def test_sums_of_several_batches_are_the_sums_of_all_their_rows() -> None:
    one = {(3600, 0, 1, 1): [1] * 12 + [50], (7200, 0, 1, 1): [2] * 12 + [70]}
    other = {(3600, 0, 1, 1): [3] * 12 + [40], (3600, 0, 2, 1): [4] * 12 + [60]}

    assert joined([hourly_rows(one), hourly_rows(other)]) == [
        (3600, 1, 1, *[4] * 12, 50), (3600, 2, 1, *[4] * 12, 60), (7200, 1, 1, *[2] * 12, 70),
    ]  # fmt: skip
    assert joined([daily_rows(one)]) == daily_rows(one)
