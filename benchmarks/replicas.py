"""Several processes of the bot on one database, one of which can be killed as an operator or a kernel would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.process import environment
from core.change_request import SetOrder
from core.people import Actor
from core.services.manage_envelopes import Defaults, set_envelope
from core.store.unit_of_work import UnitOfWork

_OWNER, _FINANCE, _SPONSOR = "U0ANA", "U0FARAH", "U0SAM"


@dataclass
class Replica:
    """A running process and where it listens."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """SIGKILL: no answer is finished, nothing is written down."""
        self.process.kill()
        self.process.wait(timeout=30)


@contextmanager
def replicas(
    count: int, database_url: str, folder: Path, more: Mapping[str, str] | None = None
) -> Iterator[list[Replica]]:
    """That many processes of `outlay run` for the length of the block; the database has to be migrated."""
    started: list[Replica] = []
    try:
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], env=environment(database_url, more), cwd=folder,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
            started.append(Replica(process, ""))
        for replica in started:
            assert replica.process.stdout is not None
            line = replica.process.stdout.readline()
            if not line.startswith("ready "):
                raise RuntimeError(f"outlay run did not start: {line!r}")
            replica.url = line.split()[1]
        yield started
    finally:
        for replica in started:
            if replica.process.poll() is None:
                replica.process.terminate()
        for replica in started:
            replica.process.wait(timeout=30)


async def open_envelopes(database_url: str, dollars: Mapping[str, float]) -> None:
    """An envelope of that size for each workload, in the current month."""
    uow = UnitOfWork(database_url, ZoneInfo("UTC"))
    try:
        for workload, amount in dollars.items():
            order = SetOrder(workload, round(amount * 1_000_000_000), owner=_OWNER, finance=_FINANCE, sponsor=_SPONSOR)
            await set_envelope(
                uow, order, by=Actor(_OWNER), defaults=Defaults(finance=_FINANCE, channel=None), now=datetime.now(UTC)
            )
    finally:
        await uow.close()
