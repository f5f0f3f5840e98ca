"""SIGTERM in the middle of work: what was taken is finished and answered, nothing is lost and nothing counts twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from core.services.keep_books import check_books
from core.services.manage_tokens import create_token
from tests.support.books import FARAH, NOON, a_payload, books_in
from tests.support.processes import outlay
from tests.support.tables import number_of

SENDERS, BATCH = 6, 40


async def started(url: str) -> tuple[subprocess.Popen[str], str]:
    process = outlay(
        "run",
        url=url,
        SLACK_BOT_TOKEN="xoxb-nobody",
        SLACK_SIGNING_SECRET="s" * 32,
        SLACK_API_URL="http://127.0.0.1:9/",
        OUTLAY_PORT="0",
    )
    assert process.stdout is not None
    line = await asyncio.to_thread(process.stdout.readline)
    assert line.startswith("ready "), line
    return process, line.split()[1]


@pytest.mark.long
async def test_a_process_that_is_told_to_stop_finishes_what_it_took(database_url: str) -> None:
    async with books_in(database_url) as uow:
        token = await create_token(uow, "gateway", frozenset({"usage"}), by=FARAH, now=NOON)
    process, address = await started(database_url)
    sent: set[str] = set()
    confirmed: set[str] = set()
    broken: list[int] = []
    headers = {"Authorization": f"Bearer {token}"}

    async def send(number: int) -> None:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
            for turn in range(10_000):
                ids = [f"e-{number}-{turn}-{place}" for place in range(BATCH)]
                sent.update(ids)
                try:
                    answer = await client.post("/v1/usage", json=[a_payload(id=one) for one in ids])
                except httpx.TransportError:
                    return  # nobody listens any more
                if answer.status_code != 202:
                    broken.append(answer.status_code)
                    return
                confirmed.update(ids)

    senders = [asyncio.create_task(send(number)) for number in range(SENDERS)]
    while len(confirmed) < 500:
        await asyncio.sleep(0.01)
    told_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await asyncio.gather(*senders)
    code = await asyncio.to_thread(process.wait, 30)
    took = time.monotonic() - told_at
    _, log = await asyncio.to_thread(process.communicate)

    assert code == 0, log
    assert took < 15
    assert broken == []
    assert '"level": "error"' not in log
    async with books_in(database_url) as uow:
        assert await number_of(uow, "SELECT count(*) FROM usage_events") >= len(confirmed)

    process, address = await started(database_url)
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        again = (await client.post("/v1/usage", json=[a_payload(id=one) for one in sorted(sent)])).json()
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.communicate)

    assert again["accepted"] + again["duplicates"] == len(sent)
    assert again["duplicates"] >= len(confirmed)
    async with books_in(database_url) as uow:
        assert await number_of(uow, "SELECT count(*) FROM usage_events") == len(sent)
        assert (await check_books(uow)).holds


async def test_a_slack_that_is_away_at_the_start_keeps_neither_usage_nor_stopping_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.service.CONNECT_SECONDS", 0.1)
    service = Service(
        Settings(
            _env_file=None, slack_bot_token=SecretStr("xoxb-nobody"), slack_app_token=SecretStr("xapp-nobody"),
            slack_api_url="http://127.0.0.1:9/", outlay_database_url=f"sqlite:///{tmp_path / 'outlay.db'}", outlay_port=0,
        )
    )  # fmt: skip
    await asyncio.wait_for(service.start(), timeout=20)
    async with httpx.AsyncClient(base_url=service.url) as client:
        assert (await client.get("/readyz")).status_code == 200
    await asyncio.wait_for(service.stop(), timeout=5)

    assert "slack_not_reached" in caplog.text
