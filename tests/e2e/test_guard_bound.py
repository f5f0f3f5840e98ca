"""The bound: a client out of control, over real HTTP, never spends more than its envelope, and gets nearly all of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.process import outlay
from benchmarks.replicas import Replica, open_envelopes, replicas
from benchmarks.runaway import ASKED, CENT, NANOS, Runaway, Upstream
from core.services.keep_books import check_books
from tests.support.books import books_in
from tests.support.postgres import Postgres

DOLLAR = NANOS
UNSTATED = {name: value for name, value in ASKED.items() if name != "max_output_tokens"}


@dataclass
class Bot:
    """The running bot with a token, one process on SQLite or two on PostgreSQL."""

    replicas: list[Replica]
    token: str
    database_url: str

    def runaway(self, workload: str, upstream: Upstream, **fields: Any) -> Runaway:
        asyncio.run(open_envelopes(self.database_url, {workload: 1.00}))
        urls = [replica.url for replica in self.replicas if replica.process.poll() is None]
        return Runaway(urls, self.token, workload, upstream, name=workload, **fields)

    async def agrees(self) -> bool:
        """Whether journal and projections agree."""
        async with books_in(self.database_url) as uow:
            return (await check_books(uow)).holds


@contextmanager
def running_bot(database_url: str, folder: Path, count: int) -> Iterator[Bot]:
    token = outlay("token", "create", "gateway", "--scope", "guard", database_url=database_url, folder=folder)
    with replicas(count, database_url, folder) as started:
        yield Bot(started, token, database_url)


@pytest.fixture(scope="module")
def bot(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """One process on SQLite; every test has an envelope of its own."""
    folder = tmp_path_factory.mktemp("guard")
    shutil.copy(sqlite_template, folder / "outlay.db")
    with running_bot(f"sqlite:///{folder / 'outlay.db'}", folder, 1) as started:
        yield started


@pytest.fixture
def pair(postgres: Postgres, tmp_path: Path) -> Iterator[Bot]:
    """Two processes on PostgreSQL."""
    url = postgres.books()
    with running_bot(url, tmp_path, 2) as started:
        yield started
    postgres.drop(url)


def test_a_runaway_spends_its_envelope_and_not_a_cent_more(bot: Bot) -> None:
    for concurrency in (1, 16, 64, 256):
        run = bot.runaway(f"w-{concurrency}", Upstream())

        asyncio.run(run.run(concurrency))

        assert run.upstream.spent == DOLLAR, concurrency
        assert run.at_first_denial is not None
        assert run.at_first_denial >= 99 * CENT
    assert asyncio.run(bot.agrees())


@pytest.mark.long
def test_a_slow_upstream_makes_requests_wait_for_held_money_instead_of_failing(bot: Bot) -> None:
    run = bot.runaway("slow", Upstream(seconds=0.5))

    asyncio.run(run.run(256))

    assert run.upstream.spent == DOLLAR
    assert run.held_denials == 0
    assert run.at_first_denial == DOLLAR


@pytest.mark.long
def test_leases_keep_the_same_bound(bot: Bot) -> None:
    for concurrency in (1, 64):
        run = bot.runaway(f"leased-{concurrency}", Upstream(seconds=0.01))

        asyncio.run(run.run_leasing(concurrency))

        assert run.upstream.spent == DOLLAR, concurrency
        assert run.at_first_denial is not None
        assert run.at_first_denial >= 99 * CENT


@pytest.mark.long
def test_without_a_stated_maximum_nobody_is_refused_before_nine_tenths(bot: Bot) -> None:
    for concurrency, seconds in ((1, 0.0), (256, 0.3)):
        upstream = Upstream(seconds)
        run = bot.runaway(f"unstated-{concurrency}", upstream, asked=UNSTATED, respects_limit=True)

        asyncio.run(run.run(concurrency))

        first = min(gone for gone in (run.at_first_denial, run.at_first_held_denial) if gone is not None)
        assert first >= 90 * CENT, concurrency
        assert run.upstream.spent <= DOLLAR, concurrency


@pytest.mark.long
def test_an_understated_output_does_not_pass_the_envelope_when_the_limit_is_respected(bot: Bot) -> None:
    run = bot.runaway("understated", Upstream(), asked={**ASKED, "max_output_tokens": 100}, respects_limit=True)

    asyncio.run(run.run(256))

    assert run.upstream.spent <= DOLLAR + 5 * CENT


@pytest.mark.long
def test_an_understated_prompt_costs_at_most_what_the_requests_in_flight_hid(bot: Bot) -> None:
    run = bot.runaway("liar", Upstream(seconds=0.3), asked={**ASKED, "input_tokens": 100})

    asyncio.run(run.run(128))

    hidden = 128 * 900 * 2_000  # tokens in flight that nobody stated, at 2 dollars per million
    assert DOLLAR < run.upstream.spent <= DOLLAR + hidden


@pytest.mark.long
def test_two_replicas_share_one_bound_and_one_of_them_may_die(pair: Bot) -> None:
    run = pair.runaway("shared", Upstream(seconds=0.05))

    async def with_a_kill() -> None:
        running = asyncio.create_task(run.run(64))
        await run.upstream.reached(30 * CENT)
        await asyncio.to_thread(pair.replicas[0].kill)
        await running

    asyncio.run(with_a_kill())

    assert run.upstream.spent <= DOLLAR
    assert run.at_first_denial is not None
    assert run.at_first_denial >= 99 * CENT
    assert asyncio.run(pair.agrees())


@pytest.mark.long
def test_a_restart_forgets_no_hold(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "outlay.db")
    with running_bot(f"sqlite:///{tmp_path / 'outlay.db'}", tmp_path, 1) as bot:
        run = bot.runaway("restarted", Upstream(seconds=0.1))

        async def until_killed() -> None:
            running = asyncio.create_task(run.run(16))
            await run.upstream.reached(30 * CENT)
            bot.replicas[0].kill()
            running.cancel()
            await asyncio.wait([running])

        asyncio.run(until_killed())
    before = run.upstream.spent + run.upstream.in_flight  # 16 requests were under way; their holds are not settled

    with replicas(1, bot.database_url, tmp_path) as again:
        later = Runaway([again[0].url], bot.token, "restarted", Upstream(), name="later")
        asyncio.run(later.run(1, held_tries=1))

    assert before + later.upstream.spent <= DOLLAR
