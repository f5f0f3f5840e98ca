"""Socket Mode: WebSocket connections that carry the same deliveries as HTTP, in envelopes.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.company import APP_ID
from sandbox.model import Json
from sandbox.traffic import Traffic

CONNECTIONS = 10
TICKET_SECONDS = 30.0


class NoConnection(Exception):
    """No app is connected at the moment."""


class SocketMode:
    """Holds the open connections and pairs envelopes with their acknowledgements."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._tickets: dict[str, float] = {}
        self._connections: list[WebSocket] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    @property
    def connected(self) -> bool:
        return bool(self._connections)

    def new_ticket(self) -> str:
        """The path part of a `wss` address, good for one connection within half a minute."""
        now = time.monotonic()
        self._tickets = {one: until for one, until in self._tickets.items() if until > now}
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = now + TICKET_SECONDS
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Runs one connection until either side ends it."""
        until = self._tickets.pop(socket.path_params["ticket"], 0.0)
        if until < time.monotonic() or len(self._connections) >= CONNECTIONS:
            await socket.close(code=1008)
            return
        await socket.accept()
        self._connections.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }
        try:
            await socket.send_json(hello)
            self._traffic.add("socket", ok=True, ms=0.0, type="hello", status=101)
            while True:
                self._answered(await socket.receive_json())
        except WebSocketDisconnect as gone:
            self._traffic.add("socket", ok=True, ms=0.0, type="disconnect", status=gone.code)
        except (ValueError, KeyError):  # Not JSON, or a binary frame.
            self._traffic.add("socket", ok=False, ms=0.0, type="disconnect", status=1003, error="invalid_message")
            await socket.close(code=1003)
        finally:
            if socket in self._connections:
                self._connections.remove(socket)

    async def deliver(self, kind: str, payload: Json, *, retry: Json, seconds: float) -> Any:
        """Sends one envelope and waits for its acknowledgement: the payload of the answer, None when it has none.

        Raises NoConnection, or TimeoutError after `seconds`.
        """
        if not self._connections:
            raise NoConnection
        self._turn += 1
        socket = self._connections[self._turn % len(self._connections)]
        envelope_id = str(uuid.uuid4())
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **retry,
        }
        try:
            await socket.send_json(envelope)
            async with asyncio.timeout(seconds):
                return await answer
        except (WebSocketDisconnect, RuntimeError) as gone:  # Starlette raises RuntimeError after a close.
            raise NoConnection from gone
        finally:
            self._waiting.pop(envelope_id, None)

    def _answered(self, answer: Any) -> None:
        """Takes an acknowledgement. Raises ValueError when it is not an object."""
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        waiting = self._waiting.get(str(answer.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.get("payload"))

    async def disconnect(self, reason: str = "refresh_requested") -> int:
        """Tells every connection that it is about to end and ends it, as Slack does every few hours."""
        ended = list(self._connections)
        for socket in ended:
            with suppress(WebSocketDisconnect, RuntimeError):  # It may have ended by itself a moment ago.
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
                await socket.close()
        return len(ended)
