"""`POST /v1/traces`, `/v1/logs`, `/v1/metrics`: OTLP/HTTP, as OpenTelemetry exporters and coding agents send it.

Answers follow the OTLP specification: 200 in the sender's own content type once everything is durable, 400 for what no
retry mends, 503 with Retry-After for our own trouble. What is no model call is ignored, not refused. An exporter that is
given one endpoint sends all three signals: usage is taken from traces and from the logs of coding agents; metrics tell the
same calls once more and are let go with a warning, because an error would make the exporter complain for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from bot.web.inlet import Inlet
from core.errors import Unreadable
from core.intake import otlp

MAX_BODY: Final = 64 << 20
"""After decompression; the size that the OTLP specification recommends."""
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class _Signal:
    """One of OTLP's three signals.

    Attributes:
      path, summary: of its route.
      root: the JSON name of its list of resources.
      answer: its response message.
      rejected: the field of a partial success that counts what was refused, in protobuf and in JSON.
      reader: the first half of a key of `READERS`; None where nothing is read.
    """

    path: str
    summary: str
    root: str
    answer: Callable[[], Any]
    rejected: tuple[str, str]
    reader: str | None


_TRACES: Final = _Signal(
    "/traces", "Take in OpenTelemetry traces (OTLP/HTTP)", "resourceSpans",
    ExportTraceServiceResponse, ("rejected_spans", "rejectedSpans"), "traces",
)  # fmt: skip
_LOGS: Final = _Signal(
    "/logs", "Take in the requests that coding agents log (OTLP/HTTP)", "resourceLogs",
    ExportLogsServiceResponse, ("rejected_log_records", "rejectedLogRecords"), "logs",
)  # fmt: skip
_METRICS: Final = _Signal(
    "/metrics", "Let OpenTelemetry metrics go: they repeat what traces tell", "resourceMetrics",
    ExportMetricsServiceResponse, ("rejected_data_points", "rejectedDataPoints"), None,
)  # fmt: skip
_LET_GO: Final = f"Nothing was taken from these metrics: {otlp.METRICS_ARE}"


def otlp_router(inlet: Inlet) -> APIRouter:
    """The three routes; one token with the scope `usage` serves all."""
    router = APIRouter(prefix="/v1", tags=["usage"])
    for signal in (_TRACES, _LOGS, _METRICS):
        _add_route(router, inlet, signal)
    return router


def _add_route(router: APIRouter, inlet: Inlet, signal: _Signal) -> None:
    resources = {"type": ["array", "null"], "items": {"type": "object"}}
    # What is not read is not checked either.
    in_json = {"type": "object", "properties": {signal.root: resources}} if signal.reader else {}

    @router.post(
        f"{signal.path}/", include_in_schema=False, name=f"otlp{signal.path}/"
    )  # Exporters do not follow the redirect that would be the answer otherwise.
    @router.post(
        signal.path,
        name=f"otlp{signal.path}",
        summary=signal.summary,
        openapi_extra={
            "requestBody": {
                "required": False,
                "content": {
                    _PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
                    _JSON: {"schema": in_json},
                },
            }
        },
        responses={
            200: {"description": "Everything usable is in the books", "content": {_PROTOBUF: {}, _JSON: {}}},
            400: {"description": "Not an OTLP request of this signal; sending it again does not help"},
            401: {"description": "Token missing, unknown, expired or revoked"},
            403: {"description": "Token lacks the scope `usage`"},
            413: {"description": "Over 64 MiB after decompression"},
            415: {"description": "Neither protobuf nor JSON"},
            503: {"description": "Busy; Retry-After says when to send it again"},
        },
    )
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
                if signal.reader is None or not body:
                    return _answer(signal, 0, _LET_GO if body else "", is_json=is_json)
                encoding = "json" if is_json else "protobuf"
                receipt, taken = await inlet.take(source, body, f"{signal.reader}/{encoding}", "otlp")
        except Unreadable as unreadable:
            return _refused(400, unreadable.message)
        reasons = [reason for _, reason in (*taken.refused, *receipt.rejected)]
        message = "; ".join(dict.fromkeys(reasons or taken.problems))[:500]
        return _answer(signal, len(reasons), message, is_json=is_json)


def _answer(signal: _Signal, rejected: int, message: str, *, is_json: bool) -> Response:
    """The signal's response; what was refused or is worth a warning makes it a partial success, which is not sent again."""
    in_protobuf, in_json = signal.rejected
    if is_json:
        partial_success = {in_json: str(rejected), "errorMessage": message}
        return Response(msgspec.json.encode({"partialSuccess": partial_success} if message else {}), media_type=_JSON)
    answer = signal.answer()
    if message:
        setattr(answer.partial_success, in_protobuf, rejected)
        answer.partial_success.error_message = message
    return Response(answer.SerializeToString(), media_type=_PROTOBUF)


def _refused(status: int, error: str) -> Response:
    return Response(msgspec.json.encode({"error": error}), status_code=status, media_type=_JSON)
