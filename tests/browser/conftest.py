"""A browser, and a workspace with a tiny app behind it, for the tests of the sandbox's page."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import Sandbox
from tests.browser.acting import DESKTOP, PATIENCE_MS, Opens
from tests.browser.sample_app import make_app

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOUR = [
    {
        "title": "See the table",
        "text": "All envelopes at once.",
        "as": "U0FARAH",
        "go": "C0BUDGET",
        "type": "/budget status",
    }
]


async def run_workspace(ready: Future[str], stop: asyncio.Event) -> None:
    """The sandbox and the sample app on free ports; `ready` gets the page's address."""
    # With its protocol named, asyncio switches Nagle's algorithm off: otherwise each answer waits 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))

    async def on_clock(advance: str) -> dict[str, Any]:
        return {"advanced": advance}

    box = Sandbox(on_clock=on_clock, tour=TOUR, rate_limit=None)
    await box.start(port=0)
    app = make_app(token=box.bot_token, signing_secret=box.signing_secret, api_url=box.api_url)
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        if b"text=silence" in await request.body():
            await asyncio.sleep(3.5)  # Past the three seconds that Slack waits.
            return Response()
        return await handler.handle(request)

    routes = [Route("/slack/events", events, methods=["POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    box.request_url = f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events"
    ready.set_result(box.url)
    await stop.wait()
    server.should_exit = True
    await serving
    await box.stop()


@pytest.fixture(scope="module")
def workspace() -> Iterator[str]:
    """The page's address. The servers run in their own thread: the browser is driven from this one."""
    ready: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run_workspace(ready, stop),))
    thread.start()
    yield ready.result(timeout=10)
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install chromium or google-chrome to run these")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as play:
        launched = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture
def opens(workspace: str, browser: Browser) -> Iterator[Opens]:
    """Opens the page as somebody: `opens("U0ANA", link="#/C0BUDGET")`. Errors on the page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(person: str = "U0ANA", link: str = "#/C0BUDGET", **options: Any) -> Page:
        context = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{workspace}/?as={person}{link}")
        expect(page.get_by_test_id("person-switcher")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
