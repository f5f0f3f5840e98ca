"""`pull` against OpenAI's Usage and Costs APIs, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core.services.pull_usage import read_cursors
from core.store.unit_of_work import UnitOfWork
from tests.support.books import agreed
from tests.support.provider_api import ProviderApi, running
from tests.support.provider_ledger import Call
from tests.support.pulling import TODAY, Clock, day, kept, kept_nanos, kept_tokens, pull


@pytest.fixture
async def openai() -> AsyncIterator[ProviderApi]:
    """A month of calls by two keys, with days on which nothing happened."""
    api = ProviderApi(page_size=4)
    for number in (1, 2, 3, 7, 8, 20, 21, 22, 23):
        api.ledger.add(
            Call(day(number)), Call(day(number, 23), key="key_batch", batch=True, input_tokens=50_000),
            Call(day(number), project="proj_support", key=None, model="gpt-6-sol", written=200, requests=7),
            Call(day(number), kind="embeddings", model="text-embedding-3-small", cached=0, output_tokens=0),
        )  # fmt: skip
    async with running(api):
        yield api


async def test_what_is_kept_is_what_the_provider_counted_and_charged(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()
    assert await kept_nanos(uow) == openai.ledger.nanos()
    assert sum(row.requests or 0 for row in await kept(uow)) == openai.ledger.requests()


async def test_every_page_is_followed_though_pages_are_short(uow: UnitOfWork, openai: ProviderApi) -> None:
    done = await pull(uow, openai)

    assert done["completions"].pages == 8  # 31 days, four on a page
    assert all(one.is_whole and one.problem is None for one in done.values())


async def test_rows_keep_the_dimensions_that_tell_who_spent(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    rows = [row for row in await kept(uow) if row.report == "completions" and row.starts_at.day == 8]
    assert {(row.project, row.api_key, row.model, row.tier) for row in rows} == {
        ("proj_search", "key_search", "gpt-5.1-2025-11-13", "standard"),
        ("proj_search", "key_batch", "gpt-5.1-2025-11-13", "batch"),
        ("proj_support", None, "gpt-6-sol", "standard"),
    }


async def test_pulled_buckets_never_enter_spend(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    assert await agreed(uow) == (0, 0, 0)


async def test_pulling_again_changes_nothing(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)
    before = len(await kept(uow))

    await pull(uow, openai)

    assert len(await kept(uow)) == before
    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_a_bucket_that_grew_after_it_was_read_is_corrected(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    openai.ledger.add(Call(day(22), input_tokens=9_000), Call(day(23), key="key_new"), Call(day(24, 11)))
    await pull(uow, openai)

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_a_correction_of_a_closed_day_is_found_the_next_morning(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    openai.ledger.add(Call(day(20), input_tokens=9_000))
    await pull(uow, openai, clock=Clock(TODAY + timedelta(days=1)))

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_a_second_pull_reads_the_open_days_only(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)
    openai.asked.clear()

    done = await pull(uow, openai)

    assert {(one.starts_at, one.ends_at) for one in done.values()} == {(day(22, 0), day(25, 0))}
    assert {dict(query)["start_time"] for _, query in openai.asked} == {str(int(day(22, 0).timestamp()))}


async def test_days_missed_while_nothing_ran_are_read_later(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai, clock=Clock(day(3, 12)))
    assert max(await kept_tokens(uow)) == day(3).date()

    await pull(uow, openai, clock=Clock(TODAY))

    tokens = await kept_tokens(uow)
    assert {one: tokens[one] for one in tokens if one.month == 11} == openai.ledger.daily_tokens()


async def test_since_reads_earlier_days_too(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.ledger.add(Call(day(2, month=9)), Call(day(25, month=10)))
    await pull(uow, openai)
    assert day(2, month=9).date() not in await kept_tokens(uow)

    await pull(uow, openai, since=day(1, month=9))

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_since_behind_the_cursor_leaves_no_day_out(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai, clock=Clock(day(5, 12)))

    await pull(uow, openai, since=day(20))

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_old_buckets_without_optional_fields_still_count(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.details_from = int(day(8, 0).timestamp())

    done = await pull(uow, openai)

    assert done["completions"].problem is None
    assert await kept_tokens(uow) == openai.ledger.daily_tokens()
    old = [row for row in await kept(uow) if row.starts_at.day == 1 and row.report == "completions"]
    assert {row.cache_read_tokens for row in old} == {0}


async def test_the_cursor_tells_how_far_everything_is_settled(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    for cursor in await read_cursors(uow, "openai"):
        assert (cursor.from_at, cursor.done_until, cursor.problem) == (day(25, 0, month=10), day(22, 0), None)
        assert cursor.pulled_at is not None and timedelta(0) < cursor.pulled_at - TODAY < timedelta(seconds=1)


async def test_usage_is_asked_for_as_documented(uow: UnitOfWork, openai: ProviderApi) -> None:
    await pull(uow, openai)

    path, query = openai.asked[0]
    assert path == "/v1/organization/usage/completions"
    assert query == [
        ("start_time", str(int(day(25, 0, month=10).timestamp()))), ("end_time", str(int(day(25, 0).timestamp()))),
        ("bucket_width", "1d"), ("limit", "31"), ("group_by[]", "project_id"), ("group_by[]", "api_key_id"),
        ("group_by[]", "model"), ("group_by[]", "batch"), ("group_by[]", "service_tier"),
    ]  # fmt: skip
