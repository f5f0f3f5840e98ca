"""The routes of the sandbox, and the server that carries them on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sandbox.bench import Bench
from sandbox.control.routes import control_routes
from sandbox.door import Door
from sandbox.webapi.endpoint import answer_api
from sandbox.webapi.response_url import answer_response_url
from sandbox.webapi.transfer import read_private_file, take_upload

PAGE = Path(__file__).parent / "page"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob: https:; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
START_SECONDS = 10.0
STOP_SECONDS = 2


def build_app(bench: Bench) -> Door:
    """The whole server as one ASGI application."""

    async def api(request: Request) -> Response:
        return await answer_api(bench, request)

    async def response_url(request: Request) -> Response:
        return await answer_response_url(bench, request)

    async def upload(request: Request) -> Response:
        return await take_upload(bench, request)

    async def private_file(request: Request) -> Response:
        return read_private_file(bench, request)

    return Door(
        Starlette(
            routes=[
                Route("/api/{method}", api, methods=["GET", "POST"]),
                Route("/response/{ticket}", response_url, methods=["POST"]),
                Route("/files/upload/{ticket}", upload, methods=["POST", "PUT"]),
                Route("/files-pri/{id}/{name}", private_file),
                WebSocketRoute("/socket/{ticket}", bench.socket.serve),
                *control_routes(bench),
                Route("/archives/{channel}/{message}", permalink),
                Route("/", page),
                Mount("/static", StaticFiles(directory=PAGE, check_dir=False)),
            ]
        )
    )


async def page(request: Request) -> Response:
    index = PAGE / "index.html"
    if not index.exists():
        return PlainTextResponse("The sandbox is running. Its page is not installed.")
    return FileResponse(index, headers={"Cache-Control": "no-cache", "Content-Security-Policy": POLICY})


async def permalink(request: Request) -> Response:
    """Permalinks lead to the message on the page."""
    digits = request.path_params["message"].removeprefix("p")
    return RedirectResponse(f"/#/{request.path_params['channel']}/{digits[:-6]}.{digits[-6:]}")


class _Server(uvicorn.Server):
    """A server inside a program that handles signals itself."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Sleeps until it is told to end; uvicorn's own loop looks ten times a second."""
        await self.ended.wait()


class LoopbackServer:
    """Runs an ASGI application on 127.0.0.1 in a task of the running loop."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        # With its protocol named, asyncio switches Nagle off; else an answer in two parts waits 40 ms for an ACK.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http="h11",
            log_level="critical",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        async with asyncio.timeout(START_SECONDS):
            while not self._server.started:  # noqa: ASYNC110  uvicorn has only this flag.
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._server.ended.set()
        if self._task is not None:
            await self._task
        self._socket.close()
