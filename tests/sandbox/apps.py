"""A Bolt app under test, unmodified, connected to a sandbox over HTTP or over Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import Sandbox
from sandbox.server import LoopbackServer

TRANSPORTS = ("http", "socket")


def new_app(box: Sandbox) -> AsyncApp:
    """An app with the sandbox's tokens and without retries, so that a test sees each failure once."""
    client = AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])
    return AsyncApp(client=client, signing_secret=box.signing_secret)


def answering(**reply: Any) -> Callable[..., Any]:
    """A listener that acknowledges with `reply`."""

    async def listener(ack: AsyncAck) -> None:
        await ack(**reply)

    return listener


@asynccontextmanager
async def serving(box: Sandbox, app: AsyncApp, transport: str) -> AsyncIterator[None]:
    """Connects the app for the time of the block."""
    if transport == "socket":
        web = AsyncWebClient(token=box.app_token, base_url=box.api_url)
        handler = AsyncSocketModeHandler(app, box.app_token, web_client=web)
        await handler.connect_async()
        try:
            yield
        finally:
            await handler.close_async()
        return
    bolt = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await bolt.handle(request)

    server = LoopbackServer(Starlette(routes=[Route("/slack/events", events, methods=["POST"])]), 0)
    await server.start()
    box.request_url = f"http://127.0.0.1:{server.port}/slack/events"
    try:
        yield
    finally:
        box.request_url = None
        await server.stop()
