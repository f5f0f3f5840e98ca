"""Pulls that meet failing providers and refused keys: nothing is lost, doubled or leaked."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.providers.http import MAX_PAGE
from bot.providers.openai import OpenAIReports
from core.services.pull_usage import pull_usage, read_cursors
from core.store.unit_of_work import UnitOfWork
from tests.support.provider_api import Fault, ProviderApi, running
from tests.support.provider_ledger import Call
from tests.support.pulling import HASTY, TODAY, Clock, day, kept_tokens, pull

WRONG_KEY = "sk-admin-WRONG-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite only: what fails here is the provider, and the engine makes no difference."""
    path = tmp_path / "outlay.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def openai() -> AsyncIterator[ProviderApi]:
    api = ProviderApi(page_size=10)
    api.ledger.add(*(Call(day(number, month=month)) for month in (8, 9, 10, 11) for number in range(1, 24)))
    async with running(api):
        yield api


async def test_errors_that_pass_are_waited_out(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(500, 503)
    openai.faults.append(Fault(kind="hang_up"))

    done = await pull(uow, openai)

    assert all(one.is_whole for one in done.values())
    assert await kept_tokens(uow) == _since(openai, day(25, 0, month=10))


async def test_a_rate_limit_is_kept_to(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(429, retry_after="1")
    started = time.monotonic()

    done = await pull(uow, openai)

    assert time.monotonic() - started >= 1.0
    assert all(one.is_whole for one in done.values())


async def test_a_rate_limit_may_name_a_date(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(429, retry_after=format_datetime(TODAY + timedelta(seconds=1), usegmt=True))

    done = await pull(uow, openai)

    assert done["completions"].is_whole


async def test_a_wait_that_is_too_long_is_left_to_the_next_pull(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(429, retry_after="3600")
    started = time.monotonic()

    done = await pull(uow, openai)

    assert time.monotonic() - started < 3600 / 60, "it waited as it was told instead of coming back"
    assert done["completions"].problem == "OpenAI asks to wait 3,600 seconds; the next pull goes on from here."
    assert done["costs"].is_whole


async def test_a_report_that_fails_does_not_keep_the_others_from_being_read(
    uow: UnitOfWork, openai: ProviderApi
) -> None:
    openai.fail(500, 500, 500)

    done = await pull(uow, openai)

    assert [one.report for one in done.values() if not one.is_whole] == ["completions"]
    problems = {cursor.name: cursor.problem for cursor in await read_cursors(uow)}
    assert "answered 500 to 3 requests" in (problems.pop("openai/completions") or "")
    assert set(problems.values()) == {None}


async def test_a_later_success_clears_the_problem(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(500, 500, 500)
    await pull(uow, openai)

    await pull(uow, openai)

    assert {cursor.problem for cursor in await read_cursors(uow)} == {None}


async def test_a_page_that_breaks_midway_keeps_nothing_of_its_window(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.faults += [Fault(kind="none"), Fault(kind="none"), Fault(kind="garbage")]

    done = await pull(uow, openai)

    assert done["completions"].buckets == 0
    assert "not a page of OpenAI" in (done["completions"].problem or "")
    assert await kept_tokens(uow) == {}


async def test_a_wrong_key_stops_the_pull_and_is_never_shown(
    uow: UnitOfWork, openai: ProviderApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    done = await pull(uow, openai, key=WRONG_KEY)

    assert list(done) == ["completions"]
    assert done["completions"].problem == (
        "OpenAI refused the admin key (401 invalid_api_key). Make a new one and put it into OPENAI_ADMIN_KEY."
    )
    (cursor,) = await read_cursors(uow)
    assert "WRONG" not in caplog.text + repr(done) + repr(cursor)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_no_failure_shows_the_key(
    uow: UnitOfWork, openai: ProviderApi, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (301, 400, 401, 403, 404, 409, 418, 429, 500):
        openai.fail(status, status, status, location=f"{openai.url}/v1/organization/costs")
        done = await pull(uow, openai, provider, key=WRONG_KEY)
        assert "WRONG" not in caplog.text + repr(done) + repr(await read_cursors(uow)), status
        openai.faults.clear()
    assert openai.asked == []


async def test_a_redirect_is_not_followed(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.fail(302, location=f"{openai.url}/v1/organization/usage/completions")

    done = await pull(uow, openai)

    assert "refused the request for organization/usage/completions (302" in (done["completions"].problem or "")


async def test_an_unreachable_provider_is_a_problem_and_no_crash(uow: UnitOfWork) -> None:
    clock = Clock()
    client = OpenAIReports("sk-admin-x", clock=clock, base_url="http://127.0.0.1:9/v1", patience=HASTY)

    done = await pull_usage(uow, client, clock=clock)
    await client.close()

    assert len(done) == len(client.reports)
    assert all("ClientConnectorError" in (one.problem or "") for one in done)


async def test_pages_that_go_in_circles_end(
    uow: UnitOfWork, openai: ProviderApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.provider_openai.cursor_of", lambda _: "page_djE6MTA=")

    done = await pull(uow, openai)

    assert done["completions"].problem == "OpenAI's completions turns in circles: its pages do not end."


async def test_an_endless_answer_is_cut_off(
    uow: UnitOfWork, openai: ProviderApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_PAGE == 64 * 1024 * 1024
    monkeypatch.setattr("bot.providers.http.MAX_PAGE", 100)

    done = await pull(uow, openai)

    assert "that is not read" in (done["completions"].problem or "")


def _since(api: ProviderApi, at: datetime) -> dict[date, int]:
    return {one: tokens for one, tokens in api.ledger.daily_tokens().items() if one >= at.date()}
