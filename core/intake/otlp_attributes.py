"""Which span attributes are read, and what each means. An allowlist: prompts, answers and all else are never touched.

Names follow the GenAI conventions first, then what older releases and other libraries send instead; where a span carries
several names for one thing, the first in a row of `ROLES` counts (usage-formats §1.2, §1.7, November 2026).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from core.intake.labels import TAG_NAMES

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "input": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
        "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens", "input_tokens",
    ),
    "output": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
        "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens", "output_tokens",
    ),
    "total": ("gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens"),
    "cache_read": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached", "gen_ai.usage.cached_input_tokens", "gen_ai.usage.cached_tokens",
        "llm.token_count.prompt_details.cache_read", "llm.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cached_tokens", "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens", "cache_read_tokens",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
        "llm.token_count.prompt_details.cache_write", "llm.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.details.cache_creation_input_tokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens", "cache_creation_tokens",
    ),
    "cache_write_5m": (
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens", "gen_ai.usage.details.ephemeral_5m_input_tokens",
        "gen_ai.usage.cache_creation.ephemeral_5m_input_tokens", "gen_ai.usage.cache_write.ephemeral_5m_input_tokens",
    ),
    "cache_write_1h": (
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens", "gen_ai.usage.details.ephemeral_1h_input_tokens",
        "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", "gen_ai.usage.cache_write.ephemeral_1h_input_tokens",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.output_tokens.reasoning",
        "gen_ai.usage.reasoning_output_tokens", "llm.token_count.completion_details.reasoning",
        "llm.usage.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thinking_tokens",
        "gen_ai.usage.details.thoughts_tokens", "ai.usage.reasoningTokens",
        "ai.usage.outputTokenDetails.reasoningTokens",
    ),
    "input_audio": (
        "gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio",
        "gen_ai.usage.details.input_audio_tokens",
    ),
    "output_audio": (
        "gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio",
        "gen_ai.usage.details.output_audio_tokens",
    ),
    "cached_audio": ("gen_ai.usage.audio.cache_read.input_tokens", "gen_ai.usage.details.cache_audio_read_tokens"),
    "input_image": ("gen_ai.usage.image.input_tokens", "gen_ai.usage.details.input_image_tokens"),
    "output_image": ("gen_ai.usage.image.output_tokens", "gen_ai.usage.details.output_image_tokens"),
    "web_searches": (
        "gen_ai.usage.details.web_search_requests", "anthropic.usage.server_tool_use.web_search_requests",
        "gen_ai.usage.server_tool_use.web_search_requests", "gen_ai.usage.web_search_requests",
    ),
    "operation": ("gen_ai.operation.name", "llm.request.type", "gen_ai.request.type"),
    "kind": ("openinference.span.kind", "traceloop.span.kind", "langfuse.observation.type", "mlflow.spanType"),
    "provider": (
        "gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor", "ai.model.provider",
    ),
    "served": (
        "gen_ai.response.model", "llm.response.model", "ai.response.model", "llm.model_name", "embedding.model_name",
        "langfuse.observation.model.name",
    ),
    "requested": ("gen_ai.request.model", "llm.request.model", "ai.model.id", "model_name", "model"),
    # Google's kit tells each call by two spans, of which only this id is in both, and neither need come in the same payload.
    "response_id": ("gcp.vertex.agent.event_id", "gen_ai.response.id", "llm.response.id", "ai.response.id", "response_id"),
    "tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "anthropic.response.service_tier",
        "gen_ai.response.service_tier", "gen_ai.usage.service_tier", "aws.bedrock.response.service_tier",
    ),
    "cost": ("operation.cost", "gen_ai.usage.cost", "gen_ai.cost.original_cost", "gen_ai.cost.total_cost",
             "llm.cost.total"),
    "streaming": ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming", "gen_ai.request.streaming"),
    "host": ("server.address", "gen_ai.openai.api_base", "url.full", "net.peer.name"),
    "cache_hit": ("litellm.cache_hit",),
    "error": ("error.type", "exception.type"),
    "http_status": ("http.response.status_code", "http.status_code"),
    "call_id": ("litellm.call_id",),
    "speed": ("anthropic.request.speed", "gen_ai.request.speed", "speed"),
    "geo": ("anthropic.response.inference_geo", "anthropic.request.inference_geo"),
}  # fmt: skip

COUNT_ROLES: Final = frozenset(tuple(ROLES)[: tuple(ROLES).index("operation")])
_USAGE_CONTAINERS: Final = frozenset(
    {"gen_ai.usage.raw", "langfuse.observation.usage_details", "mlflow.chat.tokenUsage"}
)
_MARKS: Final = frozenset({"request_data", "ai.operationId"})

CONTAINERS: Final = (
    "gen_ai.usage.raw", "metadata.usage_object", "output.value", "request_data", "response_data",
    "llm.invocation_parameters", "embedding.invocation_parameters", "metadata", "langfuse.observation.usage_details",
    "mlflow.chat.tokenUsage",
)  # fmt: skip
"""Attributes that hold JSON; a few named fields are read out of them and the text is dropped at once."""

_TAG_PREFIXES: Final = (
    "metadata.", "ai.telemetry.metadata.", "ai.telemetry.", "traceloop.association.properties.",
    "langfuse.trace.metadata.", "langfuse.observation.metadata.", "resource.", "",
)  # fmt: skip
_TAG_RANK: Final = {name: place for place, name in enumerate(TAG_NAMES)}
_TAG_KEYS: Final = {
    prefix + spelled: name
    for prefix in _TAG_PREFIXES
    for name in TAG_NAMES
    for spelled in (name, re.sub(r"_(\w)", lambda found: found[1].upper(), name))
} | {"ai.telemetry.functionId": "functionid", "ai.telemetry.metadata.teamId": "teamid"}
_ROLE_OF: Final = {key: (role, place) for role, keys in ROLES.items() for place, key in enumerate(keys)}
KNOWN: Final = frozenset((*_ROLE_OF, *CONTAINERS, *_MARKS, *_TAG_KEYS))
"""Every attribute that is ever looked at."""


class Plan(NamedTuple):
    """What to read of a span that has a given set of attributes.

    Attributes:
      counts: (name of a count, attribute) pairs, one per count.
      labels: the same for the roles that are no counts.
      tags: (attribute, its name without the library's prefix), the strongest first.
      containers: attributes to open.
      tells_usage: some attribute is a count of tokens.
      flat: the counts have names without a namespace (`input_tokens`), which anybody may use for anything.
      usage_before_model: the emitter writes the counts before the answer's model.
      may_be_call: False when nothing marks the span as a model call; then it need not be read.
    """

    counts: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    containers: tuple[str, ...]
    tells_usage: bool
    flat: bool
    may_be_call: bool
    usage_before_model: bool = False


_NOTHING: Final = Plan((), (), (), (), False, False, False)


@lru_cache(maxsize=4096)
def plan_of(keys: tuple[str, ...]) -> Plan:
    """The plan for a span with these known attributes, in the order they were sent."""
    plan = _plan(frozenset(keys))
    if _MODEL in keys and _OUTPUT in keys and keys.index(_OUTPUT) < keys.index(_MODEL):
        return plan._replace(usage_before_model=True)
    return plan


_OUTPUT, _MODEL = "gen_ai.usage.output_tokens", "gen_ai.response.model"


@lru_cache(maxsize=4096)
def _plan(keys: frozenset[str]) -> Plan:
    # Emitters repeat few sets of known attributes, so the work is done once for each; unknown ones are not kept.
    chosen: dict[str, tuple[int, str]] = {}
    for key in keys:
        if (found := _ROLE_OF.get(key)) and (found[0] not in chosen or found[1] < chosen[found[0]][0]):
            chosen[found[0]] = (found[1], key)
    tells_usage = bool(chosen.keys() & COUNT_ROLES or keys & _USAGE_CONTAINERS)
    containers = tuple(key for key in CONTAINERS if key in keys)
    if not (tells_usage or chosen.keys() & {"operation", "kind"} or keys & _MARKS):
        return _NOTHING
    tags = sorted(((key, _TAG_KEYS[key]) for key in keys if key in _TAG_KEYS), key=_strength)
    counts = tuple((role, key) for role, (_, key) in chosen.items() if role in COUNT_ROLES)
    named = tuple((role, key) for role, (_, key) in chosen.items() if role not in COUNT_ROLES)
    flat = bool(counts) and not any("." in key for _, key in counts)
    return Plan(counts, named, tuple(tags), containers, tells_usage, flat, True)


def _strength(tag: tuple[str, str]) -> tuple[int, str]:
    """The order of the table decides between synonyms, not the order in which a sender writes them."""
    return _TAG_RANK[tag[1]], tag[0]
