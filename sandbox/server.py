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
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from sandbox.bench import Bench
from sandbox.company import BOT_TOKEN
from sandbox.control.routes import control_routes
from sandbox.door import Door
from sandbox.model import Json
from sandbox.responses import respond
from sandbox.tickets import TicketRefused
from sandbox.webapi.call import SlackError, read_arguments, token_of
from sandbox.webapi.endpoint import answer_api
from sandbox.webapi.files import UPLOAD_BYTES

PAGE = Path(__file__).parent / "page"
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
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


async def permalink(request: Request) -> Response:
    """Permalinks lead to the message on the page."""
    digits = request.path_params["message"].removeprefix("p")
    return RedirectResponse(f"/#/{request.path_params['channel']}/{digits[:-6]}.{digits[-6:]}")


async def answer_response_url(bench: Bench, request: Request) -> Response:
    """One use of a response URL: 404 when it is used up or too old, 400 for a message Slack would not take."""
    body: Json = {"ok": True}
    sent: Json = {}
    status = 200
    channel = None
    try:
        sent = await read_arguments(request)
        url = bench.tickets.use_response_url(request.path_params["ticket"])
        channel = url.channel
        respond(bench, url, sent)
    except TicketRefused as refused:
        body, status = {"ok": False, "error": refused.code}, 404
    except SlackError as refused:
        body, status = {"ok": False, "error": refused.code, **refused.rest}, 400
    bench.traffic.add(
        "response_url",
        ok=status == 200,
        ms=0.0,
        type="response_url",
        status=status,
        channel=channel,
        error=body.get("error"),
        request=sent,
    )
    return JSONResponse(body, status)


async def take_upload(bench: Bench, request: Request) -> Response:
    """The second step of an upload: the bytes, raw or as a form field."""
    file_id, _ = bench.uploads.pop(request.path_params["ticket"], ("", 0))
    file = bench.workspace.files.get(file_id)
    if file is None:
        return PlainTextResponse("upload not found", 404)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        parts = [part for part in form.values() if not isinstance(part, str)]
        content = await parts[0].read() if parts else b""
    else:
        content = await request.body()
    if not content or len(content) > UPLOAD_BYTES:
        return PlainTextResponse("bad size", 400)
    file.content = content
    return PlainTextResponse(f"OK - {len(content)}")


def read_private_file(bench: Bench, request: Request) -> Response:
    """`url_private`: with the bot token and files:read the file; without, a page to sign in, as Slack answers."""
    file = bench.workspace.files.get(request.path_params["id"])
    allowed = token_of(request, {}) == BOT_TOKEN and not bench.grants.revoked and "files:read" in bench.grants.scopes
    if file is None or not allowed:
        return RedirectResponse("/")
    return Response(file.content, media_type=file.mimetype)


class _Server(uvicorn.Server):
    """A server inside a program that handles signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LoopbackServer:
    """Runs an ASGI application on 127.0.0.1 in a task of the running loop."""

    def __init__(self, app: Door, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()
