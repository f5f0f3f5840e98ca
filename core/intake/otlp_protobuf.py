"""OTLP trace and log payloads in protobuf, reduced to the attributes that matter."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from core.errors import Unreadable
from core.intake.labels import TAG_NAMES
from core.intake.otlp_attributes import plan_of
from core.intake.otlp_containers import NOTHING_OPENED, Opened, open_container
from core.intake.otlp_pairs import known_pairs
from core.intake.otlp_schema import LOG, LOGS_REQUEST, REQUEST, SPAN, plain, text
from core.intake.otlp_span import FAILED, LOG_ATTRIBUTES, Log, LogScope, Scope, Span, check_size


def protobuf_scopes(body: bytes) -> Iterator[Scope]:
    """Scopes of a protobuf request. Raises Unreadable, TooLarge."""
    try:
        request = REQUEST.FromString(body)
    except DecodeError as broken:
        raise Unreadable("The body is not an OTLP trace request in protobuf.") from broken
    seen = 0
    for resource_spans in request.resource_spans:
        found = resource_spans.resource.attributes
        resource = {key: plain(found[key]) for key in found if key.lower() in TAG_NAMES}
        for scope_spans in resource_spans.scope_spans:
            seen += len(scope_spans.spans)
            check_size(seen)
            scope = scope_spans.scope
            yield Scope(text(scope.name), text(scope.version), resource, scope_spans.spans, _span)


def _span(raw: bytes) -> Span:
    try:
        message = SPAN.FromString(raw)
        pairs = known_pairs(message.attributes)
    except DecodeError as broken:
        raise Unreadable("A span in the body is not a span in protobuf.") from broken
    plan = plan_of(tuple(pairs))
    if not plan.may_be_call:
        return Span(
            message.trace_id, message.span_id, message.parent_id, "", message.start, message.end, False, {}, {}, [],
            NOTHING_OPENED, None,
        )  # fmt: skip
    opened = NOTHING_OPENED
    if plan.containers:
        opened = Opened()
        for key in plan.containers:
            if (content := pairs[key]) is not None:
                open_container(key, content, opened)
    return Span(
        message.trace_id, message.span_id, message.parent_id, text(message.name), message.start, message.end,
        message.status.code == FAILED,
        {role: pairs[key] for role, key in plan.counts},
        {role: pairs[key] for role, key in plan.labels},
        [(name, pairs[key]) for key, name in plan.tags],
        opened, plan, plan.usage_before_model,
    )  # fmt: skip


def protobuf_logs(body: bytes) -> Iterator[LogScope]:
    """Scopes of a protobuf logs request. Raises Unreadable, TooLarge."""
    try:
        request = LOGS_REQUEST.FromString(body)
    except DecodeError as broken:
        raise Unreadable("The body is not an OTLP logs request in protobuf.") from broken
    seen = 0
    for resource_logs in request.resource_logs:
        found = resource_logs.resource.attributes
        resource = {key: plain(found[key]) for key in found if key.lower() in TAG_NAMES}
        for scope_logs in resource_logs.scope_logs:
            seen += len(scope_logs.logs)
            check_size(seen)
            scope = scope_logs.scope
            yield LogScope(text(scope.name), text(scope.version), resource, scope_logs.logs, _log)


def _log(raw: bytes) -> Log:
    try:
        message = LOG.FromString(raw)
    except DecodeError as broken:
        raise Unreadable("A log record in the body is not one in protobuf.") from broken
    found = message.attributes
    values = {key: plain(found[key]) for key in LOG_ATTRIBUTES if key in found}
    body = message.body
    name = text(message.event_name) or (text(body.string_value) if body.WhichOneof("kind") == "string_value" else "")
    return Log(name[:100], message.time or message.observed, values)
