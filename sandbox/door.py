"""The outermost layer of the server: who may talk to it, and answers that are cut off on purpose."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Door:
    """Refuses foreign hosts and origins, and drops the connection where a fault ordered a lost answer.

    The server listens on loopback only; this also keeps web pages elsewhere, and names that point to loopback, out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _Cuttable(scope, receive, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        else:
            await JSONResponse({"ok": False, "error": refusal}, 403)(scope, receive, send)


def _refusal(scope: Scope) -> str | None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return "forbidden_host"
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{host}", f"ws://{host}"}:
        return "forbidden_origin"
    return None


class _Cuttable:
    """Passes the answer on, unless the handler marked it: then the client sees its connection end without a byte."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send

    async def __call__(self, message: Message) -> None:
        if not self._scope.get("state", {}).get("sandbox_cut"):
            await self._send(message)
            return
        # ASGI has no word for hanging up; uvicorn's `send` is a method of the exchange that holds the transport.
        exchange = getattr(self._send, "__self__", None)
        if exchange is None:
            raise ConnectionAbortedError("this server cannot cut an answer")
        exchange.transport.abort()
        while (await self._receive())["type"] != "http.disconnect":
            pass
