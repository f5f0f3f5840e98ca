"""Signatures, retries, event ids, response URLs and Socket Mode, seen from the app's side of the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import pytest
from slack_bolt.async_app import AsyncAck
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import Person, Sandbox
from sandbox.deliveries import RETRY_SECONDS, signature
from sandbox.server import LoopbackServer
from sandbox.tickets import RESPONSE_SECONDS, ResponseUrl
from tests.sandbox.apps import new_app, serving
from tests.sandbox.content import section
from tests.sandbox.refusals import refused
from tests.sandbox.waiting import eventually

SIGNING = "https://docs.slack.dev/authentication/verifying-requests-from-slack"
EVENTS = "https://docs.slack.dev/apis/events-api"
RESPONSES = "https://docs.slack.dev/interactivity/handling-user-interaction"
SOCKET = "https://docs.slack.dev/apis/events-api/using-socket-mode"


@dataclass
class Wire:
    """A bare HTTP app that keeps what it gets; `answers` are used up one by one, then it says 200."""

    answers: list[Response] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        return self.answers.pop(0) if self.answers else Response()

    async def until(self, count: int) -> None:
        await eventually(lambda: len(self.got) >= count)


@asynccontextmanager
async def listening(box: Sandbox, *answers: Response) -> AsyncIterator[Wire]:
    wire = Wire(list(answers))
    server = LoopbackServer(Starlette(routes=[Route("/", wire.take, methods=["POST"])]), 0)
    await server.start()
    box.request_url = f"http://127.0.0.1:{server.port}/"
    try:
        yield wire
    finally:
        await server.stop()


@pytest.mark.documented(SIGNING)
async def test_every_request_is_signed(box: Sandbox) -> None:
    async with listening(box) as wire:
        await Person(box.url, "U0ANA").opens_home()
        await wire.until(1)
    headers, body = wire.got[0]
    verifier = SignatureVerifier(box.signing_secret)
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + b" ", headers)


@pytest.mark.documented(SIGNING)
async def test_bolt_refuses_a_replayed_or_forged_request(box: Sandbox) -> None:
    app = new_app(box)
    async with serving(box, app, "http"), httpx.AsyncClient() as client:
        assert box.request_url is not None
        old = signature(b"{}", at=1_000_000_000)
        forged = signature(b"{}") | {"X-Slack-Signature": "v0=00"}
        assert (await client.post(box.request_url, content=b"{}", headers=old)).status_code == 401
        assert (await client.post(box.request_url, content=b"{}", headers=forged)).status_code == 401


@pytest.mark.documented(EVENTS)
async def test_an_unacknowledged_event_is_sent_again_three_times_with_the_same_id(box: Sandbox) -> None:
    assert RETRY_SECONDS == (0.0, 60.0, 300.0), "at once, after a minute, after five"
    async with listening(box, *[Response(status_code=500)] * 4) as wire:
        await Person(box.url, "U0ANA").opens_home()
        await wire.until(4)
        await asyncio.sleep(0.2)
    assert len(wire.got) == 4
    assert [headers.get("x-slack-retry-num") for headers, _ in wire.got] == [None, "1", "2", "3"]
    assert wire.got[1][0]["x-slack-retry-reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for _, body in wire.got}) == 1


@pytest.mark.documented(EVENTS)
async def test_an_app_can_decline_retries(box: Sandbox) -> None:
    async with listening(box, Response(status_code=500, headers={"X-Slack-No-Retry": "1"})) as wire:
        await Person(box.url, "U0ANA").opens_home()
        await wire.until(1)
        await asyncio.sleep(0.2)
    assert len(wire.got) == 1


@pytest.mark.documented(EVENTS)
async def test_events_come_only_when_subscribed(box: Sandbox) -> None:
    ana = Person(box.url, "U0ANA")
    async with listening(box) as wire:
        await ana.types("hello")
        box.bench.grants.events.add("message.channels")
        await ana.types("hello @ben", channel="C0SEARCH")
        await wire.until(1)
        await asyncio.sleep(0.05)
    event = json.loads(wire.got[0][1])["event"]
    assert (event["type"], event["channel_type"], event["text"]) == ("message", "channel", "hello <@U0BEN>")
    assert len(wire.got) == 1


@pytest.mark.documented("https://docs.slack.dev/reference/events/app_mention")
async def test_a_mention_of_the_app_is_an_event_of_its_own(box: Sandbox) -> None:
    box.bench.grants.events.add("app_mention")
    async with listening(box) as wire:
        await Person(box.url, "U0ANA").types("what does @outlay say?")
        await wire.until(1)
    assert json.loads(wire.got[0][1])["event"]["text"] == "what does <@U0OUTLAY> say?"


@pytest.mark.documented("https://docs.slack.dev/reference/events/url_verification")
async def test_a_request_url_must_answer_a_challenge(box: Sandbox, control: httpx.AsyncClient) -> None:
    app = new_app(box)
    async with serving(box, app, "http"):
        url, box.request_url = box.request_url, None
        assert (await control.post("install", json={"request_url": url})).json()["request_url"] == url
        refusal = await control.post("install", json={"request_url": f"{box.url}/nothing"})
        assert refusal.status_code == 400


@pytest.mark.documented("https://docs.slack.dev/reference/events/app_uninstalled")
async def test_uninstalling_revokes_the_tokens(box: Sandbox, control: httpx.AsyncClient, api: AsyncWebClient) -> None:
    async with listening(box) as wire:
        await control.post("event", json={"type": "app_uninstalled"})
        await wire.until(1)
    assert json.loads(wire.got[0][1])["event"]["type"] == "app_uninstalled"
    with refused("token_revoked"):
        await api.auth_test()
    await control.post("install", json={})
    assert (await api.auth_test())["ok"]


def url_for(box: Sandbox, **rest: Any) -> AsyncWebhookClient:
    """A response URL as an interaction of Ana in #ai-budget would carry it."""
    return AsyncWebhookClient(box.bench.response_url("C0BUDGET", "U0ANA", **rest), retry_handlers=[])


