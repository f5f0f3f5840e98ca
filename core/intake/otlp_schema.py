"""The part of OTLP's protobuf schema that is read (opentelemetry-proto 1.45), compiled from a private description.

Attributes of resources and logs are declared as a map, which has the same bytes on the wire as OTLP's list of pairs, so that
a few of them can be looked up without making Python objects of the rest. Events, links and status messages are not in the
schema at all. Prompts and answers are therefore never decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from core.intake.otlp_span import MAX_VALUE

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
              ("start", 7, _FIELD.TYPE_FIXED64), ("end", 8, _FIELD.TYPE_FIXED64), ("attributes", 9, "encoded"),
              ("status", 15, "Status"))),
    ("Pair", (("key", 1, _BYTES), ("value", 2, "Value"))),
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
"""Field numbers of `trace/v1/trace.proto` and `logs/v1/logs.proto`. A name is a message, `*` a list of them. Spans stay
encoded, so that they are decoded one by one, and so do their attributes, of which few are decoded at all."""


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
REQUEST, SPAN, PAIR, LOGS_REQUEST, LOG = (_MESSAGE(name) for name in ("Request", "Span", "Pair", "LogsRequest", "Log"))


def plain(value: Any) -> str | int | float | bool | None:
    """What a `Value` holds; None where it holds nothing that is read: a list, bytes, nothing at all."""
    if raw := value.string_value:
        return text(raw)
    kind = value.WhichOneof("kind")
    return None if kind is None else "" if kind == "string_value" else getattr(value, kind)


def text(raw: bytes) -> str:
    """The first `MAX_VALUE` bytes, as far as they are UTF-8."""
    return raw[:MAX_VALUE].decode("utf-8", "replace")
