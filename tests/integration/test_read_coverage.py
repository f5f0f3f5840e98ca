"""Coverage out of the books and a pull, on both engines and in a time zone that is not UTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.coverage import Dimension
from core.services.keep_books import open_books
from core.services.read_coverage import ReadCoverage, read_coverage, recent_coverage
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.books import FARAH, agreed, an_event, records
from tests.support.provider_api import ProviderApi, running
from tests.support.provider_ledger import Call
from tests.support.pulling import TODAY, Clock, day, pull

MODEL = "gpt-5.1-2025-11-13"


@pytest.fixture
async def openai() -> AsyncIterator[ProviderApi]:
    api = ProviderApi()
    for number in range(1, 25):
        api.ledger.add(Call(day(number)), Call(day(number, 23), project="proj_support", key="key_support"))
    async with running(api):
        yield api


def event_of(call: Call, **changes: Any) -> UsageEvent:
    """The same call as a gateway would have reported it."""
    tags = {"project": call.project or "", "api_key": call.key or ""}
    values: dict[str, Any] = {
        "at": call.at, "model": call.model, "input_tokens": call.input_tokens, "cache_read_tokens": call.cached,
        "output_tokens": call.output_tokens, "tags": tags,
    }  # fmt: skip
    return an_event(**values | changes)


async def coverage_of(uow: UnitOfWork, provider: str = "openai") -> ReadCoverage:
    found = await read_coverage(uow, provider, first_on=date(2026, 11, 1), last_on=date(2026, 11, 30))
    assert found is not None
    return found


async def test_books_that_saw_every_call_cover_the_provider(uow: UnitOfWork, openai: ProviderApi) -> None:
    await records(uow, (event_of(call) for call in openai.ledger.calls))
    await pull(uow, openai)

    found = await coverage_of(uow)

    assert found.coverage.token_share == found.coverage.request_share == 1.0
    assert found.coverage.theirs == found.coverage.ours._replace(nanos=found.coverage.theirs.nanos)
    assert found.coverage.doubts == ()


async def test_days_that_can_still_grow_are_not_compared(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    found = await coverage_of(uow)

    assert (found.first_on, found.last_on) == (date(2026, 11, 1), date(2026, 11, 21))


async def test_a_service_without_instrumentation_shows_as_its_key_and_project(
    uow: UnitOfWork, openai: ProviderApi
) -> None:
    await records(uow, (event_of(call) for call in openai.ledger.calls if call.key == "key_search"))
    await pull(uow, openai)

    found = await coverage_of(uow)

    settled = [call for call in openai.ledger.calls if call.key == "key_support" and call.at.day <= 21]
    missing = sum(call.tokens for call in settled)
    for dimension, value in ((Dimension.API_KEY, "key_support"), (Dimension.PROJECT, "proj_support")):
        (gap,) = found.coverage.split(dimension).outside()
        assert (gap.value, gap.least_tokens, gap.most_tokens) == (value, missing, missing)
        assert gap.most_nanos == sum(int(sum(call.dollars().values()) * 10**9) for call in settled)
    assert found.coverage.token_share == 0.5


async def test_calls_that_two_sources_reported_are_suspected_to_count_twice(
    uow: UnitOfWork, openai: ProviderApi
) -> None:
    openai.ledger.calls = [Call(call.at, input_tokens=20_000) for call in openai.ledger.calls]
    await records(uow, (event_of(call) for call in openai.ledger.calls), source="sdk")
    await records(uow, (event_of(call) for call in openai.ledger.calls), source="proxy")
    await pull(uow, openai)

    found = await coverage_of(uow)

    assert {(doubt.dimension, doubt.times) for doubt in found.coverage.doubts} == {
        (Dimension.MODEL, 2), (Dimension.PROJECT, 2), (Dimension.API_KEY, 2),
    }  # fmt: skip


async def test_other_providers_are_not_held_against_this_one(uow: UnitOfWork, openai: ProviderApi) -> None:
    await records(uow, (event_of(call, provider="azure") for call in openai.ledger.calls))
    await pull(uow, openai)

    assert (await coverage_of(uow)).coverage.ours.tokens == 0


async def test_days_are_utc_whatever_the_books_zone(database_url: str, openai: ProviderApi) -> None:
    books = UnitOfWork(database_url, ZoneInfo("Asia/Kolkata"))
    try:
        await open_books(books, default_owner=FARAH)
        await records(books, (event_of(call) for call in openai.ledger.calls))
        await pull(books, openai)

        found = await coverage_of(books)
    finally:
        await books.close()

    lines = found.coverage.split(Dimension.DAY).lines
    assert len(lines) == 21 and all(line.theirs.tokens == line.ours.tokens for line in lines)


async def test_without_a_cost_report_there_are_no_dollars_to_compare(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)
    async with uow.write() as tx:
        cursor = await tx.cursors.named("openai/costs")
        assert cursor is not None
        await tx.cursors.save(type(cursor)(cursor.name, cursor.from_at, day(3, 0)))

    found = await coverage_of(uow)

    assert not found.has_costs and found.coverage.theirs.nanos is None


async def test_nothing_pulled_is_no_coverage_and_not_zero(uow: UnitOfWork, openai: ProviderApi) -> None:
    await records(uow, [event_of(openai.ledger.calls[0])])

    assert await read_coverage(uow, "openai", first_on=date(2026, 11, 1), last_on=date(2026, 11, 30)) is None

    await pull(uow, openai, clock=Clock(TODAY))
    assert await read_coverage(uow, "openai", first_on=date(2026, 11, 23), last_on=date(2026, 11, 30)) is None


async def test_the_books_stay_as_they_are(uow: UnitOfWork, openai: ProviderApi) -> None:
    await records(uow, _three(openai))
    before = await agreed(uow)

    await pull(uow, openai)
    await coverage_of(uow)

    assert await agreed(uow) == before


def _three(api: ProviderApi) -> Iterable[UsageEvent]:
    return (event_of(call) for call in api.ledger.calls[:3])


async def test_every_provider_that_was_ever_pulled_has_its_recent_coverage(
    uow: UnitOfWork, openai: ProviderApi
) -> None:
    await records(uow, (event_of(call) for call in openai.ledger.calls if call.key == "key_search"))
    assert await recent_coverage(uow, now=TODAY) == ()
    await pull(uow, openai)

    (found,) = await recent_coverage(uow, now=TODAY)

    assert (found.provider, found.last_on) == ("openai", date(2026, 11, 21))
    assert found.coverage.token_share is not None and 0.4 < found.coverage.token_share < 0.6
