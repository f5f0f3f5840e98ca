"""Every answer carries the id under which the log knows it; metrics answer even when the database does not."""

from __future__ import annotations

import logging
import re

import pytest

from bot.request_id import HEADER
from tests.support.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_answer_carries_the_id_that_was_sent_or_a_new_one(api: Api) -> None:
    given = await api.client.get("/healthz", headers={HEADER: "trace-42"})
    made = await api.client.get("/healthz")
    wild = await api.client.get("/healthz", headers={HEADER: 'x" onclick=' + "y" * 100})

    assert given.headers[HEADER] == "trace-42"
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", made.headers[HEADER])
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", wild.headers[HEADER])


@pytest.mark.parametrize("path", ["/v1/guard/authorize", "/v1/guard/lease", "/v1/usage"])
async def test_a_refusal_tells_the_id_in_its_body_too(api: Api, path: str) -> None:
    answer = await api.client.post(path, content=b"[]", headers={HEADER: "trace-7", "Authorization": "Bearer wrong"})

    assert (answer.status_code, answer.json()["reference"], answer.headers[HEADER]) == (401, "trace-7", "trace-7")


async def test_a_fault_of_ours_is_in_the_log_under_the_id_that_the_sender_is_told(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.web.inlet.native.read", broken)
    headers = {"Authorization": f"Bearer {api.tokens['usage']}", HEADER: "trace-8"}
    with caplog.at_level(logging.ERROR):
        answer = await api.client.post("/v1/usage", content=b"[]", headers=headers)

    assert (answer.status_code, answer.json()["reference"], answer.headers[HEADER]) == (500, "trace-8", "trace-8")
    assert [record.__dict__["reference"] for record in caplog.records if record.msg == "request_failed"] == ["trace-8"]


async def test_metrics_tell_of_the_books(api: Api) -> None:
    text = (await api.client.get("/metrics")).text

    assert "outlay_database_up 1.0" in text
    assert "outlay_outbox_waiting" in text
    assert re.search(r'outlay_database_connections\{pool="(shared|read)",state="idle"\}', text)
