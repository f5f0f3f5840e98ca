"""`outlay` as a process of its own, with its settings in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any


def outlay(*arguments: str, url: str, **settings: str) -> subprocess.Popen[str]:
    """Start `outlay …` on that database. Whoever starts it waits for it, or kills it."""
    return subprocess.Popen([sys.executable, "-m", "bot", *arguments], **_surroundings(url, settings))


def ran(*arguments: str, url: str, **settings: str) -> tuple[int, str, str]:
    """Run `outlay …` to its end: (exit code, stdout, stderr)."""
    process = outlay(*arguments, url=url, **settings)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def _surroundings(url: str, settings: dict[str, str]) -> dict[str, Any]:
    own = {"OUTLAY_DATABASE_URL": url, "OUTLAY_FINANCE": "U0FARAH", "OUTLAY_TIMEZONE": "UTC", "COLUMNS": "200"}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "OUTLAY_"))}
    return {"env": env | own | settings, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
