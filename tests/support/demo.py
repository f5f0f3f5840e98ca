"""`outlay demo` as a process of its own, for tests and for pictures; filled once, then copied."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Timer
from time import monotonic

import aiohttp
from fasteners import InterProcessLock

from sandbox import Person
from sandbox.model import Json

START_SECONDS = 240
STOP_SECONDS = 15


@dataclass(frozen=True)
class Ended:
    """How a demo ended: exit code, all that it wrote, and the seconds from the signal to the end."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class RunningDemo:
    """A demo that was started; `ready_after` is in seconds, from the command to its `ready` line."""

    def __init__(self, *arguments: str) -> None:
        self._began_at = monotonic()
        self._first_line = ""
        self.ready_after = 0.0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--no-browser", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    def wait_until_ready(self) -> RunningDemo:
        """Waits for the first line, whatever it says; an end without one is an AssertionError with what was said."""
        assert self.process.stdout is not None
        overdue = Timer(START_SECONDS, self.process.kill)
        overdue.start()
        self._first_line = self.process.stdout.readline()
        overdue.cancel()
        self.ready_after = monotonic() - self._began_at
        assert self._first_line.startswith("ready "), (self._first_line, self.end(signal.SIGKILL).stderr)
        return self

    @property
    def url(self) -> str:
        return self._first_line.split()[1]

    async def fetches(self, path: str) -> tuple[str, bytes]:
        """(content type, body) of a page of the demo."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return answer.content_type, await answer.read()

    async def moves_clock(self, step: str) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/_sandbox/clock", json={"advance": step}) as answer,
        ):
            assert answer.status == 200, await answer.text()
            moved: Json = await answer.json()
            return moved

    def person(self, name: str, *, channel: str = "C0BUDGET") -> Person:
        return Person(self.url, f"U0{name.upper()}", channel=channel)

    def end(self, how: signal.Signals = signal.SIGINT) -> Ended:
        began_at = monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        stdout, stderr = self.process.communicate(timeout=STOP_SECONDS)
        return Ended(self.process.returncode, self._first_line + stdout, stderr, monotonic() - began_at)


@dataclass(frozen=True)
class Filled:
    """A state folder to copy, and how its first run went."""

    folder: Path
    ready_after: float
    url: str
    ended: Ended

    def copy_to(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.folder, folder))


@cache
def filled(base: Path) -> Filled:
    """The company's past in a folder below `base`; filling the books takes some seconds, so once a run of the tests.

    Workers of one run have folders beside each other; the first that needs the past makes it for all.
    """
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = shared / "filled-demo.pickle"
    with InterProcessLock(shared / "filled-demo.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_fill(shared / "filled-demo")))
        past: Filled = pickle.loads(kept.read_bytes())
        return past


def _fill(folder: Path) -> Filled:
    demo = RunningDemo("--port", "0", "--state", str(folder)).wait_until_ready()
    url, ready_after = demo.url, demo.ready_after
    return Filled(folder, ready_after, url, demo.end())


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """A demo on a free port that keeps its state in `folder`; ended in any case."""
    demo = RunningDemo("--port", "0", "--state", str(folder))
    try:
        yield demo.wait_until_ready()
    finally:
        demo.end()
