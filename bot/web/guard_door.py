"""A door of their own for the guard's two hot calls: straight from the server to the guard, past routing and its checks.

A framework's way to an endpoint costs more than the guard's decision. The same calls are also routes of the app, which document
them and take what is unusual (a compressed body).
"""

from __future__ import annotations

import time
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web import answers
from bot.web.guard import MAX_BODY, Call, GuardCalls
from bot.web.metrics import GUARD_SECONDS
from core.errors import BudgetError, TooLarge

_JSON: Final = (b"content-type", b"application/json")


class GuardDoor:
    """ASGI middleware: answers `POST /v1/guard/authorize` and `/settle`, passes on everything else."""

    def __init__(self, app: ASGIApp, calls: GuardCalls) -> None:
        self._app = app
        self._calls: dict[str, Call] = {"/v1/guard/authorize": calls.authorize, "/v1/guard/settle": calls.settle}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        headers = dict(scope["headers"]) if call else {}
        if call is None or b"content-encoding" in headers:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            body = await _body(receive)
            if body is None:
                return
            token = headers.get(b"authorization")
            answer = msgspec.json.encode(await call(None if token is None else token.decode("latin-1"), body))
        except BudgetError as refused:
            await answers.refusal(refused)(scope, receive, send)
            return
        GUARD_SECONDS.labels(scope["path"].rpartition("/")[2]).observe(time.perf_counter() - started)
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length]})
        await send({"type": "http.response.body", "body": answer})


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when the sender hung up. Raises TooLarge."""
    message: Message = await receive()
    body = bytes(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            break
    if message["type"] == "http.disconnect":
        return None
    if len(body) > MAX_BODY:
        raise TooLarge(f"The body is larger than {MAX_BODY >> 10} KiB.")
    return body
