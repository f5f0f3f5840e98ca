"""JSON inside span attributes: the few fields that are facts about the call are read, the text around them is dropped.

Some libraries keep the response's id, tier or usage only inside attributes that also carry prompts and answers.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.intake.counts import Counts, count
from core.intake.labels import TAG_NAMES
from core.intake.usage_objects import counts_of, disjoint_counts, price_modifiers, service_tier

MAX_TEXT: Final = 4_000_000
_MAX_REPR: Final = 50_000


class Opened(msgspec.Struct, gc=False):
    """Facts found inside a span's containers; None = not found there."""

    counts: Counts | None = None
    cache_known: bool = False
    response_id: str | None = None
    model: str | None = None
    tier: str | None = None
    streamed: bool | None = None
    usage_asked: bool = False
    tags: dict[str, Any] = {}
    notes: list[str] = []


NOTHING_OPENED: Final = Opened()
"""Of spans without containers; nobody writes into it."""


class _Answer(msgspec.Struct):
    id: Any = None
    model: Any = None
    service_tier: Any = None
    usage: Any = None
    generations: msgspec.Raw = msgspec.Raw()


class _Metadata(msgspec.Struct):
    id: Any = None
    service_tier: Any = None


class _Inner(msgspec.Struct):
    response_metadata: _Metadata | None = None


class _Message(msgspec.Struct):
    kwargs: _Inner | None = None


class _Generation(msgspec.Struct):
    """LangChain's answer: the provider's own id is four levels down."""

    message: _Message | None = None


class _Request(msgspec.Struct):
    model: Any = None
    stream: Any = None
    stream_options: Any = None


_ANSWER: Final = msgspec.json.Decoder(_Answer)
_GENERATIONS: Final = msgspec.json.Decoder(list[list[_Generation]])
_REQUEST: Final = msgspec.json.Decoder(_Request)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def open_container(name: str, text: str | bytes, into: Opened) -> None:
    """Read one container. Text that is not what its name promises is passed over: it may be cut off or redacted."""
    if len(text) > MAX_TEXT:
        return
    try:
        _OPENERS[name](text, into)
    except (msgspec.DecodeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return


def _answer(text: str | bytes, into: Opened) -> None:
    found = _ANSWER.decode(text)
    into.response_id = into.response_id or _text(found.id)
    into.model = into.model or _text(found.model)
    into.tier = into.tier or _text(found.service_tier)
    if isinstance(found.usage, dict):
        _usage_found(found.usage, into)
    if bytes(found.generations).startswith(b"["):
        _generations(bytes(found.generations), into)


def _generations(text: bytes, into: Opened) -> None:
    first = next((answers[0] for answers in _GENERATIONS.decode(text) if answers), None)
    kwargs = first.message.kwargs if first and first.message else None
    if kwargs and (told := kwargs.response_metadata):
        into.response_id = into.response_id or _text(told.id)
        into.tier = into.tier or _text(told.service_tier)


def _usage(text: str | bytes, into: Opened) -> None:
    _usage_found(_OBJECT.decode(text), into)


def _repr(text: str | bytes, into: Opened) -> None:
    """LiteLLM writes a Python dictionary where others write JSON."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not plain.lstrip().startswith("{") or len(plain) > _MAX_REPR:
        return
    try:
        value = _OBJECT.decode(plain)
    except msgspec.DecodeError:
        value = ast.literal_eval(plain)
    if isinstance(value, dict):
        _usage_found({str(key): part for key, part in value.items()}, into)


def _usage_found(usage: dict[str, Any], into: Opened) -> None:
    counts = counts_of(usage)
    if into.counts is None:
        into.counts = counts
    else:
        into.counts.fill(counts)
    into.cache_known = into.cache_known or counts.cache_read is not None
    into.tier = into.tier or service_tier(usage)
    into.notes = [*into.notes, *price_modifiers(usage)]


def _request(text: str | bytes, into: Opened) -> None:
    found = _REQUEST.decode(text)
    into.model = into.model or _text(found.model)
    if isinstance(found.stream, bool):
        into.streamed = found.stream
    if isinstance(found.stream_options, dict):
        into.usage_asked = found.stream_options.get("include_usage") is True


def _metadata(text: str | bytes, into: Opened) -> None:
    """OpenInference's metadata: tool use of the answer, or what the application attached."""
    values = _OBJECT.decode(text)
    tools = values.get("server_tool_use")
    if isinstance(tools, dict):
        found = Counts()
        count(found, "web_searches", tools.get("web_search_requests"))
        if into.counts is None:
            into.counts = found
        else:
            into.counts.fill(found)
    into.tags = {key: value for key, value in values.items() if key.lower() in TAG_NAMES}


def _langfuse(text: str | bytes, into: Opened) -> None:
    """What Langfuse stores for a generation: a provider's own usage object, or Langfuse's own keys."""
    told = _OBJECT.decode(text)
    if not told.keys() & {"input", "output"}:
        _usage_found(told, into)
        return
    counts = disjoint_counts({key.lower(): value for key, value in told.items() if type(value) in (int, float)})
    into.counts, into.cache_known = counts, counts.cache_read is not None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


_OPENERS: Final[dict[str, Callable[[str | bytes, Opened], None]]] = {
    "gen_ai.usage.raw": _usage,
    "metadata.usage_object": _repr,
    "output.value": _answer,
    "request_data": _request,
    "response_data": _answer,
    "llm.invocation_parameters": _request,
    "embedding.invocation_parameters": _request,
    "metadata": _metadata,
    "langfuse.observation.usage_details": _langfuse,
    "mlflow.chat.tokenUsage": _usage,
}
