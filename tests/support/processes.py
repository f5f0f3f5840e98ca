"""`outlay` with its settings in the environment: as a process of its own, or in this one where a start proves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import patch

from bot.__main__ import main


def outlay(*arguments: str, url: str, **settings: str) -> subprocess.Popen[str]:
    """Start `outlay …` on that database. Whoever starts it waits for it, or kills it."""
    return subprocess.Popen([sys.executable, "-m", "bot", *arguments], **_surroundings(url, settings))


def ran(*arguments: str, url: str, **settings: str) -> tuple[int, str, str]:
    """Run `outlay …` to its end: (exit code, stdout, stderr)."""
    process = outlay(*arguments, url=url, **settings)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def ran_here(*arguments: str, url: str, **settings: str) -> tuple[int, str, str]:
    """As `ran`, in this process: a start takes longer than most commands."""
    out, err = StringIO(), StringIO()
    code: object = 0
    with (
        patch.dict(os.environ, _environment(url, settings), clear=True),
        patch.object(sys, "argv", ["outlay", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()


def _surroundings(url: str, settings: dict[str, str]) -> dict[str, Any]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return {"env": _environment(url, settings), "text": True, **pipes}


def _environment(url: str, settings: dict[str, str]) -> dict[str, str]:
    own = {"OUTLAY_DATABASE_URL": url, "OUTLAY_FINANCE": "U0FARAH", "OUTLAY_TIMEZONE": "UTC", "COLUMNS": "200"}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "OUTLAY_"))}
    return env | own | settings
