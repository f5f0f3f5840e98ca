"""The `usage` objects of providers' responses, as counts. Each vendor counts differently; this is where that is known.

Inside input: OpenAI, OpenRouter, LiteLLM, Gemini's cached content. Apart from it: Anthropic, Bedrock.
Inside output: reasoning of OpenAI and Anthropic. Apart: Gemini's thoughts, xAI's chat (usage-formats §3.1, §4.1, §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.intake.counts import US_ONLY, Counts, count

_NONE: Final[Mapping[str, Any]] = {}


def counts_of(usage: Mapping[str, Any]) -> Counts:
    """Counts of a usage object of any known vendor; what it does not tell stays None."""
    if "usageMetadata" in usage:
        usage = _part(usage, "usageMetadata")
    if "promptTokenCount" in usage or "candidatesTokenCount" in usage:
        return _gemini(usage)
    if "prompt_token_count" in usage or "candidates_token_count" in usage:
        return _gemini({_camel(key): value for key, value in usage.items()})
    if "inputTokens" in usage and "input_tokens" not in usage:
        return _bedrock(usage)
    if "prompt_tokens" in usage or "completion_tokens" in usage:
        return _chat(usage)
    if "input_tokens_details" not in usage and any(key.startswith("cache_") for key in usage):
        return _anthropic(usage)
    return _responses(usage)


def service_tier(usage: Mapping[str, Any]) -> str | None:
    """The tier that a usage object names (Anthropic's, LiteLLM's and Vertex's do), or None."""
    tier = usage.get("service_tier")
    if isinstance(tier, str) and tier:
        return tier
    traffic = usage.get("trafficType")
    return next(
        (name for name in ("priority", "flex") if isinstance(traffic, str) and traffic.lower().endswith(name)), None
    )


def price_modifiers(usage: Mapping[str, Any]) -> list[str]:
    """What the usage object says about the price that counts and tier cannot carry, in sentences."""
    notes: list[str] = []
    if usage.get("inference_geo") == "us":
        notes.append(US_ONLY)
    if any(isinstance(step, Mapping) and step.get("type") == "compaction" for step in _list(usage, "iterations")):
        notes.append("compaction work of this call is billed but not in its totals")
    if usage.get("trafficType") == "PROVISIONED_THROUGHPUT":
        notes.append("ran on provisioned throughput, which is paid by the hour; a price by tokens means nothing for it")
    return notes


def _chat(usage: Mapping[str, Any]) -> Counts:
    counts = Counts()
    _take(counts, usage, input="prompt_tokens", output="completion_tokens", total="total_tokens")
    inside, out = _part(usage, "prompt_tokens_details"), _part(usage, "completion_tokens_details")
    _take(counts, inside, cache_read="cached_tokens", input_audio="audio_tokens", cache_write="cache_creation_tokens")
    _take(counts, inside, cache_write="cache_write_tokens", input_image="image_tokens")
    _take(counts, out, reasoning="reasoning_tokens", output_audio="audio_tokens")
    if counts.cache_read is None:
        _take(counts, usage, cache_read="cache_read_input_tokens")
        if counts.cache_read is None:
            _take(counts, usage, cache_read="prompt_cache_hit_tokens")
    if counts.cache_write is None:
        _take(counts, usage, cache_write="cache_creation_input_tokens")
    _lifetimes(counts, _part(inside, "cache_creation_token_details"))
    _tools(counts, usage)
    return counts


def _responses(usage: Mapping[str, Any]) -> Counts:
    counts = Counts()
    _take(counts, usage, input="input_tokens", output="output_tokens", total="total_tokens")
    inside, out = _part(usage, "input_tokens_details"), _part(usage, "output_tokens_details")
    _take(counts, inside, cache_read="cached_tokens", cache_write="cache_write_tokens", input_audio="audio_tokens")
    _take(counts, inside, input_image="image_tokens")
    _take(counts, out, reasoning="reasoning_tokens", output_audio="audio_tokens", output_image="image_tokens")
    _take(
        counts,
        _part(inside, "cache_write_tokens_details"),
        cache_write_5m="ttl_30m_tokens",
        cache_write_1h="ttl_12h_tokens",
    )
    _tools(counts, usage)
    return counts


def _anthropic(usage: Mapping[str, Any]) -> Counts:
    counts = Counts()
    _take(counts, usage, output="output_tokens", web_searches="web_searches")
    _take(counts, usage, cache_read="cache_read_input_tokens", cache_write="cache_creation_input_tokens")
    _take(counts, _part(usage, "output_tokens_details"), reasoning="thinking_tokens")
    _lifetimes(counts, _part(usage, "cache_creation"))
    written = max(counts.cache_write or 0, (counts.cache_write_5m or 0) + (counts.cache_write_1h or 0))
    _take(counts, usage, input="input_tokens")
    if counts.input is not None:
        counts.input += (counts.cache_read or 0) + written
    _tools(counts, usage)
    return counts


def _bedrock(usage: Mapping[str, Any]) -> Counts:
    counts = Counts()
    _take(counts, usage, input="inputTokens", output="outputTokens")
    _take(counts, usage, cache_read="cacheReadInputTokens", cache_write="cacheWriteInputTokens")
    for detail in _list(usage, "cacheDetails"):
        if isinstance(detail, Mapping) and detail.get("ttl") in ("5m", "1h"):
            count(counts, f"cache_write_{detail['ttl']}", detail.get("inputTokens"))
    if counts.input is not None:
        counts.input += (counts.cache_read or 0) + (counts.cache_write or 0)
    return counts


def _gemini(usage: Mapping[str, Any]) -> Counts:
    counts, extra = Counts(), Counts()
    _take(counts, usage, input="promptTokenCount", output="candidatesTokenCount", reasoning="thoughtsTokenCount")
    _take(counts, usage, cache_read="cachedContentTokenCount")
    _take(extra, usage, input="toolUsePromptTokenCount")
    if counts.input is not None:
        counts.input += extra.input or 0
    if counts.output is not None or counts.reasoning is not None:
        counts.output = (counts.output or 0) + (counts.reasoning or 0)
    for kind, key in (
        ("input", "promptTokensDetails"),
        ("output", "candidatesTokensDetails"),
        ("cached", "cacheTokensDetails"),
    ):
        for detail in _list(usage, key):
            if isinstance(detail, Mapping) and (name := _MODALITIES.get(f"{kind} {detail.get('modality')}")):
                count(counts, name, detail.get("tokenCount", detail.get("token_count")))
    return counts


def disjoint_counts(values: Mapping[str, float]) -> Counts:
    """Counts of Langfuse's keys in lower case, which are free but disjoint: all that begins with `input` adds up to the input.

    Its handlers leave some keys of the provider's beside their own: those repeat a part (`cached_content_token_count`, the
    lifetimes of cache writes) or come on top (Gemini's thoughts and tool prompts). Read in langfuse 5.0.4, November 2026.
    """
    counts = Counts()
    inside = [key for key in values if key.startswith(("input", "cache")) and not _repeats(key)]
    cached = [
        key for key in inside if key.startswith(("cached_", "cache_read")) or "_cache_read" in key or "_cached" in key
    ]
    written = [key for key in inside if "cache_creation" in key or "cache_write" in key]
    thoughts = [key for key in values if "reasoning" in key or key == "thoughts_token_count"]
    out = {*(key for key in values if key.startswith("output") and not _repeats(key)), *thoughts}
    for name, keys in (
        ("input", [*inside, *(key for key in values if key == "tool_use_prompt_token_count")]), ("output", list(out)),
        ("cache_read", cached or [key for key in values if key == "cached_content_token_count"]),
        ("cache_write", written), ("reasoning", thoughts),
        ("input_audio", [key for key in inside if "audio" in key and key not in cached]),
        ("output_audio", [key for key in out if "audio" in key]), ("total", [key for key in values if key == "total"]),
        ("cache_write_5m", [key for key in values if key.endswith("ephemeral_5m_input_tokens")]),
        ("cache_write_1h", [key for key in values if key.endswith("ephemeral_1h_input_tokens")]),
    ):  # fmt: skip
        if keys:
            count(counts, name, sum(values[key] for key in keys))
    return counts


def _repeats(key: str) -> bool:
    return "ephemeral_" in key or "_priority" in key or key == "cached_content_token_count"


def _lifetimes(counts: Counts, split: Mapping[str, Any]) -> None:
    _take(counts, split, cache_write_5m="ephemeral_5m_input_tokens", cache_write_1h="ephemeral_1h_input_tokens")
    if counts.cache_write_5m is None:
        _take(counts, split, cache_write_5m="ephemeral_30m_input_tokens")
    if counts.cache_write_1h is None:
        # OpenAI's longer lifetime; the class is that of the longer one, whatever it lasts.
        _take(counts, split, cache_write_1h="ephemeral_12h_input_tokens")


def _tools(counts: Counts, usage: Mapping[str, Any]) -> None:
    _take(counts, _part(usage, "server_tool_use"), web_searches="web_search_requests")


def _take(counts: Counts, source: Mapping[str, Any], **keys: str) -> None:
    for name, key in keys.items():
        if (value := source.get(key)) is not None:
            count(counts, name, value)


def _part(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = source.get(key)
    return part if isinstance(part, Mapping) else _NONE


_MODALITIES: Final = {
    "input AUDIO": "input_audio", "output AUDIO": "output_audio", "cached AUDIO": "cached_audio",
    "input IMAGE": "input_image", "output IMAGE": "output_image",
}  # fmt: skip


def _list(source: Mapping[str, Any], key: str) -> list[Any]:
    items = source.get(key)
    return items[:100] if isinstance(items, list) else []


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
