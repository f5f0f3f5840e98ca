"""Two sources that describe one call: it counts once, as the best witness tells it, in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from core.intake.record import Record, Trust
from core.services.book_usage import Receipt
from core.services.fold_reports import witness_of
from core.services.keep_books import check_books
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.projections import rebuild
from core.store.unit_of_work import UnitOfWork
from core.usage import Quality, UsageEvent
from tests.support.books import NOON, an_event

CALL = {
    "response_id": "msg_1",
    "provider": "anthropic",
    "model": "claude-sonnet-4-5",
    "input_tokens": 6221,
    "output_tokens": 350,
}


def a_record(
    key: str, trust: Trust, *, quality: Quality = Quality.EXACT, ttl_known: bool = True, **fields: Any
) -> Record:
    """One call as a source with that trust tells it."""
    event = an_event(**(CALL | {"id": key} | fields))
    return Record(event=event, quality=quality, source_key=key, trust=trust, emitter=trust.name, ttl_known=ttl_known)


SDK = a_record("sdk", Trust.PROVIDER_SDK, cache_read_tokens=5000, cache_write_tokens=1200, cache_write_1h_tokens=200)
OTEL = a_record(
    "otel",
    Trust.OFFICIAL_OTEL,
    ttl_known=False,
    cache_read_tokens=5000,
    cache_write_tokens=1200,
    tags={"team": "search"},
)
PROXY = a_record("proxy", Trust.LITELLM, quality=Quality.GUESSED, output_tokens=3)


async def send(bookkeeper: Bookkeeper, source_id: int, *records: Record) -> Receipt:
    events = [(place, record.event) for place, record in enumerate(records)]
    witnesses = {place: witness_of(record) for place, record in enumerate(records)}
    return await bookkeeper.record(source_id, events, now=NOON, witnesses=witnesses)


async def counted(uow: UnitOfWork) -> dict[str, Any]:
    """The one call that counts, from the daily projection, with the labels it counts under."""
    async with uow.read() as tx:
        by_series = await tx.spend.by_series(NOON.date(), NOON.date())
        classes = await tx.spend.classes(1, NOON.date(), NOON.date())
        spending = [row for row in by_series if row[3]]
        _, series, nanos, requests = spending[0]
        labels = (await tx.series.of([series]))[series]
        assert len(spending) == 1
    return {
        "requests": requests,
        "nanos": nanos,
        "tags": dict(labels.tags),
        **{name: value for name, value in classes.items() if value},
    }


WHOLE = {
    "requests": 1, "tags": {"team": "search"}, "input_uncached": 21, "cache_read": 5000,
    "cache_write": 1000, "cache_write_1h": 200, "output": 350,
    # 21 × 3 + 5000 × 0.3 + 1000 × 3.75 + 200 × 6 + 350 × 15 dollars a million (list price of claude-sonnet-4-5)
    "nanos": 11_763_000,
}  # fmt: skip


@pytest.mark.parametrize(
    "order", permutations((SDK, OTEL, PROXY)), ids=lambda order: "-".join(r.source_key for r in order)
)
async def test_every_order_of_three_reports_comes_to_the_same_call(uow: UnitOfWork, order: tuple[Record, ...]) -> None:
    bookkeeper = Bookkeeper(uow)
    for record in order:
        source = await import_source(uow, record.source_key, now=NOON)
        await send(bookkeeper, source.id, record)

    assert await counted(uow) == WHOLE
    assert (await check_books(uow)).holds


async def test_reports_that_are_sent_again_change_nothing(uow: UnitOfWork) -> None:
    bookkeeper = Bookkeeper(uow)
    sources = {
        record.source_key: (await import_source(uow, record.source_key, now=NOON)).id for record in (SDK, OTEL, PROXY)
    }
    for record in (PROXY, OTEL, SDK, SDK, PROXY, OTEL, PROXY, SDK, OTEL):
        await send(bookkeeper, sources[record.source_key], record)

    again = await send(bookkeeper, sources["otel"], OTEL)

    assert (again.accepted, again.duplicates, again.conflicts) == (0, 1, ())
    assert await counted(uow) == WHOLE
    assert (await check_books(uow)).holds


async def test_two_reports_of_one_source_are_one_call_when_their_emitters_differ(uow: UnitOfWork) -> None:
    source = await import_source(uow, "collector", now=NOON)
    bookkeeper = Bookkeeper(uow)
    first = await send(bookkeeper, source.id, OTEL)
    second = await send(bookkeeper, source.id, SDK)

    assert (first.accepted, second.accepted + second.duplicates) == (1, 1)
    assert await counted(uow) == WHOLE


async def test_rebuilding_gives_what_folding_had_given(uow: UnitOfWork) -> None:
    bookkeeper = Bookkeeper(uow)
    for record in (PROXY, SDK, OTEL):
        await send(bookkeeper, (await import_source(uow, record.source_key, now=NOON)).id, record)
    before = await check_books(uow)

    async with uow.write() as tx:
        await rebuild(tx.connection, uow.zone)

    assert await check_books(uow) == before
    assert before.holds


@pytest.mark.parametrize(
    "other",
    [
        an_event(**(CALL | {"id": "b", "at": NOON - timedelta(hours=25)})),
        an_event(**(CALL | {"id": "b", "response_id": "msg_2"})),
        an_event(**(CALL | {"id": "b", "requests": 2})),
    ],
    ids=["a day apart", "another answer", "an aggregate"],
)
async def test_what_is_not_the_same_call_counts_for_itself(uow: UnitOfWork, other: UsageEvent) -> None:
    bookkeeper = Bookkeeper(uow)
    one = await import_source(uow, "one", now=NOON)
    two = await import_source(uow, "two", now=NOON)
    await bookkeeper.record(one.id, [(0, an_event(**(CALL | {"id": "a"})))], now=NOON)

    receipt = await bookkeeper.record(two.id, [(0, other)], now=NOON)

    assert (receipt.accepted, receipt.duplicates) == (1, 0)
    assert (await check_books(uow)).holds


async def test_native_events_of_one_source_are_told_apart_by_their_own_ids(uow: UnitOfWork) -> None:
    source = await import_source(uow, "gateway", now=NOON)
    events = [(place, an_event(**(CALL | {"id": f"e{place}"}))) for place in range(3)]

    receipt = await Bookkeeper(uow).record(source.id, events, now=NOON)

    assert (receipt.accepted, receipt.duplicates) == (3, 0)
    assert (await check_books(uow)).events[0] == 3


async def test_a_call_that_two_gateways_report_counts_once(uow: UnitOfWork) -> None:
    bookkeeper = Bookkeeper(uow)
    for name in ("one", "two"):
        source = await import_source(uow, name, now=NOON)
        await bookkeeper.record(source.id, [(0, an_event(**(CALL | {"id": f"from-{name}"})))], now=NOON)

    assert (await check_books(uow)).events[0] == 1
