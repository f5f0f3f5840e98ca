"""Every way a client may send a call, and who may call at all."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from tests.sandbox.content import section
from tests.sandbox.refusals import refused
from tests.sandbox.waiting import eventually

API = "https://docs.slack.dev/apis/web-api"
SDK = "https://docs.slack.dev/tools/python-slack-sdk/web"
ARGUMENTS = {"channel": "C0BUDGET", "text": "hello"}


@pytest.mark.documented(API)
@pytest.mark.parametrize("way", ["query", "form", "json", "multipart", "get"])
async def test_arguments_may_come_in_any_of_slacks_ways(box: Sandbox, way: str) -> None:
    blocks = [section("same")]
    text_form = {**ARGUMENTS, "blocks": json.dumps(blocks)}
    url = f"{box.api_url}chat.postMessage"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {box.bot_token}"}) as client:
        answer = {
            "query": lambda: client.post(url, params=text_form),
            "form": lambda: client.post(url, data=text_form),
            "json": lambda: client.post(url, json={**ARGUMENTS, "blocks": blocks}),
            "multipart": lambda: client.post(url, data=text_form, files={"unused": b"x"}),
            "get": lambda: client.get(url, params=text_form),
        }[way]()
        sent = (await answer).json()
    assert sent["message"]["text"] == "hello"
    assert sent["message"]["blocks"][0]["text"]["text"] == "same"


@pytest.mark.documented(API)
async def test_a_token_may_come_as_an_argument(box: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        answer = (await client.post(f"{box.api_url}auth.test", data={"token": box.bot_token})).json()
    assert answer["user_id"] == "U0OUTLAY"


@pytest.mark.documented(API)
@pytest.mark.parametrize(("token", "code"), [(None, "not_authed"), ("xoxb-wrong", "invalid_auth")])
async def test_a_call_without_a_good_token_is_refused(box: Sandbox, token: str | None, code: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(headers=headers) as client:
        answer = await client.post(f"{box.api_url}chat.postMessage", json=ARGUMENTS)
    assert answer.status_code == 200, "Slack refuses with status 200"
    assert answer.json() == {"ok": False, "error": code}


@pytest.mark.documented(API)
async def test_the_app_token_opens_connections_and_nothing_else(box: Sandbox) -> None:
    app = AsyncWebClient(token=box.app_token, base_url=box.api_url)
    assert (await app.apps_connections_open(app_token=box.app_token))["url"].startswith("ws://127.0.0.1:")
    with refused("not_allowed_token_type"):
        await app.chat_postMessage(channel="C0BUDGET", text="x")


@pytest.mark.documented(API)
async def test_an_unknown_method_is_one(api: AsyncWebClient) -> None:
    with refused("unknown_method"):
        await api.api_call("chat.shout")


@pytest.mark.documented(API)
async def test_a_required_argument_is_required(api: AsyncWebClient) -> None:
    with refused("invalid_arguments"):
        await api.api_call("chat.postMessage", params={"text": "x"})


@pytest.mark.documented(SDK)
async def test_the_sync_and_the_async_client_see_the_same_workspace(box: Sandbox, api: AsyncWebClient) -> None:
    sync = WebClient(token=box.bot_token, base_url=box.api_url)
    metadata = {"event_type": "notice", "event_payload": {"id": 1}}

    def by_sync() -> str:
        sync.auth_test()
        sent = sync.chat_postMessage(channel="C0BUDGET", text="sync", blocks=[section()], metadata=metadata)
        sync.files_upload_v2(filename="chart.png", content=b"\x89PNG", channel="C0BUDGET", thread_ts=sent["ts"])
        return str(sent["ts"])

    ts = await asyncio.to_thread(by_sync)
    thread = (await api.conversations_replies(channel="C0BUDGET", ts=ts, include_all_metadata=True))["messages"]
    assert thread[0]["metadata"] == metadata
    assert thread[1]["files"], "the sync client uploaded into the thread"


@pytest.mark.documented("https://docs.slack.dev/tools/bolt-python")
async def test_bolt_without_asyncio_works_over_socket_mode(box: Sandbox) -> None:
    def connected() -> SocketModeHandler:
        app = App(client=WebClient(token=box.bot_token, base_url=box.api_url))

        @app.command("/budget")
        def budget(ack: Any, command: dict[str, Any]) -> None:
            ack(f"read {command['text']}")

        web = WebClient(token=box.app_token, base_url=box.api_url)
        handler = SocketModeHandler(app, box.app_token, web_client=web)
        handler.connect()
        return handler

    handler = await asyncio.to_thread(connected)
    try:
        await eventually(lambda: box.bench.socket.connected)
        assert (await Person(box.url, "U0ANA").types("/budget status")).message["text"] == "read status"
    finally:
        await asyncio.to_thread(handler.close)


@pytest.mark.documented("https://docs.slack.dev/reference/methods/auth.test")
async def test_scopes_are_in_the_headers(api: AsyncWebClient) -> None:
    headers = {name.lower(): value for name, value in (await api.auth_test()).headers.items()}
    assert "chat:write" in headers["x-oauth-scopes"].split(",")
