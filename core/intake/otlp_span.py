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


class Span(msgspec.Struct):
    """One span, reduced to what attribution and pricing need.

    Attributes:
      trace, span, parent: ids as bytes; `parent` is empty for a root.
      start, end: Unix nanoseconds, 0 = not told.
      values: role of an attribute (`otlp_attributes.ROLES`) → value.
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
    values: dict[str, Any]
    tags: list[tuple[str, Any]]
    opened: Opened
    plan: Plan | None
    usage_before_model: bool = False


class Scope(msgspec.Struct):
    """The spans of one instrumentation scope of one resource, with the resource's attributes.

    Attributes:
      spans: still encoded, so that a broken one costs nobody else.
      decode: makes a `Span` of one of them; raises Unreadable.
    """

    name: str
    version: str
    resource: Mapping[str, Any]
    spans: Sequence[Any]
    decode: Callable[[Any], Span]


def check_size(spans: int) -> None:
    """Raises TooLarge."""
    if spans > MAX_SPANS:
        raise TooLarge(f"More than {MAX_SPANS:,} spans in one request; send them in several.")
