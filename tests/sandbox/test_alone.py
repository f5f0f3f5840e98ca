"""`python -m sandbox`: the workspace by itself, for apps in any language."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_says_when_it_is_ready_and_what_an_app_needs_to_know() -> None:
    async with started("--port", "0") as process:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(5)]
        told = dict(line.split("=", 1) for line in lines[1:])
        assert lines[0].startswith("ready http://127.0.0.1:")
        api = AsyncWebClient(token=told["SLACK_BOT_TOKEN"], base_url=told["SLACK_API_URL"])
        assert (await api.auth_test())["team"] == "Acme"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_taken_port_is_told_with_the_way_out(box: Sandbox) -> None:
    async with started("--port", box.url.rpartition(":")[2]) as process:
        _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert b"Choose another with --port" in said


async def test_the_package_needs_neither_the_bot_nor_its_core() -> None:
    code = (
        "import sys, json, sandbox; print(json.dumps([m for m in sys.modules if m.split('.')[0] in ('bot', 'core')]))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert json.loads(out) == []
