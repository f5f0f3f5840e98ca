"""Payloads for the intake's tests: the stored captures, and small ones made to order."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.intake import otlp
from core.intake.record import Record, Taken, Trust
from core.usage import Quality, UsageEvent

FIXTURES = Path(__file__).parents[1] / "fixtures" / "intake"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
START = 1_795_447_301_000_000_000
OPENAI = {"input_tokens": 2006, "cache_read_tokens": 1920, "output_tokens": 300, "reasoning_tokens": 192}
ANTHROPIC = {"input_tokens": 6221, "cache_read_tokens": 5000, "cache_write_tokens": 1200, "output_tokens": 350}
NOTHING = {"input_tokens": 0, "output_tokens": 0}
USAGE = {"gen_ai__usage__input_tokens": 2006, "gen_ai__usage__cache_read__input_tokens": 1920,
         "gen_ai__usage__output_tokens": 300, "gen_ai__usage__reasoning__output_tokens": 192}  # fmt: skip
CLAUDE = {"gen_ai__provider__name": "anthropic", "gen_ai__request__model": "claude-sonnet-4-5",
          "gen_ai__usage__output_tokens": 350, "gen_ai__usage__cache_read__input_tokens": 5000,
          "gen_ai__usage__cache_creation__input_tokens": 1200}  # fmt: skip
"""Attributes of spans with those counts, for `span`."""


def body(name: str) -> bytes:
    """A stored payload, unpacked."""
    raw = (FIXTURES / name).read_bytes()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


def payload_names() -> list[str]:
    """Every stored payload, by its path below the fixtures."""
    return sorted(
        str(path.relative_to(FIXTURES))
        for path in FIXTURES.rglob("*")
        if path.is_file() and path.name not in ("README.md", "observed-vs-truth.json")
    )


def counts(event: UsageEvent, like: Mapping[str, int]) -> dict[str, int]:
    """The event's counts under the names of `like`."""
    return {name: getattr(event, name) for name in like}


def spans(*made: dict[str, Any], scope: str = "opentelemetry.instrumentation.genai.openai", version: str = "1.3b0",
          resource: Mapping[str, Any] | None = None) -> bytes:  # fmt: skip
    """An OTLP/JSON trace request with these spans, all of one scope."""
    return json.dumps(
        {"resourceSpans": [resource_spans(*made, scope=scope, version=version, resource=resource)]}
    ).encode()


def taken(*made: dict[str, Any], **source: Any) -> Taken:
    """What OTLP's intake makes of these spans."""
    return otlp.read(spans(*made, **source), received_at=NOW)


def one(*made: dict[str, Any], **source: Any) -> Record:
    """The only record it makes of them."""
    (record,) = taken(*made, **source).records
    return record


def resource_spans(
    *made: dict[str, Any], scope: str, version: str = "", resource: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "resource": {"attributes": attributes(resource or {})},
        "scopeSpans": [{"scope": {"name": scope, "version": version}, "spans": list(made)}],
    }


def span(number: int = 1, *, name: str = "chat gpt-5.1", parent: int | None = None, trace: int = 1, failed: bool = False,
         **told: Any) -> dict[str, Any]:  # fmt: skip
    """A span; `told` are its attributes, with `__` for a dot. By default an OpenAI chat without usage."""
    keys = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.1"}
    keys |= {key.replace("__", "."): value for key, value in told.items()}
    made = {
        "traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": name, "kind": 3,
        "startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 500_000_000),
        "attributes": attributes({key: value for key, value in keys.items() if value is not None}),
        "status": {"code": 2} if failed else {},
    }  # fmt: skip
    if parent is not None:
        made["parentSpanId"] = f"{parent:016x}"
    return made


def attributes(pairs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in pairs.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def a_record(key: str = "a", *, response_id: str | None = "chatcmpl-1", quality: Quality = Quality.EXACT,
             trust: Trust = Trust.OFFICIAL_OTEL, failed: bool = False, ttl_known: bool = True, tier_known: bool = True,
             **told: Any) -> Record:  # fmt: skip
    """A record of an OpenAI call; `told` are fields of its event."""
    fields: dict[str, Any] = {
        "at": NOW,
        "provider": "openai",
        "model": "gpt-5.1",
        "input_tokens": 2006,
        "output_tokens": 300,
    }
    event = UsageEvent(id=key, response_id=response_id, **(fields | told))
    return Record(event=event, quality=quality, source_key=key, trust=trust, emitter=trust.name, failed=failed,
                  ttl_known=ttl_known, tier_known=tier_known)  # fmt: skip
