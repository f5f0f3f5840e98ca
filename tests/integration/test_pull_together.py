"""Pulls at once, interrupted and in any order: the newest reading of a day is kept, once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.pulling import Cursor, ProviderBucket, Window
from core.services.pull_usage import read_cursors
from core.store.unit_of_work import UnitOfWork
from tests.support.provider_api import ProviderApi, running
from tests.support.provider_ledger import DAY, Call
from tests.support.pulling import TODAY, day, kept, kept_nanos, kept_tokens, pull


class Stopped(BaseException):
    """The process is killed after a window was kept."""


def stop(_: object) -> None:
    raise Stopped


@pytest.fixture
async def openai() -> AsyncIterator[ProviderApi]:
    api = ProviderApi(page_size=3)
    api.ledger.add(*(Call(day(number), key=f"key_{number % 4}") for number in range(1, 24)))
    async with running(api):
        yield api


async def test_two_replicas_that_pull_at_once_keep_everything_once(
    database_url: str, uow: UnitOfWork, openai: ProviderApi
) -> None:
    other = UnitOfWork(database_url, ZoneInfo("UTC"))
    try:
        for _ in range(3):
            await asyncio.gather(*(pull(one, openai) for one in (uow, other, uow, other)))
    finally:
        await other.close()

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()
    assert await kept_nanos(uow) == openai.ledger.nanos()
    assert {cursor.done_until for cursor in await read_cursors(uow)} == {day(22, 0)}


async def test_a_backfill_beside_the_hourly_pull_leaves_nothing_out(
    database_url: str, uow: UnitOfWork, openai: ProviderApi
) -> None:
    openai.ledger.add(*(Call(day(number, month=month)) for month in (8, 9, 10) for number in range(1, 30)))
    await pull(uow, openai)
    other = UnitOfWork(database_url, ZoneInfo("UTC"))
    try:
        await asyncio.gather(pull(other, openai, since=day(1, month=8)), pull(uow, openai), pull(uow, openai))
    finally:
        await other.close()
    await pull(uow, openai)

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_an_interrupted_pull_goes_on_where_it_was(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.ledger.add(*(Call(day(number, month=month)) for month in (8, 9, 10) for number in range(1, 24)))

    with pytest.raises(Stopped):
        await pull(uow, openai, since=day(1, month=8), moved=stop)
    first = await kept_tokens(uow)
    assert max(first) <= day(31, month=8).date()
    openai.asked.clear()

    await pull(uow, openai)

    assert dict(openai.asked[0][1])["start_time"] == str(int(day(1, 0, month=9).timestamp()))
    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_a_backfill_that_is_interrupted_leaves_no_hole(uow: UnitOfWork, openai: ProviderApi) -> None:
    openai.ledger.add(*(Call(day(number, month=month)) for month in (8, 9, 10) for number in range(1, 24)))
    await pull(uow, openai)
    openai.ledger.add(Call(day(10, month=9), input_tokens=77_777))

    with pytest.raises(Stopped):
        await pull(uow, openai, since=day(1, month=8), moved=stop)
    await pull(uow, openai)

    assert await kept_tokens(uow) == openai.ledger.daily_tokens()


async def test_an_older_reading_that_comes_late_does_not_replace_a_newer_one(uow: UnitOfWork) -> None:
    window = Window(day(22, 0), day(24, 0))

    await _keep(uow, window, {22: 100, 23: 900}, read_at=TODAY)
    await _keep(uow, window, {22: 100, 23: 500}, read_at=TODAY - timedelta(minutes=1))

    assert await kept_tokens(uow) == {day(22).date(): 100, day(23).date(): 900}


async def test_after_any_order_of_reads_every_day_is_as_last_seen(uow: UnitOfWork) -> None:
    for seed in range(25):
        chosen = random.Random(seed)
        minutes = chosen.sample(range(6), chosen.randint(1, 6))
        reads = [(chosen.randint(1, 12), chosen.randint(1, 12), minute) for minute in minutes]
        await _replayed(uow, reads, seed=seed)


async def _replayed(uow: UnitOfWork, reads: list[tuple[int, int, int]], *, seed: int) -> None:
    """Buckets grow by the minute; each read, written in the order given, saw them as they were at its own time."""
    report = f"completions-{seed}"
    expected: dict[int, tuple[int, int]] = {}
    for first, days, minute in reads:
        window = Window(day(first, 0), day(first, 0) + days * DAY)
        counts = {number: number * 1_000 + minute for number in range(first, first + days)}
        await _keep(uow, window, counts, read_at=TODAY + timedelta(minutes=minute), report=report)
        for number, tokens in counts.items():
            expected[number] = max(expected.get(number, (-1, 0)), (minute, tokens))
    found = {row.starts_at.day: row.input_tokens for row in await kept(uow) if row.report == report}
    assert found == {number: tokens for number, (_, tokens) in expected.items()}, f"seed {seed}: {reads}"


async def _keep(
    uow: UnitOfWork, window: Window, counts: dict[int, int], *, read_at: datetime, report: str = "completions"
) -> None:
    rows = [
        ProviderBucket(report, day(number, 0), day(number, 0) + DAY, None, None, "gpt-5.1", input_tokens=tokens)
        for number, tokens in counts.items()
    ]
    async with uow.write() as tx:
        await tx.cursors.locked(Cursor(f"openai/{report}", window.starts_at, window.starts_at))
        await tx.buckets.replace("openai", report, window, rows, read_at=read_at)
