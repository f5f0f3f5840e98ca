"""Jobs by the slot: done once by any number of processes, taken over from those that die, caught up after a pause."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from bot.ticking import Ticking
from core.services.run_slots import Done, Job, run_slot
from core.slots import every
from core.store.slot_rows import LEASE
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON
from tests.support.tables import number_of

HOURLY = every(hours=1)


class Doing:
    """A job that counts, and does what it is told besides."""

    def __init__(self, *raises: BaseException | None) -> None:
        self.times: list[datetime] = []
        self._raises = list(raises)

    async def __call__(self, *, now: datetime) -> bool:
        self.times.append(now)
        await asyncio.sleep(0)
        if self._raises and (wrong := self._raises.pop(0)):
            raise wrong
        return True

    @property
    def job(self) -> Job:
        return Job("count", HOURLY, self)


async def runs(uow: UnitOfWork, doing: Doing, later: timedelta = timedelta()) -> Done:
    return (await run_slot(uow, doing.job, clock=lambda: NOON + later))[1]


async def test_a_slot_is_done_once_however_many_look(uow: UnitOfWork) -> None:
    doing, other = Doing(), UnitOfWork(uow.url, ZoneInfo("UTC"))
    outcomes = await asyncio.gather(*(runs(store, doing) for store in (uow, other) * 4))
    await other.close()

    assert len(doing.times) == 1
    assert sorted(outcome.name for outcome in outcomes) == ["TAKEN"] * 7 + ["TOLD"]
    assert await runs(uow, doing, timedelta(minutes=59)) is Done.TAKEN
    assert await runs(uow, doing, timedelta(minutes=60)) is Done.TOLD


async def test_the_slot_of_a_process_that_died_is_taken_over_when_its_lease_ends(uow: UnitOfWork) -> None:
    class Killed(BaseException):
        pass

    doing = Doing(Killed())
    with pytest.raises(Killed):
        await runs(uow, doing)

    assert await runs(uow, doing, LEASE - timedelta(seconds=1)) is Done.TAKEN
    assert await runs(uow, doing, LEASE) is Done.TOLD
    assert await runs(uow, doing, LEASE * 2) is Done.TAKEN


async def test_a_job_that_fails_is_tried_again_after_a_growing_while(uow: UnitOfWork) -> None:
    doing = Doing(ValueError("one"), ValueError("two"))

    assert await runs(uow, doing) is Done.FAILED
    assert await runs(uow, doing, timedelta(seconds=59)) is Done.TAKEN
    assert await runs(uow, doing, timedelta(seconds=60)) is Done.FAILED
    assert await runs(uow, doing, timedelta(seconds=179)) is Done.TAKEN
    assert await runs(uow, doing, timedelta(seconds=180)) is Done.TOLD


async def test_slots_that_were_missed_are_folded_into_the_next_and_logged(
    uow: UnitOfWork, caplog: pytest.LogCaptureFixture
) -> None:
    doing = Doing()
    await runs(uow, doing)
    with caplog.at_level(logging.WARNING):
        await runs(uow, doing, timedelta(hours=5))

    assert len(doing.times) == 2
    (record,) = [one for one in caplog.records if one.message == "slots_missed"]
    assert record.__dict__["slots"] == 4


async def test_old_slots_are_let_go(uow: UnitOfWork) -> None:
    doing = Doing()
    for hour in (0, 1, 24 * 8):
        await runs(uow, doing, timedelta(hours=hour))

    assert await number_of(uow, "SELECT count(*) FROM slots") == 1


async def test_a_process_looks_no_further_once_the_slot_is_done(uow: UnitOfWork) -> None:
    doing, told = Doing(), []
    ticking = Ticking(uow, lambda: NOON, lambda: told.append(1))
    for _ in range(3):
        await ticking.look(doing.job)

    assert (len(doing.times), len(told)) == (1, 1)


async def test_metrics_tell_how_a_job_ended_and_not_that_somebody_looked(uow: UnitOfWork) -> None:
    doing, name = Doing(ZeroDivisionError()), f"counted-{uow.url[:6]}"
    clock = [NOON]
    ticking = Ticking(uow, lambda: clock[0], lambda: None)
    job = Job(name, HOURLY, doing)
    for step in (timedelta(), timedelta(seconds=15), timedelta(hours=1), timedelta(seconds=15)):
        clock[0] += step
        await ticking.look(job)

    def value(metric: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(metric, {"task": name, **labels})

    assert (value("outlay_job_runs_total", outcome="failed"), value("outlay_job_runs_total", outcome="done")) == (1, 1)
    assert value("outlay_job_lag_seconds") == 15
    assert value("outlay_job_last_success_timestamp_seconds")


def test_two_processes_share_the_work(postgres_url: str) -> None:
    code = (
        "import asyncio, sys\n"
        "from tests.integration.test_run_slots import shares\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(asyncio.run(shares(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, postgres_url]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    did = [int(process.communicate(timeout=60)[0]) for process in started(both)]

    assert sum(did) == 40
    assert all(did)


def started(both: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Both set off at once."""
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return both


async def shares(url: str) -> int:
    """How many of forty slots this process did, looking as fast as it can."""
    uow, doing = UnitOfWork(url, ZoneInfo("UTC")), Doing()
    for hour in range(40):
        await run_slot(uow, doing.job, clock=lambda hour=hour: NOON + timedelta(hours=hour))
        await asyncio.sleep(0.01)
    await uow.close()
    return len(doing.times)
