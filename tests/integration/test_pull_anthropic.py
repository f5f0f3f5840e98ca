"""`pull` against Anthropic's Analytics API and the older Admin reports, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.providers.anthropic import OLDER
from core.services.pull_usage import read_cursors
from core.store.unit_of_work import UnitOfWork
from tests.support.provider_api import ProviderApi, running
from tests.support.provider_ledger import Call
from tests.support.pulling import day, kept, kept_nanos, kept_tokens, pull

SONNET = "claude-sonnet-4-5"


@pytest.fixture
async def anthropic() -> AsyncIterator[ProviderApi]:
    api = ProviderApi(page_size=5)
    for number in (1, 2, 3, 7, 20, 22, 23):
        api.ledger.add(
            Call(day(number), "wrkspc_1", "apikey_1", SONNET, input_tokens=7_400, cached=6_000, written=500, requests=15),
            Call(day(number), None, None, "claude-opus-5-5", input_tokens=300, cached=0, batch=True),
        )  # fmt: skip
    async with running(api):
        yield api


async def test_analytics_is_kept_as_it_counted(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    done = await pull(uow, anthropic, "anthropic")

    assert all(one.problem is None for one in done.values())
    assert await kept_tokens(uow) == anthropic.ledger.daily_tokens()
    assert sum(row.requests or 0 for row in await kept(uow)) == anthropic.ledger.requests()


async def test_cents_become_dollars_after_the_discount(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    anthropic.discount = "0.1"

    await pull(uow, anthropic, "anthropic")

    assert await kept_nanos(uow) == anthropic.ledger.nanos(discount="0.1")


async def test_analytics_is_asked_by_time_with_its_beta_header(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    await pull(uow, anthropic, "anthropic")

    path, query = anthropic.asked[0]
    assert path == "/v1/organizations/analytics/usage"
    assert ("order_by", "time") in query and ("limit", "1000") in query and ("time_bucket_width", "1d") in query
    assert [value for name, value in query if name == "group_by[]"] == [
        "model", "workspace_id", "api_key_id", "service_tier", "context_window",
    ]  # fmt: skip


async def test_cost_rows_beyond_the_limit_all_count(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    anthropic.page_size = 1  # one group a page, but four rows of token types in it

    done = await pull(uow, anthropic, "anthropic")

    assert await kept_nanos(uow) == anthropic.ledger.nanos()
    assert done["costs"].buckets > done["costs"].pages


async def test_without_analytics_the_older_reports_are_read_and_that_is_said(
    uow: UnitOfWork, anthropic: ProviderApi
) -> None:
    anthropic.has_analytics = False

    done = await pull(uow, anthropic, "anthropic")

    assert [one.problem for one in done.values()] == [OLDER, OLDER]
    assert await kept_tokens(uow) == anthropic.ledger.daily_tokens()
    assert await kept_nanos(uow) == anthropic.ledger.nanos()
    assert {row.requests for row in await kept(uow)} == {None}
    assert [cursor.problem for cursor in await read_cursors(uow, "anthropic")] == [OLDER, OLDER]


async def test_moving_from_the_older_reports_to_analytics_doubles_nothing(
    uow: UnitOfWork, anthropic: ProviderApi
) -> None:
    anthropic.has_analytics = False
    await pull(uow, anthropic, "anthropic")

    anthropic.has_analytics = True
    await pull(uow, anthropic, "anthropic", since=day(1))

    assert await kept_tokens(uow) == anthropic.ledger.daily_tokens()
    assert await kept_nanos(uow) == anthropic.ledger.nanos()


async def test_days_before_the_api_began_are_not_asked_for(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    done = await pull(uow, anthropic, "anthropic", since=day(1, month=1).replace(year=2024))

    assert all(one.is_whole for one in done.values())
    assert done["messages"].starts_at == day(1, 0, month=1)


async def test_a_bucket_that_grew_after_it_was_read_is_corrected(uow: UnitOfWork, anthropic: ProviderApi) -> None:
    await pull(uow, anthropic, "anthropic")

    anthropic.ledger.add(
        Call(day(23), "wrkspc_1", "apikey_late", SONNET), Call(day(24), "wrkspc_1", "apikey_1", SONNET)
    )
    await pull(uow, anthropic, "anthropic")

    assert await kept_tokens(uow) == anthropic.ledger.daily_tokens()
    assert await kept_nanos(uow) == anthropic.ledger.nanos()
