"""`POST /v1/guard/*`: may this request go out, and what did it cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import Counter

from bot.web import guard_bodies as bodies
from bot.web.bodies import read_body
from bot.web.gate import Gate
from core.services.authorize_spend import Guard
from core.services.guard_orders import LeaseOrder, Settlement

MAX_BODY: Final = 64 << 10
MAX_LEASE_BODY: Final = 8 << 20

ANSWERS = Counter("outlay_guard_answers_total", "Answers of the guard by decision", ["decision"])

_AUTHORIZE: Final = msgspec.json.Decoder(bodies.AuthorizeBody)
_SETTLE: Final = msgspec.json.Decoder(bodies.SettleBody)
_LEASE: Final = msgspec.json.Decoder(bodies.LeaseBody)
_LEASE_SETTLE: Final = msgspec.json.Decoder(bodies.LeaseSettleBody)

Call = Callable[[str | None, bytes], Awaitable[dict[str, Any]]]
"""From the `Authorization` header and the body to the answer. Raises BudgetError."""


class GuardCalls:
    """The guard's calls without HTTP: bytes in, plain values out.

    Args:
      wait_seconds: how long a request waits for money that others hold where it does not say.
    """

    def __init__(self, guard: Guard, gate: Gate, clock: Callable[[], datetime], *, wait_seconds: float = 0.0) -> None:
        self._guard = guard
        self._gate = gate
        self._clock = clock
        self._wait = wait_seconds

    async def authorize(self, authorization: str | None, body: bytes) -> dict[str, Any]:
        source = await self._gate.source(authorization, "guard")
        asked = bodies.decoded(_AUTHORIZE, body)
        waits = self._wait if asked.wait_seconds is None else asked.wait_seconds
        answer = await self._guard.authorize(source.id, asked.order(), now=self._clock(), wait_seconds=waits)
        ANSWERS.labels(answer.answer.value).inc()
        return bodies.answered(answer)

    async def settle(self, authorization: str | None, body: bytes) -> dict[str, Any]:
        source = await self._gate.source(authorization, "guard")
        told = bodies.decoded(_SETTLE, body)
        usage = () if told.usage is None else (told.usage,)
        return bodies.settled(await self._guard.settle(source.id, Settlement(told.hold_id, usage), now=self._clock()))

    async def lease(self, authorization: str | None, body: bytes) -> dict[str, Any]:
        source = await self._gate.source(authorization, "guard")
        asked = bodies.decoded(_LEASE, body)
        order = LeaseOrder(asked.workload, bodies.dollars(asked.usd), asked.ttl_seconds, asked.request_id)
        now = self._clock()
        leased = await self._guard.lease(source.id, order, now=now)
        rates = [(wanted, await self._guard.rate(wanted.provider, wanted.model, now=now)) for wanted in asked.models]
        return bodies.leased(leased) | {"rates": [bodies.told_rate(wanted, rate) for wanted, rate in rates]}

    async def settle_lease(self, lease_id: str, authorization: str | None, body: bytes) -> dict[str, Any]:
        source = await self._gate.source(authorization, "guard")
        told = bodies.decoded(_LEASE_SETTLE, body)
        order = Settlement(lease_id, tuple(told.usage), is_lease=True)
        settled = await self._guard.settle(source.id, order, now=self._clock())
        rejected = [{"index": index, "error": error} for index, error in settled.rejected]
        return bodies.settled(settled) | {"rejected": rejected}


def guard_router(calls: GuardCalls) -> APIRouter:
    """The routes, documented. Bodies are read raw: request models would cost more than the decision."""
    router = APIRouter(prefix="/v1/guard", tags=["guard"], responses=_ERRORS)

    @router.post("/authorize", summary="May this request go out?", openapi_extra=bodies.schema(bodies.AuthorizeBody))
    async def authorize(request: Request) -> Response:
        return _json(await calls.authorize(_token(request), await read_body(request, MAX_BODY)))

    @router.post("/settle", summary="What a request used", openapi_extra=bodies.schema(bodies.SettleBody))
    async def settle(request: Request) -> Response:
        return _json(await calls.settle(_token(request), await read_body(request, MAX_BODY)))

    @router.post("/lease", summary="Money to spend without asking", openapi_extra=bodies.schema(bodies.LeaseBody))
    async def lease(request: Request) -> Response:
        return _json(await calls.lease(_token(request), await read_body(request, MAX_BODY)))

    @router.post(
        "/lease/{lease_id}/settle",
        summary="What a lease was used for; returns the rest",
        openapi_extra=bodies.schema(bodies.LeaseSettleBody),
    )
    async def settle_lease(lease_id: str, request: Request) -> Response:
        return _json(await calls.settle_lease(lease_id, _token(request), await read_body(request, MAX_LEASE_BODY)))

    return router


def _token(request: Request) -> str | None:
    return request.headers.get("authorization")


def _json(answer: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "Token missing, unknown, expired or revoked"},
    403: {"description": "Token lacks the scope `guard`"},
    404: {"description": "No such workload, hold or lease"},
    413: {"description": "Body too large"},
    422: {"description": "The body cannot be read, or a count cannot be"},
    503: {"description": "Busy; Retry-After says when to ask again"},
}
