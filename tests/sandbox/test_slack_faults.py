"""Every kind of fault, proven from the bot's side: what its client sees, and what really happened."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import httpx
import pytest
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import Person, RateLimit, Sandbox
from tests.sandbox.apps import TRANSPORTS, new_app, serving
from tests.sandbox.refusals import refused
from tests.sandbox.waiting import eventually

ERRORS = "https://docs.slack.dev/reference/methods/chat.postMessage"
LIMITS = "https://docs.slack.dev/apis/web-api/rate-limits"
RETRIES = "https://docs.slack.dev/tools/python-slack-sdk/web"
EVENTS = "https://docs.slack.dev/apis/events-api"


async def order(control: httpx.AsyncClient, *faults: dict[str, Any]) -> None:
    assert (await control.post("faults", json=list(faults))).status_code == 200


async def texts(api: AsyncWebClient) -> list[str]:
    return [one["text"] for one in (await api.conversations_history(channel="C0BUDGET"))["messages"]]


@pytest.mark.documented(LIMITS)
async def test_429_tells_how_long_to_wait_and_does_nothing(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    await order(control, {"method": "chat.postMessage", "kind": "429", "seconds": 7})
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0BUDGET", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert caught.value.response["error"] == "ratelimited"
    assert await texts(api) == []


@pytest.mark.documented(LIMITS)
async def test_the_sdks_own_handler_waits_and_gets_through(box: Sandbox, control: httpx.AsyncClient) -> None:
    handler = AsyncRateLimitErrorRetryHandler(max_retry_count=1)
    api = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[handler])
    await order(control, {"method": "chat.postMessage", "kind": "429", "seconds": 1})
    assert (await api.chat_postMessage(channel="C0BUDGET", text="patient"))["ok"]
    assert await texts(api) == ["patient"]


@pytest.mark.documented(ERRORS)
async def test_500_does_nothing(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    await order(control, {"method": "chat.postMessage", "kind": "500"})
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0BUDGET", text="x")
    assert caught.value.response.status_code == 500
    assert await texts(api) == []


@pytest.mark.documented(ERRORS)
async def test_lost_is_done_but_never_answered(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    await order(control, {"method": "chat.postMessage", "kind": "lost"})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api.chat_postMessage(channel="C0BUDGET", text="once")
    assert await texts(api) == ["once"]


@pytest.mark.documented(RETRIES)
async def test_a_client_that_retries_a_lost_answer_posts_twice(box: Sandbox, control: httpx.AsyncClient) -> None:
    handler = AsyncConnectionErrorRetryHandler(max_retry_count=1)
    api = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[handler])
    await order(control, {"method": "chat.postMessage", "kind": "lost"})
    await api.chat_postMessage(channel="C0BUDGET", text="twice")
    assert await texts(api) == ["twice", "twice"]


@pytest.mark.documented(ERRORS)
async def test_slow_is_done_after_the_client_gave_up(box: Sandbox, control: httpx.AsyncClient) -> None:
    api = AsyncWebClient(token=box.bot_token, base_url=box.api_url, timeout=1, retry_handlers=[])
    await order(control, {"method": "chat.postMessage", "kind": "slow", "seconds": 1.3})
    with pytest.raises(TimeoutError):
        await api.chat_postMessage(channel="C0BUDGET", text="late")
    await eventually(lambda: len(box.bench.workspace.messages["C0BUDGET"]) == 1)


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize(("kind", "code"), [("gone", "channel_not_found"), ("revoked", "token_revoked")])
async def test_gone_and_revoked_are_refusals(
    api: AsyncWebClient, control: httpx.AsyncClient, kind: str, code: str
) -> None:
    await order(control, {"method": "chat.postMessage", "kind": kind, "times": 2})
    for _ in range(2):
        with refused(code):
            await api.chat_postMessage(channel="C0BUDGET", text="x")
    await api.chat_postMessage(channel="C0BUDGET", text="over")


@pytest.mark.documented(ERRORS)
async def test_a_fault_can_wait_for_its_turn_and_hit_any_method(
    api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    await order(control, {"method": "*", "kind": "500", "after": 1})
    await api.auth_test()
    with pytest.raises(SlackApiError):
        await api.users_list()
    await api.users_list()
    assert (await control.get("faults")).json()["faults"] == []


@pytest.mark.documented(ERRORS)
@pytest.mark.parametrize(
    "wrong", [{"method": "*", "kind": "gone?"}, {"kind": "500"}, {"method": "*", "kind": "429", "times": "x"}]
)
async def test_an_order_that_makes_no_sense_is_refused(control: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await control.post("faults", json=[wrong])
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.documented("https://docs.slack.dev/messaging/working-with-files")
async def test_an_upload_can_fail_in_its_middle(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    await order(control, {"method": "upload", "kind": "500"})
    with pytest.raises(Exception, match="Failed to upload a file"):
        await api.files_upload_v2(filename="chart.png", content=b"png", channel="C0BUDGET")
    assert await texts(api) == []


@pytest.mark.documented("https://docs.slack.dev/interactivity/handling-user-interaction")
async def test_a_response_url_can_fail_too(box: Sandbox, control: httpx.AsyncClient) -> None:
    hook = AsyncWebhookClient(box.bench.response_url("C0BUDGET", "U0ANA"), retry_handlers=[])
    await order(control, {"method": "response_url", "kind": "500"}, {"method": "response_url", "kind": "lost"})
    assert (await hook.send(text="x")).status_code == 500
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await hook.send(text="shown")
    assert [one["text"] for one in await Person(box.url, "U0ANA").reads()] == ["shown"]


@pytest.mark.documented(EVENTS)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_lost_acknowledgement_brings_the_event_twice(
    box: Sandbox, control: httpx.AsyncClient, transport: str
) -> None:
    app = new_app(box)
    got: list[str] = []

    @app.event("app_home_opened")
    async def opened(body: dict[str, Any]) -> None:
        got.append(body["event_id"])

    await order(control, {"method": "delivery:event", "kind": "lost"})
    async with serving(box, app, transport):
        await Person(box.url, "U0ANA").opens_home()
        await eventually(lambda: len(got) == 2)
        await asyncio.sleep(0.05)
    assert got[0] == got[1]


@pytest.mark.documented(EVENTS)
async def test_a_delivery_can_be_lost_on_its_way(box: Sandbox, control: httpx.AsyncClient) -> None:
    app = new_app(box)
    got: list[str] = []

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: dict[str, Any]) -> None:
        got.append(command["text"])
        await ack("noted")

    await order(control, {"method": "delivery:*", "kind": "500"})
    async with serving(box, app, "socket"):
        first = await Person(box.url, "U0ANA").types("/budget one")
        second = await Person(box.url, "U0ANA").types("/budget two")
    assert first.error is not None
    assert second.message["text"] == "noted"
    assert got == ["two"]


@pytest.mark.documented("https://docs.slack.dev/interactivity/handling-user-interaction")
async def test_a_delivery_that_arrives_late_is_acknowledged_late(box: Sandbox, control: httpx.AsyncClient) -> None:
    app = new_app(box)
    got: list[str] = []
    box.bench.deliveries.ack_seconds = 0.2

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: dict[str, Any]) -> None:
        got.append(command["text"])
        await ack()

    await order(control, {"method": "delivery:slash_command", "kind": "slow", "seconds": 0.3})
    async with serving(box, app, "socket"):
        seen = await Person(box.url, "U0ANA").types("/budget status")
    assert got == ["status"]
    assert seen.error is not None
    assert seen.error.startswith("operation_timeout")


@pytest.mark.documented(LIMITS)
async def test_a_channel_takes_about_one_message_a_second() -> None:
    clock = [0.0]
    async with Sandbox(rate_limit=RateLimit(per_second=1.0, burst=2, clock=lambda: clock[0])) as box:
        api = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])

        async def post(channel: str) -> str:
            try:
                await api.chat_postMessage(channel=channel, text="x")
            except SlackApiError as refusal:
                return str(refusal.response.headers["Retry-After"])
            return "ok"

        assert [await post("C0BUDGET") for _ in range(3)] == ["ok", "ok", "1"]
        assert await post("C0GENERAL") == "ok", "each channel has a limit of its own"
        clock[0] += 1.0
        assert [await post("C0BUDGET") for _ in range(2)] == ["ok", "1"]
