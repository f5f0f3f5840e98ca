"""`POST /v1/usage`: usage events from gateways and SDKs."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response

from bot.web.inlet import Inlet
from core.usage import UsageEvent

MAX_BODY: Final = 32 << 20


def usage_router(inlet: Inlet) -> APIRouter:
    """The route. The body is read raw: decoding through request models would cost more than everything else together."""
    router = APIRouter(prefix="/v1", tags=["usage"])

    @router.post("/usage/", include_in_schema=False)
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
        source = await inlet.source(authorization)
        async with inlet.body(request, MAX_BODY) as body:
            receipt, rejected = await inlet.take_native(source, body)
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


def _one_of(event: dict[str, Any]) -> dict[str, Any]:
    """Items are events, but an item that is none does not make the request wrong: it is refused by itself."""
    return {"anyOf": [event, {"description": "Anything else is refused as an item, with its index and reason."}]}


def _body_schema() -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([UsageEvent], ref_template="#/{name}")
    event = components.get("UsageEvent", schema)
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [{"type": "array", "items": _one_of(event)}, {"type": "object"}]}},
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
