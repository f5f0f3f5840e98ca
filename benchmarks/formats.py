"""Bodies of other formats, as their exporters send them, made from events; and plain decoding of them to compare with."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.traffic import END

SPANS: Final = 512
"""The batch size of OpenTelemetry's exporter, and of LiteLLM's callback."""
_CAPTURE: Final = (
    Path(__file__).parent.parent / "tests" / "fixtures" / "intake" / "litellm" / "generic_api_batch.as-sent.json"
)


def otlp_bodies(count: int, *, salt: str) -> list[bytes]:
    """Protobuf bodies of `SPANS` chat spans each, shaped as opentelemetry-instrumentation-genai-openai 1.3b0 sends them."""
    draw = random.Random(salt)
    return [_otlp(min(SPANS, count - start), draw) for start in range(0, count, SPANS)]


def _otlp(spans: int, draw: random.Random) -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend(
        [_pair("service.name", f"service-{draw.randrange(10)}"), _pair("team.id", "search")]
    )
    scope = resource.scope_spans.add()
    scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.genai.openai", "1.3b0"
    nanos = int(END.timestamp() * 1e9)
    for _ in range(spans):
        span = scope.spans.add()
        span.trace_id, span.span_id = draw.randbytes(16), draw.randbytes(8)
        span.name, span.kind = "chat gpt-4.1", 3
        span.start_time_unix_nano = nanos - draw.randrange(3_600_000_000_000)
        span.end_time_unix_nano = span.start_time_unix_nano + 900_000_000
        size = draw.randrange(200, 6_000)
        span.attributes.extend(
            [
                _pair("gen_ai.operation.name", "chat"), _pair("gen_ai.provider.name", "openai"), _pair("gen_ai.request.model", "gpt-4.1"),
                _pair("gen_ai.response.model", "gpt-4.1-2025-04-14"), _pair("gen_ai.response.id", f"chatcmpl-{draw.getrandbits(64):x}"),
                _pair("server.address", "api.openai.com"), _pair("server.port", 443), _pair("gen_ai.usage.input_tokens", size),
                _pair("gen_ai.usage.cache_read.input_tokens", size // 3), _pair("gen_ai.usage.output_tokens", 300),
                _pair("gen_ai.usage.reasoning.output_tokens", 0), _pair("openai.response.service_tier", "default"),
            ]
        )  # fmt: skip
    return request.SerializeToString()


def _pair(key: str, value: str | int) -> KeyValue:
    return KeyValue(
        key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
    )


def litellm_bodies(count: int, *, salt: str) -> list[bytes]:
    """JSON arrays of `SPANS` calls each, about 6 MB: a call captured from LiteLLM 1.109, with ids and counts of their own."""
    draw = random.Random(salt)
    captured = next(
        call
        for call in json.loads(_CAPTURE.read_text())
        if call["status"] == "success" and call["completion_tokens"] == 300
    )
    return [
        json.dumps([_call(captured, draw) for _ in range(min(SPANS, count - start))]).encode()
        for start in range(0, count, SPANS)
    ]


def _call(captured: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    size = draw.randrange(2_000, 6_000)
    ended = END.timestamp() - draw.random() * 3_600
    return captured | {
        "id": f"chatcmpl-{draw.getrandbits(64):x}", "litellm_call_id": f"{draw.getrandbits(128):032x}", "startTime": ended - 0.9,
        "endTime": ended, "prompt_tokens": size, "total_tokens": size + captured["completion_tokens"],
    }  # fmt: skip


def decode_otlp(body: bytes) -> None:
    """Plain decoding: the protobuf library's own, and every attribute read once into a dict, as any receiver has to."""
    for _span, _attributes in otlp_attributes(body):
        pass


def otlp_attributes(body: bytes) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Every span with its attributes, by a loop written for these bodies."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield span, {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


def otlp_to_dicts(body: bytes) -> None:
    """The protobuf library's own way into plain dicts, the like of what `json.loads` does for LiteLLM."""
    MessageToDict(ExportTraceServiceRequest.FromString(body))


def decode_json(body: bytes) -> None:
    """Plain decoding: the standard library's, into dicts."""
    json.loads(body)
