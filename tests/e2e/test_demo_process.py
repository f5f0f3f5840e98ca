"""`outlay demo` as a process: what it prints, how it ends, what it keeps, and where it refuses to start."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from bot.demo import Demo
from core.errors import SettingsProblem
from sandbox.usage import events
from tests.support.demo import Filled, RunningDemo, filled, running_demo


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return filled(tmp_path_factory.getbasetemp())


def test_the_demo_prints_its_address_and_nothing_else_and_ends_on_ctrl_c(past: Filled):
    assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", past.ended.stdout)
    assert past.ended.stderr == ""
    assert past.ended.code == 0
    assert past.ended.seconds < 8


@pytest.mark.long
async def test_a_killed_demo_goes_on_with_everything_it_said(past: Filled, tmp_path: Path):
    demo = RunningDemo("--port", "0", "--state", str(past.copy_to(tmp_path / "state"))).wait_until_ready()
    await demo.person("ana").types("/budget set doc-summaries 3k sponsor=@sam --share")
    moved = await demo.moves_clock("1d")
    saved = tmp_path / "state" / "workspace.json"
    wait_for(lambda: "doc-summaries" in saved.read_text())
    assert demo.end(signal.SIGKILL).code == -signal.SIGKILL
    with running_demo(tmp_path / "state") as again:
        assert again.ready_after < past.ready_after
        shared = await again.person("kim").sees("*doc-summaries* has an envelope of *$3,000*")
        assert not shared["ephemeral"]
        assert "*$3,000*" in (await again.person("kim").types("/budget status doc-summaries")).text
        state = json.loads((await again.fetches("/_sandbox/state"))[1])
        now = datetime.fromisoformat(state["clock"]["now"])
        assert now - datetime.fromisoformat(moved["now"]) < timedelta(minutes=5)


@pytest.mark.long
def test_a_demo_killed_while_its_books_are_filled_starts_again_with_the_same_sums(past: Filled, tmp_path: Path):
    demo = RunningDemo("--port", "0", "--state", str(tmp_path / "state"))
    written = tmp_path / "state" / "outlay.db-wal"
    wait_for(lambda: written.exists() and written.stat().st_size > 3_000_000)
    assert demo.end(signal.SIGKILL).stdout == ""
    with running_demo(tmp_path / "state"):
        assert booked(tmp_path / "state") == booked(past.folder)


@pytest.mark.long
def test_a_signal_while_the_books_are_filled_ends_the_demo_quietly(tmp_path: Path):
    demo = RunningDemo("--port", "0", "--state", str(tmp_path / "state"))
    wait_for((tmp_path / "state" / "token").exists)
    ended = demo.end(signal.SIGINT)
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    assert ended.seconds < 8


def test_books_that_are_not_a_demos_are_left_alone(tmp_path: Path):
    books = tmp_path / "outlay.db"
    books.write_bytes(b"somebody's")
    with pytest.raises(SettingsProblem, match="not a demo's"):
        Demo(tmp_path, port=0)
    assert list(tmp_path.iterdir()) == [books]


def test_a_state_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(SettingsProblem, match=r"demo\.json cannot be read"):
        Demo(tmp_path, port=0)


async def test_time_that_passed_by_itself_has_its_usage_too(past: Filled, tmp_path: Path):
    demo = Demo(past.copy_to(tmp_path / "state"), port=0)
    opens_at = demo.clock()
    await demo.start()
    try:
        demo.clock.move(timedelta(hours=2))
        moved = await demo.advance("1h")
    finally:
        await demo.stop()
    until = datetime.fromisoformat(moved["now"])
    assert until - opens_at > timedelta(hours=3)
    kept_from = opens_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    assert moved["events"] == len(list(events(kept_from, until, anchor=opens_at.date())))


def booked(folder: Path) -> tuple[int, int]:
    """Events in the books, and what they cost in nanos."""
    with closing(sqlite3.connect(folder / "outlay.db")) as books:
        return tuple(books.execute("SELECT count(*), sum(cost_nanos) FROM usage_events").fetchone())


def wait_for(claim: Callable[[], bool], seconds: float = 30) -> None:
    until = monotonic() + seconds
    while not claim():
        assert monotonic() < until, "it never came true"
        sleep(0.02)
