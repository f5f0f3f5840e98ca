"""OTLP trace payloads in JSON: ids in hex, 64-bit numbers as text or number, enums as numbers (OTLP specification 1.45)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from core.errors import Unreadable
from core.intake.labels import TAG_NAMES
from core.intake.native import said
from core.intake.otlp_attributes import KNOWN, plan_of
from core.intake.otlp_containers import NOTHING_OPENED, Opened, open_container
from core.intake.otlp_span import FAILED, LOG_ATTRIBUTES, MAX_VALUE, Log, LogScope, Scope, Span, check_size

_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Value(msgspec.Struct, rename="camel"):
    string_value: Any = None
    bool_value: Any = None
    int_value: Any = None
    double_value: Any = None

    def plain(self) -> str | int | float | bool | None:
        for value in (self.string_value, self.int_value, self.double_value, self.bool_value):
            if isinstance(value, str):
                return value[:MAX_VALUE]
            if isinstance(value, bool | int | float):
                return value
        return None


class _Pair(msgspec.Struct):
    key: str | None = None
    value: _Value | None = None


class _Status(msgspec.Struct):
    code: Any = 0


class _Span(msgspec.Struct, rename="camel"):
    trace_id: Any = None
    span_id: Any = None
    parent_span_id: Any = None
    name: Any = ""
    start_time_unix_nano: Any = 0
    end_time_unix_nano: Any = 0
    attributes: list[_Pair] | None = None
    status: _Status | None = None


class _Resource(msgspec.Struct):
    attributes: list[_Pair] | None = None


class _Scope(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class _ScopeSpans(msgspec.Struct, rename="camel"):
    scope: _Scope | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


_JSON: Final = msgspec.json.Decoder(_Request)
_SPAN: Final = msgspec.json.Decoder(_Span)


def json_scopes(body: bytes) -> Iterator[Scope]:
    """Scopes of a request in OTLP/JSON. Raises Unreadable, TooLarge."""
    try:
        request = _JSON.decode(body)
    except _BROKEN as broken:
        raise Unreadable(f"The body is not an OTLP trace request in JSON: {said(broken)}.") from broken
    seen = 0
    for resource_spans in request.resource_spans or []:
        pairs = (resource_spans.resource.attributes or []) if resource_spans.resource else []
        resource = _resource(pairs)
        for scope_spans in resource_spans.scope_spans or []:
            spans = scope_spans.spans or []
            seen += len(spans)
            check_size(seen)
            scope = scope_spans.scope or _Scope()
            yield Scope(scope.name or "", scope.version or "", resource, spans, _span)


def _span(encoded: msgspec.Raw) -> Span:
    try:
        raw = _SPAN.decode(encoded)
    except _BROKEN as broken:
        raise Unreadable("A span in the body is not a span in OTLP/JSON.") from broken
    attributes = {pair.key: pair.value for pair in raw.attributes or [] if pair.key in KNOWN and pair.value}
    plan = plan_of(tuple(attributes))
    status = raw.status.code if raw.status else 0
    span = Span(
        _id(raw.trace_id, 16), _id(raw.span_id, 8), _id(raw.parent_span_id, 8), str(raw.name or "")[:MAX_VALUE],
        _nanos(raw.start_time_unix_nano), _nanos(raw.end_time_unix_nano), status in (FAILED, "STATUS_CODE_ERROR"),
        {}, {}, [], Opened() if plan.containers else NOTHING_OPENED, plan if plan.may_be_call else None, plan.usage_before_model,
    )  # fmt: skip
    if not plan.may_be_call:
        return span
    span.counts = {role: attributes[key].plain() for role, key in plan.counts}
    span.values = {role: attributes[key].plain() for role, key in plan.labels}
    span.tags = [(name, attributes[key].plain()) for key, name in plan.tags]
    for key in plan.containers:
        text = attributes[key].string_value
        if isinstance(text, str):
            open_container(key, text, span.opened)
    return span


class _Log(msgspec.Struct, rename="camel"):
    time_unix_nano: Any = 0
    observed_time_unix_nano: Any = 0
    event_name: Any = ""
    body: Any = None
    attributes: list[_Pair] | None = None


class _ScopeLogs(msgspec.Struct, rename="camel"):
    scope: _Scope | None = None
    log_records: list[msgspec.Raw] | None = None


class _ResourceLogs(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _LogsRequest(msgspec.Struct, rename="camel"):
    resource_logs: list[_ResourceLogs] | None = None


_LOGS: Final = msgspec.json.Decoder(_LogsRequest)
_LOG: Final = msgspec.json.Decoder(_Log)


def json_logs(body: bytes) -> Iterator[LogScope]:
    """Scopes of a logs request in OTLP/JSON. Raises Unreadable, TooLarge."""
    try:
        request = _LOGS.decode(body)
    except _BROKEN as broken:
        raise Unreadable(f"The body is not an OTLP logs request in JSON: {said(broken)}.") from broken
    seen = 0
    for resource_logs in request.resource_logs or []:
        pairs = (resource_logs.resource.attributes or []) if resource_logs.resource else []
        resource = _resource(pairs)
        for scope_logs in resource_logs.scope_logs or []:
            logs = scope_logs.log_records or []
            seen += len(logs)
            check_size(seen)
            scope = scope_logs.scope or _Scope()
            yield LogScope(scope.name or "", scope.version or "", resource, logs, _log)


def _log(encoded: msgspec.Raw) -> Log:
    try:
        raw = _LOG.decode(encoded)
    except _BROKEN as broken:
        raise Unreadable("A log record in the body is not one in OTLP/JSON.") from broken
    found = {pair.key: pair.value for pair in raw.attributes or [] if pair.key and pair.value}
    values: dict[str, Any] = {key: found[key].plain() for key in LOG_ATTRIBUTES if key in found}
    body = raw.body.get("stringValue") if isinstance(raw.body, dict) else None
    name = next((told for told in (raw.event_name, body) if isinstance(told, str) and told), "")
    return Log(name[:100], _nanos(raw.time_unix_nano) or _nanos(raw.observed_time_unix_nano), values)


def _resource(pairs: list[_Pair]) -> dict[str, Any]:
    return {pair.key: pair.value.plain() for pair in pairs if pair.key and pair.value and pair.key.lower() in TAG_NAMES}


def _id(told: object, size: int) -> bytes:
    """An id as bytes. OTLP/JSON has hex in any case; plain protobuf-to-JSON converters leave base64."""
    if not isinstance(told, str) or not told or len(told) > 64:
        return b""
    try:
        return bytes.fromhex(told)
    except ValueError:
        pass
    try:
        found = base64.b64decode(told, validate=True)
    except ValueError:
        return b""
    return found if len(found) == size else b""


def _nanos(told: object) -> int:
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) <= 20:
        return int(told)
    return int(told) if isinstance(told, int | float) and 0 <= told < 2**64 else 0
