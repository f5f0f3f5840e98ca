"""`POST /v1/usage`: usage events from gateways and SDKs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response
from prometheus_client import Counter, Histogram

from bot.web.bodies import read_body
from core.errors import BadToken, Overloaded
from core.intake import native
from core.services.manage_tokens import source_for
from core.services.record_usage import Bookkeeper, Receipt
from core.store.source_rows import Source
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent

MAX_BODY: Final = 32 << 20
_WAITING: Final = 64
"""Requests that may wait for the books at once; the next is told to come back, so that memory stays bounded."""
_INLINE_BYTES: Final = 32 << 10
"""Bodies up to this size are decoded on the event loop (well under a millisecond)."""

EVENTS = Counter("outlay_usage_events_total", "Usage events by outcome", ["outcome"])
SECONDS = Histogram("outlay_usage_seconds", "Time to record one request's events, in seconds")


class Inlet:
    """The way in for usage: authenticates, bounds what waits, records."""

    def __init__(self, uow: UnitOfWork, bookkeeper: Bookkeeper, clock: Callable[[], datetime]) -> None:
        self._uow = uow
        self._bookkeeper = bookkeeper
        self._clock = clock
        self._inside = 0

    async def source(self, authorization: str | None, scope: str) -> Source:
        """The sender behind an `Authorization` header. Raises BadToken, MissingScope."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise BadToken(
                "Send the ingest token as `Authorization: Bearer …`. Make one with `outlay token create NAME --scope usage`."
            )
        return await source_for(self._uow, token.strip(), scope, now=self._clock())

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place among those who wait. Raises Overloaded when there is none."""
        if self._inside >= _WAITING:
            raise Overloaded("Too many batches are waiting; send this one again in a moment.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def take(self, source: Source, body: bytes) -> tuple[Receipt, tuple[tuple[int, str], ...]]:
        """Record a body; the receipt, and all refusals in the order of the items."""
        intake = native.read(body) if len(body) <= _INLINE_BYTES else await asyncio.to_thread(native.read, body)
        receipt = await self._bookkeeper.record(source.id, intake.events, now=self._clock())
        return receipt, tuple(sorted((*intake.rejected, *receipt.rejected)))


def usage_router(inlet: Inlet) -> APIRouter:
    """The route. The body is read raw: decoding through request models would cost more than everything else together."""
    router = APIRouter(prefix="/v1", tags=["usage"])

    @router.post(
        "/usage",
        status_code=202,
        summary="Record usage events",
        openapi_extra={"requestBody": _body_schema()},
        responses={
            202: {
                "description": "Recorded; refused items are listed",
                "content": {"application/json": {"schema": _ANSWER_SCHEMA}},
            },
            401: {"description": "Token missing, unknown, expired or revoked"},
            403: {"description": "Token lacks the scope `usage`"},
            413: {"description": "Over 32 MiB or 50 000 events"},
            422: {"description": "Not JSON as a whole"},
            503: {"description": "Busy; Retry-After says when to send it again"},
        },
    )
    async def record(request: Request, authorization: Annotated[str | None, Header()] = None) -> Response:
        started = time.perf_counter()
        source = await inlet.source(authorization, "usage")
        async with inlet.place():
            receipt, rejected = await inlet.take(source, await read_body(request, MAX_BODY))
        for outcome, count in (
            ("accepted", receipt.accepted),
            ("duplicate", receipt.duplicates),
            ("rejected", len(rejected)),
        ):
            EVENTS.labels(outcome).inc(count)
        SECONDS.observe(time.perf_counter() - started)
        answer: dict[str, Any] = {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "rejected": _listed(rejected),
        }
        if receipt.conflicts:
            answer["conflicts"] = _listed(receipt.conflicts)
        return Response(msgspec.json.encode(answer), status_code=202, media_type="application/json")

    return router


def _listed(reasons: tuple[tuple[int, str], ...]) -> list[dict[str, Any]]:
    return [{"index": index, "error": error} for index, error in reasons]


def _body_schema() -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([UsageEvent], ref_template="#/{name}")
    event = components.get("UsageEvent", schema)
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": event}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One usage event a line"}},
        },
    }


_REASONS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"index": {"type": "integer"}, "error": {"type": "string"}},
        "required": ["index", "error"],
    },
}
_ANSWER_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "accepted": {"type": "integer"},
        "duplicates": {"type": "integer"},
        "rejected": _REASONS,
        "conflicts": _REASONS,
    },
    "required": ["accepted", "duplicates", "rejected"],
}
