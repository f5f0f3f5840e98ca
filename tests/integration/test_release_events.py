"""Single events go when they are old enough; every total stays, and what is gone cannot be counted again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.services import release_events as releasing
from core.services.book_usage import Receipt
from core.services.budget_status import overview
from core.services.keep_books import Agreement, check_books, rebuild_books
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.services.release_events import Release, release_events, sweep_released
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.books import FARAH, NOON, an_event, books_in, records
from tests.support.tables import number_of, projections

KEEP_DAYS = 100
JULY, AUGUST, OCTOBER = (datetime(2026, month, 9, 10, 30, tzinfo=UTC) for month in (7, 8, 10))


def four_months() -> list[UsageEvent]:
    """Two events of July, one of August, one of October, one of today."""
    return [
        an_event(id=f"m-{number}", at=at, response_id=f"r-{number}")
        for number, at in enumerate((JULY, JULY + timedelta(days=22), AUGUST, OCTOBER, NOON))
    ]


async def releases(uow: UnitOfWork, *, keep_days: int = KEEP_DAYS, now: datetime = NOON) -> tuple[Release, ...]:
    return await release_events(uow, keep_days=keep_days, by=FARAH, now=now)


async def test_an_old_month_goes_and_no_total_changes(uow: UnitOfWork) -> None:
    await records(uow, four_months())
    before, sums = await check_books(uow), await projections(uow)

    (july,) = await releases(uow)

    assert (str(july.month), july.came_to[0], july.kept_because) == ("2026-07", 2, None)
    assert await projections(uow) == sums
    after = await check_books(uow)
    assert after.holds
    assert (after.events[0], after.released[0], after.hourly) == (3, 2, before.hourly)


async def test_what_was_kept_of_released_events_is_cleared_up(uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "_STEP", 2)
    await records(uow, four_months())
    assert await sweep_released(uow) == 0
    await releases(uow)

    await sweep_released(uow)

    assert await number_of(uow, "SELECT count(*) FROM usage_events") == 3
    assert await number_of(uow, "SELECT count(*) FROM response_claims") == 3
    if not uow.is_sqlite:
        assert await number_of(uow, "SELECT count(*) FROM event_ids") == 3
    assert (await check_books(uow)).holds


async def test_an_event_of_a_released_month_is_refused_by_whoever_records(uow: UnitOfWork) -> None:
    number = (await import_source(uow, "gateway", now=NOON)).id
    desk = Bookkeeper(uow)
    events = list(enumerate(four_months()))
    await desk.record(number, events, now=NOON)
    await releases(uow)

    again: Receipt = await desk.record(number, events, now=NOON)

    assert (again.accepted, again.duplicates, [index for index, _ in again.rejected]) == (0, 3, [0, 1])
    assert "before 2026-08-01" in again.rejected[0][1]
    assert (await check_books(uow)).holds


async def test_a_rebuild_leaves_months_without_events_alone(uow: UnitOfWork) -> None:
    await records(uow, four_months())
    sums = await projections(uow)
    await releases(uow)

    agreement = await rebuild_books(uow, by=FARAH, now=NOON)

    assert agreement.holds
    assert await projections(uow) == sums


async def test_a_rebuild_in_another_zone_cuts_released_days_from_their_hours(database_url: str) -> None:
    async with books_in(database_url, "UTC") as uow:
        await records(uow, four_months())
        await releases(uow)
        sums = await projections(uow)

    async with books_in(database_url, "Asia/Tokyo", to_rebuild=True) as uow:
        agreement = await rebuild_books(uow, by=FARAH, now=NOON)
        days = await number_of(uow, "SELECT count(*) FROM daily_spend")

    assert agreement.holds
    assert agreement.daily[0] == 5
    assert days == 5
    async with books_in(database_url, "UTC", to_rebuild=True) as uow:
        await rebuild_books(uow, by=FARAH, now=NOON)
        assert await projections(uow) == sums


async def test_a_month_whose_hours_differ_from_its_events_is_kept_until_somebody_looks(uow: UnitOfWork) -> None:
    await records(uow, four_months())
    async with uow.write() as tx:
        await tx.connection.execute(text("UPDATE hourly_spend SET cost_nanos = cost_nanos + 1"))

    (july,) = await releases(uow)

    assert july.kept_because is not None
    assert "outlay rebuild" in july.kept_because
    assert await number_of(uow, "SELECT count(*) FROM usage_events") == 5


@pytest.mark.parametrize(
    ("keep_days", "gone"), [(0, []), (115, []), (114, ["2026-07"]), (53, ["2026-07", "2026-08", "2026-09"])]
)
async def test_months_go_as_a_whole_and_only_when_their_last_day_is_old_enough(
    uow: UnitOfWork, keep_days: int, gone: list[str]
) -> None:
    await records(uow, [*four_months(), an_event(at=datetime(2026, 9, 1, tzinfo=UTC))])

    released = await releases(uow, keep_days=keep_days, now=datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert [str(one.month) for one in released] == gone


async def test_two_processes_let_a_month_go_once(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        await records(uow, four_months())

        await asyncio.gather(releases(uow), releases(elsewhere))

        agreement: Agreement = await check_books(uow)
    assert (agreement.holds, agreement.released[0]) == (True, 2)


async def test_recording_goes_on_while_a_month_is_let_go(uow: UnitOfWork) -> None:
    number = (await import_source(uow, "gateway", now=NOON)).id
    desk = Bookkeeper(uow)
    await desk.record(number, list(enumerate(four_months())), now=NOON)

    async def record() -> int:
        receipts = [await desk.record(number, [(0, an_event())], now=NOON) for _ in range(10)]
        return sum(one.accepted for one in receipts)

    accepted, _ = await asyncio.gather(record(), releases(uow))

    assert accepted == 10
    assert (await check_books(uow)).holds


async def test_an_id_counts_once_even_when_its_time_moves_to_another_month(uow: UnitOfWork) -> None:
    await records(uow, [an_event(id="same", at=OCTOBER)])

    receipt = await records(uow, [an_event(id="same", at=NOON)])

    assert (receipt.accepted, receipt.duplicates, len(receipt.conflicts)) == (0, 1, 1)
    assert (await check_books(uow)).events[0] == 1


async def test_status_of_a_released_month_shows_what_it_showed_before(uow: UnitOfWork) -> None:
    await records(uow, four_months())
    then = datetime(2026, 7, 31, 12, tzinfo=UTC)
    before = await overview(uow, now=then)
    await releases(uow)

    assert await overview(uow, now=then) == before
