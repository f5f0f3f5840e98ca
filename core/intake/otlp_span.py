"""A span of an OTLP trace payload, reduced to the attributes that matter; what both encodings decode to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from core.errors import TooLarge
from core.intake.otlp_attributes import Plan
from core.intake.otlp_containers import Opened

MAX_SPANS: Final = 200_000
"""Spans in one payload; exporters send 512 at a time by default, collectors some thousand."""
MAX_VALUE: Final = 1_000
"""Characters kept of one attribute; names and ids are shorter."""
FAILED: Final = 2
"""`STATUS_CODE_ERROR`."""


class Span(msgspec.Struct, gc=False):
    """One span, reduced to what attribution and pricing need.

    Attributes:
      trace, span, parent: ids as bytes; `parent` is empty for a root.
      start, end: Unix nanoseconds, 0 = not told.
      counts, values: role of an attribute (`otlp_attributes.ROLES`) → value; counts of tokens apart from the rest.
      tags: (tag attribute, value), strongest first.
      plan: None when the span is no model call; then only ids are filled.
      usage_before_model: the emitter wrote the counts before the answer's model.
    """

    trace: bytes
    span: bytes
    parent: bytes
    name: str
    start: int
    end: int
    failed: bool
    counts: dict[str, Any]
    values: dict[str, Any]
    tags: list[tuple[str, Any]]
    opened: Opened
    plan: Plan | None
    usage_before_model: bool = False


class Scope(msgspec.Struct):
    """The spans of one instrumentation scope of one resource, with those of the resource's attributes
    that are tags.

    Attributes:
      spans: still encoded, so that a broken one costs nobody else.
      decode: makes a `Span` of one of them; raises Unreadable.
    """

    name: str
    version: str
    resource: Mapping[str, Any]
    spans: Sequence[Any]
    decode: Callable[[Any], Span]


LOG_ATTRIBUTES: Final = (
    "event.name", "event.kind", "event.sequence", "event.timestamp", "session.id", "conversation.id", "prompt.id",
    "request_id", "response_id", "model", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens",
    "cost_usd", "speed", "input_token_count", "output_token_count", "cached_token_count", "reasoning_token_count",
    "cached_content_token_count", "thoughts_token_count", "tool_token_count", "total_token_count", "error", "status_code",
)  # fmt: skip
"""What is read of a coding agent's log record; prompts and outputs have other names."""


class Log(msgspec.Struct):
    """One log record: its event's name, Unix nanoseconds (0 = not told), and the attributes of `LOG_ATTRIBUTES`."""

    name: str
    time: int
    values: dict[str, Any]


class LogScope(msgspec.Struct):
    """Log records of one scope and resource, still encoded; `decode` raises Unreadable."""

    name: str
    version: str
    resource: Mapping[str, Any]
    logs: Sequence[Any]
    decode: Callable[[Any], Log]


def check_size(spans: int) -> None:
    """Raises TooLarge."""
    if spans > MAX_SPANS:
        raise TooLarge(f"More than {MAX_SPANS:,} spans in one request; send them in several.")
