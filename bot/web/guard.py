"""`POST /v1/guard/*`: may this request go out, and what did it cost. Shapes are those of the published interface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import Counter

from bot.web.bodies import read_body
from bot.web.gate import Gate
from core.errors import OutOfRange, Unreadable
from core.holds import Ask
from core.intake.native import reason
from core.money import MAX_NANOS, decimal_string, nanos_from_decimal
from core.rates import Rate
from core.services.authorize_spend import Guard
from core.services.guard_orders import (
    MAX_HOLD_SECONDS,
    Answered,
    Authorization,
    Leased,
    LeaseOrder,
    Settled,
    Settlement,
)
from core.usage import MAX_TAGS, Name, TagValue, TokenClasses, UsageEvent

MAX_BODY: Final = 64 << 10
MAX_LEASE_BODY: Final = 8 << 20
MAX_WAIT_SECONDS: Final = 30.0

ANSWERS = Counter("outlay_guard_answers_total", "Answers of the guard by decision", ["decision"])

_Tokens = Annotated[int, msgspec.Meta(ge=0)]
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=MAX_HOLD_SECONDS)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AuthorizeBody(msgspec.Struct):
    """What a gateway tells of a request before it sends it. `tags` may stand for `workload`.

    `cache_write_tokens`, `cache_write_1h_tokens` (a part of it) and `input_audio_tokens` are parts of `input_tokens`;
    whoever knows that a prompt will be written to a cache says so, because that may cost more than plain input.
    """

    request_id: _Id
    provider: Name
    model: Name
    input_tokens: _Tokens = 0
    max_output_tokens: _Tokens | None = None
    workload: Name | None = None
    tags: Annotated[dict[Name, TagValue], msgspec.Meta(max_length=MAX_TAGS)] = {}
    tier: Annotated[str, msgspec.Meta(max_length=40)] = "standard"
    cache_write_tokens: _Tokens = 0
    cache_write_1h_tokens: _Tokens = 0
    input_audio_tokens: _Tokens = 0
    web_searches: _Tokens = 0
    ttl_seconds: _Seconds | None = None
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT_SECONDS)] | None = None

    def order(self) -> Authorization:
        """Raises Unreadable for names with invisible characters, OutOfRange when the parts do not fit together."""
        for name in ("request_id", "provider", "model"):
            if not getattr(self, name).isprintable():
                raise Unreadable(f"{name} holds characters that cannot be seen.")
        plain = self.input_tokens - self.cache_write_tokens - self.input_audio_tokens
        classes = TokenClasses(
            input_uncached=plain, cache_write=self.cache_write_tokens - self.cache_write_1h_tokens,
            cache_write_1h=self.cache_write_1h_tokens, input_audio=self.input_audio_tokens, web_searches=self.web_searches,
        )  # fmt: skip
        ask = Ask(classes, self.max_output_tokens)
        tier = self.tier.lower() or "standard"
        return Authorization(
            self.request_id, self.provider, self.model, ask, self.workload, self.tags, tier, self.ttl_seconds
        )


class SettleBody(msgspec.Struct):
    """`usage` is a usage event; null or absent gives the money back, for a request that was never sent."""

    hold_id: _Id
    usage: dict[str, Any] | None = None


class Model(msgspec.Struct):
    provider: Name
    model: Name


class LeaseBody(msgspec.Struct):
    """`models` are those whose rates the answer should carry, so that the gateway can reckon by itself."""

    workload: Name
    usd: str | float
    ttl_seconds: _Seconds
    request_id: _Id | None = None
    models: Annotated[list[Model], msgspec.Meta(max_length=50)] = []


class LeaseSettleBody(msgspec.Struct):
    usage: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=10_000)] = []


Body = TypeVar("Body")
_AUTHORIZE: Final = msgspec.json.Decoder(AuthorizeBody)
_SETTLE: Final = msgspec.json.Decoder(SettleBody)
_LEASE: Final = msgspec.json.Decoder(LeaseBody)
_LEASE_SETTLE: Final = msgspec.json.Decoder(LeaseSettleBody)


def guard_router(guard: Guard, gate: Gate, clock: Callable[[], datetime], *, wait_seconds: float = 0.0) -> APIRouter:
    """The routes. Bodies are read raw, as for usage: request models would cost more than the decision.

    Args:
      wait_seconds: how long a request waits for money that others hold where it does not say.
    """
    router = APIRouter(prefix="/v1/guard", tags=["guard"])

    @router.post(
        "/authorize", summary="May this request go out?", openapi_extra=_body(AuthorizeBody), responses=_ERRORS
    )
    async def authorize(request: Request) -> Response:
        source = await gate.source(request.headers.get("authorization"), "guard")
        body = _decoded(_AUTHORIZE, await read_body(request, MAX_BODY))
        waits = wait_seconds if body.wait_seconds is None else body.wait_seconds
        answer = await guard.authorize(source.id, body.order(), now=clock(), wait_seconds=waits)
        ANSWERS.labels(answer.answer.value).inc()
        return _json(_answered(answer))

    @router.post("/settle", summary="What a request used", openapi_extra=_body(SettleBody), responses=_ERRORS)
    async def settle(request: Request) -> Response:
        source = await gate.source(request.headers.get("authorization"), "guard")
        body = _decoded(_SETTLE, await read_body(request, MAX_BODY))
        usage = () if body.usage is None else (body.usage,)
        return _json(_settled(await guard.settle(source.id, Settlement(body.hold_id, usage), now=clock())))

    @router.post("/lease", summary="Money to spend without asking", openapi_extra=_body(LeaseBody), responses=_ERRORS)
    async def lease(request: Request) -> Response:
        source = await gate.source(request.headers.get("authorization"), "guard")
        body = _decoded(_LEASE, await read_body(request, MAX_BODY))
        order = LeaseOrder(body.workload, _dollars(body.usd), body.ttl_seconds, body.request_id)
        now = clock()
        leased = await guard.lease(source.id, order, now=now)
        rates = [(wanted, await guard.rate(wanted.provider, wanted.model, now=now)) for wanted in body.models]
        return _json(_leased(leased) | {"rates": [told_rate(wanted, rate) for wanted, rate in rates]})

    @router.post(
        "/lease/{lease_id}/settle",
        summary="What a lease was used for; returns the rest",
        openapi_extra=_body(LeaseSettleBody),
        responses=_ERRORS,
    )
    async def settle_lease(lease_id: str, request: Request) -> Response:
        source = await gate.source(request.headers.get("authorization"), "guard")
        body = _decoded(_LEASE_SETTLE, await read_body(request, MAX_LEASE_BODY))
        order = Settlement(lease_id, tuple(body.usage), is_lease=True)
        settled = await guard.settle(source.id, order, now=clock())
        rejected = [{"index": index, "error": error} for index, error in settled.rejected]
        return _json(_settled(settled) | {"rejected": rejected})

    return router


def _decoded(decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
        raise Unreadable(f"The body cannot be read: {reason(wrong)}.") from wrong


def _dollars(value: str | float) -> int:
    try:
        dollars = Decimal(str(value))
    except InvalidOperation:
        dollars = Decimal("NaN")
    if not dollars.is_finite() or not 0 < dollars <= MAX_NANOS:
        raise OutOfRange('usd has to be an amount in dollars above 0, like "5.00".')
    nanos = nanos_from_decimal(dollars)
    if not 0 < nanos <= MAX_NANOS:
        raise OutOfRange("usd has to be from 0.000000001 to 1,000,000,000.")
    return nanos


def _json(answer: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _answered(answer: Answered) -> dict[str, Any]:
    return {
        "decision": answer.answer.value,
        "model": answer.model,
        "max_output_tokens": answer.max_output_tokens,
        "hold_id": answer.hold_id,
        "held_usd": decimal_string(answer.held_nanos),
        "remaining_usd": _optional(answer.remaining_nanos),
        "expires_at": answer.expires_at,
        "reason": answer.reason,
        "retry_after": answer.retry_seconds,
    }


def _settled(settled: Settled) -> dict[str, Any]:
    return {
        "charged_usd": decimal_string(settled.charged_nanos),
        "returned_usd": decimal_string(settled.returned_nanos),
        "recorded": settled.recorded,
        "duplicates": settled.duplicates,
    }


def _leased(leased: Leased) -> dict[str, Any]:
    return {
        "lease_id": leased.lease_id,
        "granted_usd": decimal_string(leased.granted_nanos),
        "remaining_usd": _optional(leased.remaining_nanos),
        "expires_at": leased.expires_at,
        "reason": leased.reason,
    }


def told_rate(wanted: Model, rate: Rate | None) -> dict[str, Any]:
    """Nanos for `per` tokens in each band, as text where they pass 64 bits; null bands when the model would be denied."""
    bands = None
    if rate is not None:
        bands = [
            {"above": band.above, "per_request": str(band.per_request), **{k: str(v) for k, v in band.prices._asdict().items()}}
            for band in rate.bands
        ]  # fmt: skip
    return {"provider": wanted.provider, "model": wanted.model, "per": str(rate.per) if rate else None, "bands": bands}


def _optional(nanos: int | None) -> str | None:
    return None if nanos is None else decimal_string(nanos)


def _body(kind: type[msgspec.Struct]) -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([kind], ref_template="#/{name}")
    found = components.get(kind.__name__, schema)
    if kind is LeaseBody:
        found["properties"]["models"]["items"] = components["Model"]
    if kind is SettleBody:
        (event,), parts = msgspec.json.schema_components([UsageEvent], ref_template="#/{name}")
        found["properties"]["usage"] = {"anyOf": [parts.get("UsageEvent", event), {"type": "null"}]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": found}}}}


_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "Token missing, unknown, expired or revoked"},
    403: {"description": "Token lacks the scope `guard`"},
    404: {"description": "No such workload, hold or lease"},
    413: {"description": "Body too large"},
    422: {"description": "The body cannot be read, or a count cannot be"},
    503: {"description": "Busy; Retry-After says when to ask again"},
}