@pytest.mark.documented(RESPONSES)
async def test_a_response_url_is_good_five_times(box: Sandbox) -> None:
    hook = url_for(box)
    answers = [await hook.send(text=str(n)) for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert json.loads(answers[5].body) == {"ok": False, "error": "used_url"}
    assert [one["text"] for one in await Person(box.url, "U0ANA").reads()] == ["0", "1", "2", "3", "4"]


@pytest.mark.documented(RESPONSES)
async def test_a_response_url_is_good_for_half_an_hour(box: Sandbox) -> None:
    hook = url_for(box)
    url: ResponseUrl = next(iter(box.bench.tickets._urls.values()))
    url.issued_at -= RESPONSE_SECONDS + 1
    answer = await hook.send(text="late")
    assert json.loads(answer.body) == {"ok": False, "error": "expired_url"}


@pytest.mark.documented(RESPONSES)
async def test_a_response_is_for_its_person_unless_it_says_in_channel(box: Sandbox) -> None:
    hook = url_for(box)
    await hook.send(text="yours")
    await hook.send(text="everybody's", response_type="in_channel")
    assert [one["text"] for one in await Person(box.url, "U0BEN").reads()] == ["everybody's"]
    assert [one["text"] for one in await Person(box.url, "U0ANA").reads()] == ["yours", "everybody's"]


@pytest.mark.documented(RESPONSES)
async def test_a_response_with_invalid_blocks_changes_nothing(box: Sandbox, api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="kept")
    hook = url_for(box, message_ts=sent["ts"])
    answer = await hook.send(text="x", blocks=[section("x" * 3001)], replace_original=True)
    assert answer.status_code == 400
    assert json.loads(answer.body)["error"] == "invalid_blocks"
    assert [one["text"] for one in await Person(box.url, "U0ANA").reads()] == ["kept"]


@asynccontextmanager
async def bare_socket(box: Sandbox) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection made by hand, past its hello."""
    app = AsyncWebClient(token=box.app_token, base_url=box.api_url)
    url = (await app.apps_connections_open(app_token=box.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        hello = await socket.receive_json()
        assert hello["type"] == "hello"
        yield socket


@pytest.mark.documented(SOCKET)
async def test_an_envelope_says_what_it_is_and_waits_for_its_id(box: Sandbox) -> None:
    async with bare_socket(box) as socket:
        command = asyncio.create_task(Person(box.url, "U0ANA").types("/budget status"))
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert envelope["payload"]["text"] == "status"
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "by hand"}})
        assert (await command).message["text"] == "by hand"


@pytest.mark.documented(SOCKET)
async def test_an_unanswered_envelope_of_an_event_comes_again_with_its_number(box: Sandbox) -> None:
    box.bench.deliveries.ack_seconds = 0.1
    async with bare_socket(box) as socket:
        await Person(box.url, "U0ANA").opens_home()
        first, second = await socket.receive_json(), await socket.receive_json()
        await socket.send_json({"envelope_id": second["envelope_id"]})
        await asyncio.sleep(0.3)
    assert (first["retry_attempt"], second["retry_attempt"], second["retry_reason"]) == (0, 1, "http_timeout")
    assert first["payload"]["event_id"] == second["payload"]["event_id"]


@pytest.mark.documented(SOCKET)
@pytest.mark.parametrize("nonsense", ["{", "[]", b"\x00"])
async def test_nonsense_ends_the_connection_and_nothing_else(
    box: Sandbox, api: AsyncWebClient, nonsense: str | bytes
) -> None:
    async with bare_socket(box) as socket:
        await (socket.send_str(nonsense) if isinstance(nonsense, str) else socket.send_bytes(nonsense))
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert (await api.auth_test())["ok"]


@pytest.mark.documented(SOCKET)
async def test_a_connection_address_is_good_once(box: Sandbox) -> None:
    app = AsyncWebClient(token=box.app_token, base_url=box.api_url)
    url = (await app.apps_connections_open(app_token=box.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["num_connections"] == 1
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


@pytest.mark.documented(SOCKET)
async def test_the_sdk_connects_again_after_slack_ends_the_connection(box: Sandbox, control: httpx.AsyncClient) -> None:
    app = new_app(box)

    @app.command("/budget")
    async def budget(ack: AsyncAck) -> None:
        await ack("still here")

    async with serving(box, app, "socket"):
        assert (await control.post("disconnect", json={})).json()["ended"] == 1
        await eventually(lambda: box.bench.socket.connected)
        assert (await Person(box.url, "U0ANA").types("/budget")).message["text"] == "still here"


@pytest.mark.documented(SOCKET)
async def test_without_any_connection_a_command_says_so(box: Sandbox) -> None:
    seen = await Person(box.url, "U0ANA").types("/budget status")
    assert seen.error is not None
    assert seen.error.startswith("dispatch_failed")


@pytest.mark.documented(EVENTS)
async def test_the_log_tells_calls_and_deliveries_apart(
    box: Sandbox, control: httpx.AsyncClient, api: AsyncWebClient
) -> None:
    async with listening(box, Response("noted")):
        await api.chat_postMessage(channel="C0BUDGET", text="x")
        await Person(box.url, "U0ANA").types("/budget status")
    entries = (await control.get("log")).json()["entries"]
    kinds = [(entry["kind"], entry.get("method") or entry.get("type"), entry["ok"]) for entry in entries]
    assert ("api", "chat.postMessage", True) in kinds
    assert ("delivery", "slash_command", True) in kinds
    assert all(entry["ack_ms"] > 0 for entry in entries if entry["kind"] == "delivery")
