"""OTLP trace payloads in protobuf (opentelemetry-proto 1.45).

A private schema is compiled: attributes are declared as a map, which has the same bytes on the wire as OTLP's list of
pairs, so that a few of them can be looked up without making Python objects of the rest. Events, links and status messages
are not in the schema at all. Prompts and answers are therefore never decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from core.errors import Unreadable
from core.intake.labels import TAG_NAMES
from core.intake.otlp_attributes import plan_for
from core.intake.otlp_containers import Opened, open_container
from core.intake.otlp_span import FAILED, LOG_ATTRIBUTES, MAX_VALUE, Log, LogScope, Scope, Span, check_size

_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_BYTES: Final = _FIELD.TYPE_BYTES
# Strings are declared as bytes: contents need not be checked for UTF-8, they are not read.
_SCALARS: Final = (
    ("string_value", 1, _BYTES), ("bool_value", 2, _FIELD.TYPE_BOOL), ("int_value", 3, _FIELD.TYPE_INT64),
    ("double_value", 4, _FIELD.TYPE_DOUBLE),
)  # fmt: skip
_MESSAGES: Final = (
    ("Status", (("code", 3, _FIELD.TYPE_INT32),)),
    ("Span", (("trace_id", 1, _BYTES), ("span_id", 2, _BYTES), ("parent_id", 4, _BYTES), ("name", 5, _BYTES),
              ("start", 7, _FIELD.TYPE_FIXED64), ("end", 8, _FIELD.TYPE_FIXED64), ("attributes", 9, "map"),
              ("status", 15, "Status"))),
    ("Resource", (("attributes", 1, "map"),)),
    ("Scope", (("name", 1, _BYTES), ("version", 2, _BYTES))),
    ("ScopeSpans", (("scope", 1, "Scope"), ("spans", 2, "encoded"))),
    ("ResourceSpans", (("resource", 1, "Resource"), ("scope_spans", 2, "ScopeSpans*"))),
    ("Request", (("resource_spans", 1, "ResourceSpans*"),)),
    ("Log", (("time", 1, _FIELD.TYPE_FIXED64), ("observed", 11, _FIELD.TYPE_FIXED64), ("body", 5, "Value"),
             ("attributes", 6, "map"), ("event_name", 12, _BYTES))),
    ("ScopeLogs", (("scope", 1, "Scope"), ("logs", 2, "encoded"))),
    ("ResourceLogs", (("resource", 1, "Resource"), ("scope_logs", 2, "ScopeLogs*"))),
    ("LogsRequest", (("resource_logs", 1, "ResourceLogs*"),)),
)  # fmt: skip
"""Field numbers of `trace/v1/trace.proto` and `logs/v1/logs.proto`. A name is a message, `*` a list of them; spans stay
encoded, so that they are decoded one by one."""


def _schema() -> Callable[[str], Any]:
    """Compiles the schema; gives the class of a message by its name."""
    file = descriptor_pb2.FileDescriptorProto(name="outlay/otlp_reduced.proto", package="outlay", syntax="proto3")
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="kind")
    for name, number, kind in _SCALARS:
        value.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL, oneof_index=0)
    for title, fields in _MESSAGES:
        message = file.message_type.add(name=title)
        for field in fields:
            _declare(message, *field)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"outlay.{name}"))


def _declare(message: Any, name: str, number: int, kind: Any) -> None:
    field = message.field.add(name=name, number=number, type=_FIELD.TYPE_MESSAGE, label=_FIELD.LABEL_OPTIONAL)
    if not isinstance(kind, str):
        field.type = kind
    elif kind == "encoded":
        field.type, field.label = _BYTES, _FIELD.LABEL_REPEATED
    elif kind == "map":
        entry = message.nested_type.add(name="AttributesEntry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_OPTIONAL)
        entry.field.add(
            name="value", number=2, type=_FIELD.TYPE_MESSAGE, label=_FIELD.LABEL_OPTIONAL, type_name=".outlay.Value"
        )
        field.label, field.type_name = _FIELD.LABEL_REPEATED, f".outlay.{message.name}.AttributesEntry"
    else:
        field.type_name = f".outlay.{kind.removesuffix('*')}"
        if kind.endswith("*"):
            field.label = _FIELD.LABEL_REPEATED


_MESSAGE: Final = _schema()
_REQUEST, _SPAN, _LOGS_REQUEST, _LOG = (_MESSAGE(name) for name in ("Request", "Span", "LogsRequest", "Log"))


def protobuf_scopes(body: bytes) -> Iterator[Scope]:
    """Scopes of a protobuf request. Raises Unreadable, TooLarge."""
    try:
        request = _REQUEST.FromString(body)
    except DecodeError as broken:
        raise Unreadable("The body is not an OTLP trace request in protobuf.") from broken
    seen = 0
    for resource_spans in request.resource_spans:
        found = resource_spans.resource.attributes
        resource = {key: _plain(found[key]) for key in found if key.lower() in TAG_NAMES}
        for scope_spans in resource_spans.scope_spans:
            seen += len(scope_spans.spans)
            check_size(seen)
            scope = scope_spans.scope
            yield Scope(_text(scope.name), _text(scope.version), resource, scope_spans.spans, _span)


def _span(raw: bytes) -> Span:
    try:
        message = _SPAN.FromString(raw)
    except DecodeError as broken:
        raise Unreadable("A span in the body is not a span in protobuf.") from broken
    attributes = message.attributes
    plan = plan_for(attributes)
    span = Span(
        message.trace_id, message.span_id, message.parent_id, "", message.start, message.end, False, {}, {}, [], Opened(),
        plan if plan.may_be_call else None,
    )  # fmt: skip
    if not plan.may_be_call:
        return span
    span.name = _text(message.name)
    span.failed = message.status.code == FAILED
    span.counts = {role: attributes[key].int_value or _plain(attributes[key]) for role, key in plan.counts}
    span.values = {role: _plain(attributes[key]) for role, key in plan.labels}
    span.tags = [(name, _plain(attributes[key])) for key, name in plan.tags]
    for key in plan.containers:
        value = attributes[key]
        if value.WhichOneof("kind") == "string_value":
            open_container(key, value.string_value, span.opened)
    span.usage_before_model = 0 <= raw.find(b"gen_ai.usage.output_tokens") < raw.find(b"gen_ai.response.model")
    return span


def _plain(value: Any) -> str | int | float | bool | None:
    if raw := value.string_value:
        return _text(raw)
    kind = value.WhichOneof("kind")
    return None if kind is None else "" if kind == "string_value" else getattr(value, kind)


def _text(raw: bytes) -> str:
    return raw[:MAX_VALUE].decode("utf-8", "replace")


def protobuf_logs(body: bytes) -> Iterator[LogScope]:
    """Scopes of a protobuf logs request. Raises Unreadable, TooLarge."""
    try:
        request = _LOGS_REQUEST.FromString(body)
    except DecodeError as broken:
        raise Unreadable("The body is not an OTLP logs request in protobuf.") from broken
    seen = 0
    for resource_logs in request.resource_logs:
        found = resource_logs.resource.attributes
        resource = {key: _plain(found[key]) for key in found if key.lower() in TAG_NAMES}
        for scope_logs in resource_logs.scope_logs:
            seen += len(scope_logs.logs)
            check_size(seen)
            yield LogScope(_text(scope_logs.scope.version), resource, scope_logs.logs, _log)


def _log(raw: bytes) -> Log:
    try:
        message = _LOG.FromString(raw)
    except DecodeError as broken:
        raise Unreadable("A log record in the body is not one in protobuf.") from broken
    found = message.attributes
    values = {key: _plain(found[key]) for key in LOG_ATTRIBUTES if key in found}
    body = message.body
    name = _text(message.event_name) or (_text(body.string_value) if body.WhichOneof("kind") == "string_value" else "")
    return Log(name[:100], message.time or message.observed, values)
