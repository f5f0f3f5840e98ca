"""`GET /_sandbox/stream`: changes as server-sent events."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from sandbox.bench import Bench
from sandbox.stream import Reader

PING_SECONDS = 15.0
SEND_SECONDS = 10.0
PING = b"event: ping\ndata: {}\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """One open stream. It ends when the reader falls behind, when a write takes too long, or with the server."""

    def __init__(self, bench: Bench, user: str | None) -> None:
        self._bench, self._user = bench, user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._bench.stream.reader(self._user) as reader:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            gone = asyncio.create_task(_hang_up(receive))
            feed = asyncio.create_task(_feed(reader, send))
            done, rest = await asyncio.wait({gone, feed}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            if feed in done and not feed.result():
                return  # The client does not read: ending the exchange closes its connection.
            if gone not in done:
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _feed(reader: Reader, send: Send) -> bool:
    """Sends changes until the reader is dropped; False when the client stopped reading."""
    chunk = b": open\n\n"
    while True:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TimeoutError:
            return False
        if reader.dropped:
            return True
        try:
            async with asyncio.timeout(PING_SECONDS):
                _, chunk = await reader.queue.get()
        except TimeoutError:
            chunk = PING
