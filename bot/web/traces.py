"""`POST /v1/traces`: OTLP/HTTP, as OpenTelemetry exporters send it.

Answers follow the OTLP specification: 200 in the sender's own content type once everything is durable, 400 for what no
retry mends, 503 with Retry-After for our own trouble. Spans that are no model calls are ignored, not refused.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from bot.web.inlet import Inlet
from core.errors import Unreadable
from core.intake import otlp
from core.intake.record import Taken

MAX_BODY: Final = 64 << 20
"""After decompression; the size that the OTLP specification recommends."""
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_SPANS: Final = {"type": ["array", "null"], "items": {"type": "object"}}


def traces_router(inlet: Inlet) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["usage"])

    @router.post(
        "/traces",
        summary="Take in OpenTelemetry traces (OTLP/HTTP)",
        openapi_extra={
            "requestBody": {
                "required": False,
                "content": {
                    _PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
                    _JSON: {"schema": {"type": "object", "properties": {"resourceSpans": _SPANS}}},
                },
            }
        },
        responses={
            200: {"description": "Everything usable is in the books", "content": {_PROTOBUF: {}, _JSON: {}}},
            400: {"description": "Not an OTLP trace request; sending it again does not help"},
            401: {"description": "Token missing, unknown, expired or revoked"},
            403: {"description": "Token lacks the scope `usage`"},
            413: {"description": "Over 64 MiB after decompression"},
            415: {"description": "Neither protobuf nor JSON"},
            503: {"description": "Busy; Retry-After says when to send it again"},
        },
    )  # fmt: skip
    async def record(
        request: Request,
        authorization: Annotated[str | None, Header()] = None,
        content_type: Annotated[str, Header()] = _PROTOBUF,
    ) -> Response:
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in (_JSON, _PROTOBUF):
            return _refused(415, f"Content-Type {kind[:60]} is not OTLP; send {_PROTOBUF} or {_JSON}.")
        source = await inlet.source(authorization)
        is_json = kind == _JSON
        try:
            async with inlet.body(request, MAX_BODY) as body:
                if not body:
                    return _answer(0, "", is_json=is_json)
                receipt, taken = await inlet.take(source, body, partial(_read, is_json), "otlp")
        except Unreadable as unreadable:
            return _refused(400, unreadable.message)
        reasons = [reason for _, reason in (*taken.refused, *receipt.rejected)]
        return _answer(len(reasons), "; ".join(dict.fromkeys(reasons))[:500], is_json=is_json)

    return router


def _read(is_json: bool, body: bytes, received_at: datetime) -> Taken:
    return otlp.read(body, received_at=received_at, is_json=is_json)


def _answer(rejected: int, message: str, *, is_json: bool) -> Response:
    """`ExportTraceServiceResponse`; with refusals a partial success, which tells the sender not to send again."""
    if is_json:
        partial_success = (
            {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}} if rejected else {}
        )
        return Response(msgspec.json.encode(partial_success), media_type=_JSON)
    answer = ExportTraceServiceResponse()
    if rejected:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = message
    return Response(answer.SerializeToString(), media_type=_PROTOBUF)


def _refused(status: int, error: str) -> Response:
    return Response(msgspec.json.encode({"error": error}), status_code=status, media_type=_JSON)
