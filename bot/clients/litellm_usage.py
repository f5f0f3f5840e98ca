"""Reading LiteLLM's requests and answers: how large a prompt is, how long its answer may be, what it used, whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_CHARACTERS_PER_TOKEN: Final = 3
"""Below the four that English text has on average, so that most prompts are not understated; the guard learns the rest."""
_TOKENS_PER_MESSAGE: Final = 8
_TOKENS_PER_PART: Final = 1_600
"""A picture or file in a message: what a large picture costs at the usual providers in 2026."""
_MAX_TAGS: Final = 16
_MAX_TAG_VALUE: Final = 200
_CHAT: Final = ("completion", "acompletion")


def stated_input(data: Mapping[str, Any]) -> int:
    """An estimate of a request's input tokens from its text, without a tokenizer; tools and system prompts included."""
    parts = [data.get(name) for name in ("messages", "prompt", "input", "system", "instructions", "tools", "functions")]
    characters, pictures = _measure(parts)
    messages = len(data.get("messages") or ())
    return -(-characters // _CHARACTERS_PER_TOKEN) + messages * _TOKENS_PER_MESSAGE + pictures * _TOKENS_PER_PART


def _measure(value: Any) -> tuple[int, int]:
    """(characters of text, pictures and files) in a nested value."""
    if isinstance(value, str):
        return (0, 1) if value.startswith("data:") else (len(value), 0)
    if isinstance(value, Mapping):
        if value.get("type") in ("image_url", "image", "input_image", "file", "document", "input_file"):
            return 0, 1
        return _added(_measure(part) for part in value.values())
    if isinstance(value, list | tuple):
        return _added(_measure(part) for part in value)
    return 0, 0


def _added(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    characters = pictures = 0
    for more, others in parts:
        characters, pictures = characters + more, pictures + others
    return characters, pictures


def stated_output(data: Mapping[str, Any], call_type: str) -> tuple[str, int | None]:
    """(the field that bounds the answer, what it says now); an empty field where the answer has no tokens."""
    if "embedding" in call_type:
        return "", 0
    if "responses" in call_type:
        return "max_output_tokens", _whole(data.get("max_output_tokens"))
    if call_type in _CHAT and data.get("max_completion_tokens") is not None:
        return "max_completion_tokens", _whole(data["max_completion_tokens"])
    return "max_tokens", _whole(data.get("max_tokens"))


def usage_of(response: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The usage object of an answer as a mapping; of the log's record where the answer has none; empty without any."""
    found = _mapping(_part(response, "usage"))
    if not found:
        told = kwargs.get("standard_logging_object") or {}
        found = _mapping((told.get("metadata") or {}).get("usage_object"))
    return found


def counts_of(usage: Mapping[str, Any]) -> dict[str, int]:
    """Counts of a usage event. LiteLLM's `prompt_tokens` hold cache reads and writes, whatever the provider's own do."""
    into = _mapping(usage.get("prompt_tokens_details")) or _mapping(usage.get("input_tokens_details"))
    out = _mapping(usage.get("completion_tokens_details")) or _mapping(usage.get("output_tokens_details"))
    written = _mapping(into.get("cache_creation_token_details"))
    input_tokens = _count(usage, "prompt_tokens", "input_tokens")
    output_tokens = _count(usage, "completion_tokens", "output_tokens")
    read = min(input_tokens, _count(into, "cached_tokens") or _count(usage, "cache_read_input_tokens"))
    write = min(
        input_tokens - read, _count(into, "cache_creation_tokens") or _count(usage, "cache_creation_input_tokens")
    )
    reasoning = min(output_tokens, _count(out, "reasoning_tokens"))
    return {
        "input_tokens": input_tokens,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "cache_write_1h_tokens": min(write, _count(written, "ephemeral_1h_input_tokens")),
        "input_audio_tokens": min(input_tokens - read - write, _count(into, "audio_tokens")),
        "output_tokens": output_tokens,
        "reasoning_tokens": reasoning,
        "output_audio_tokens": min(output_tokens - reasoning, _count(out, "audio_tokens")),
    }


def is_guessed(usage: Mapping[str, Any]) -> bool:
    """Counts that LiteLLM made up because a stream told none: those have no details of the prompt (seen in 1.109)."""
    return usage.get("prompt_tokens_details") is None and usage.get("input_tokens_details") is None


def tags_of(key: Any, data: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a request: its own `name:value` tags first, then what was attached, then the key's team and end user."""
    metadata = _mapping(data.get("litellm_metadata")) or _mapping(data.get("metadata"))
    found: dict[str, str] = {}
    for tag in [*_listed(metadata.get("tags")), *_listed(data.get("tags"))]:
        name, separator, value = str(tag).replace("=", ":", 1).partition(":")
        if separator and not name.lower().startswith("user-agent"):
            _add(found, name, value)
    for part in ("requester_metadata", "spend_logs_metadata"):
        for name, value in _mapping(metadata.get(part)).items():
            if isinstance(value, str):
                _add(found, name, value)
    _add(found, "team", _part(key, "team_alias") or _part(key, "team_id"))
    _add(found, "customer", data.get("user") or _part(key, "end_user_id"))
    return dict(list(found.items())[:_MAX_TAGS])


def _add(tags: dict[str, str], name: str, value: Any) -> None:
    if isinstance(value, str) and value.strip() and 0 < len(name.strip()) <= 64:
        tags.setdefault(name.strip().lower(), value.strip()[:_MAX_TAG_VALUE])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping as it is, and an object of LiteLLM's (pydantic) as its fields; empty for anything else."""
    if isinstance(value, Mapping):
        return dict(value)
    dump = getattr(value, "model_dump", None)
    found = dump() if callable(dump) else None
    return found if isinstance(found, dict) else {}


def _count(part: Mapping[str, Any], *names: str) -> int:
    for name in names:
        value = part.get(name)
        if isinstance(value, int) and value > 0:
            return value
    return 0


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None
