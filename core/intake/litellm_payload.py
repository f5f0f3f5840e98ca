"""The batches of LiteLLM's `generic_api` callback, decoded: an array, NDJSON or a single object (LiteLLM 1.109).

Only the fields that are read are decoded; LiteLLM's payload has many more, and more with every release.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import msgspec

from core.errors import TooLarge, Unreadable

MAX_EVENTS: Final = 50_000
"""LiteLLM sends up to 512 events in a batch, of about 12 kB each."""


class Costs(msgspec.Struct):
    original_cost: Any = None
    total_cost: Any = None
    service_tier: Any = None


class Hidden(msgspec.Struct):
    additional_headers: msgspec.Raw = msgspec.Raw()


class Error(msgspec.Struct):
    error_code: Any = None
    error_class: Any = None


class Answer(msgspec.Struct):
    model: Any = None
    service_tier: Any = None


class Payload(msgspec.Struct):
    """The fields that are read; LiteLLM's payload has many more, and more with every release."""

    id: Any = None
    litellm_call_id: Any = None
    call_type: Any = None
    status: Any = None
    stream: Any = None
    custom_llm_provider: Any = None
    model: Any = None
    api_base: Any = None
    startTime: Any = None  # noqa: N815 - LiteLLM's own spelling
    endTime: Any = None  # noqa: N815
    prompt_tokens: Any = None
    completion_tokens: Any = None
    total_tokens: Any = None
    response_cost: Any = None
    cost_breakdown: Costs | None = None
    response_cost_failure_debug_info: msgspec.Raw = msgspec.Raw()
    cache_hit: Any = None
    request_tags: Any = None
    metadata: dict[str, Any] | None = None
    hidden_params: Hidden | None = None
    error_information: Error | None = None
    response: msgspec.Raw = msgspec.Raw()


_RAW: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ONE: Final = msgspec.json.Decoder(Payload)
_MANY: Final = msgspec.json.Decoder(list[Payload])
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PARTS: Final = frozenset({"metadata", "cost_breakdown", "hidden_params", "error_information"})
BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def payloads(body: bytes) -> Iterable[Payload | str]:
    """The calls of a batch in their order; a text instead says why there is none. Raises Unreadable, TooLarge."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    first = body[:4096].lstrip()[:1]
    if first == b"[":
        with suppress(*BROKEN):
            return _bounded(_MANY.decode(body))
        # Some event does not fit: find out which, one by one.
        try:
            return _one_by_one(_bounded(_RAW.decode(body)))
        except BROKEN as broken:
            raise Unreadable("The body is not a JSON array of LiteLLM calls.") from broken
    if first == b"{":
        try:
            return [_ONE.decode(body)]
        except BROKEN:
            return _one_by_one(_bounded([line for line in body.split(b"\n") if line.strip()]))
    raise Unreadable("The body is not JSON: LiteLLM sends an array of calls, one call, or one call a line.")


def _bounded(items: list[Any]) -> list[Any]:
    if len(items) > MAX_EVENTS:
        raise TooLarge(f"{len(items):,} calls in one batch; at most {MAX_EVENTS:,} are accepted.")
    return items


def _one_by_one(items: Iterable[Any]) -> Iterable[Payload | str]:
    for item in items:
        try:
            yield _ONE.decode(item)
        except BROKEN:
            yield _mended(bytes(item))


def _mended(item: bytes) -> Payload | str:
    """The call without the parts that are of another type than so far; its counts are worth more than those."""
    try:
        told = _FIELDS.decode(item)
        for name in _PARTS & told.keys():
            part = bytes(told[name]).strip()
            if part.startswith(b'"{'):
                # Tables keep it as JSON inside a text.
                part = msgspec.json.decode(part, type=str).encode()
            told[name] = msgspec.Raw(part if part.startswith(b"{") else b"null")
        return _ONE.decode(msgspec.json.encode(told))
    except BROKEN:
        return "not a LiteLLM call: the JSON is broken or has other types"
