"""LiteLLM's `generic_api` callback: `StandardLoggingPayload`s as a JSON array, NDJSON or a single object (LiteLLM 1.109).

Nothing of `messages`, `response`, `model_parameters` or tracebacks is kept; of the response only model and tier are read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from core.intake import labels
from core.intake.counts import (
    CACHE_HIT,
    GUESSED_BY_LITELLM,
    NO_CACHE_SPLIT,
    NO_USAGE,
    NO_USAGE_STREAM,
    Counts,
    Settled,
    count,
    failure,
    settle,
    told_nothing,
)  # fmt: skip
from core.intake.litellm_payload import BROKEN, Answer, Error, Payload, payloads
from core.intake.other_units import billed_by, is_unbilled
from core.intake.provider_names import bare_model, provider_name
from core.intake.record import NO_TIME, Record, Taken, Trust
from core.intake.usage_objects import counts_of, price_modifiers, service_tier
from core.intake.values import digest, is_true, moment, reported_dollars, text
from core.usage import MAX_TAGS, Quality

MOCK: Final = "looks like a mock answer (no provider's headers, invented counts); the provider was probably not called"
UNPRICED: Final = "LiteLLM knows no price for this model; its cost of 0 means unknown"
_NO_HEADERS: Final = (b"", b"null", b"{}")
_ANSWER: Final = msgspec.json.Decoder(Answer)


def read(body: bytes, *, received_at: datetime) -> Taken:
    """Read a batch. One bad event never costs a good one.

    Args:
      received_at: aware; books calls that carry no usable time.

    Raises:
      Unreadable: neither a JSON array, an object, nor objects on lines.
      TooLarge: more than `MAX_EVENTS`.
    """
    taken = Taken()
    for index, payload in enumerate(payloads(body)):
        if isinstance(payload, str):
            taken.refused.append((index, payload))
        elif not (payload.litellm_call_id or payload.custom_llm_provider or payload.call_type):
            taken.refused.append((index, "not a LiteLLM call: it has no litellm_call_id"))
        elif _is_lookup(payload):
            taken.ignored += 1
        else:
            taken.records.append(_record(payload, received_at))
    return taken


def _record(payload: Payload, received_at: datetime) -> Record:
    metadata = payload.metadata or {}
    usage = metadata.get("usage_object")
    usage = usage if isinstance(usage, dict) else {}
    answer = _answer(payload)
    host, requested, served = text(payload.api_base), text(payload.model), text(answer.model)
    provider = provider_name(text(payload.custom_llm_provider), host, requested)
    settled, failed = _settled(payload, usage, provider=provider)
    at = moment(payload.endTime) or moment(payload.startTime)
    if at is None:
        settled.problems.append(NO_TIME)
    call_id = (
        labels.id_text(payload.litellm_call_id)
        or labels.id_text(payload.id)
        or digest(payload.startTime, payload.endTime, payload.model, payload.prompt_tokens, payload.completion_tokens)
    )
    tier = _tier(payload, usage, answer)
    event = settled.event(
        id=call_id, at=at or received_at, provider=provider, model=bare_model(labels.model_name(served, requested), provider),
        tags=_tags(payload, metadata), tier=tier or "standard", response_id=_response_id(payload, call_id),
        cost_reported=_cost(payload, settled.problems, failed=failed),
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(dict.fromkeys(settled.problems)), source_key=call_id,
        trust=Trust.LITELLM, emitter="LiteLLM", failed=failed, ttl_known=settled.ttl_known, tier_known=tier is not None,
    )  # fmt: skip


def _settled(payload: Payload, usage: dict[str, Any], *, provider: str) -> tuple[Settled, bool]:
    """Counts with quality, and whether the call failed."""
    if is_true(payload.cache_hit):
        return Settled(problems=[CACHE_HIT]), False
    counts = counts_of(usage) if usage else Counts()
    for name, value in (("input", payload.prompt_tokens), ("output", payload.completion_tokens),
                        ("total", payload.total_tokens)):  # fmt: skip
        if getattr(counts, name) is None:
            count(counts, name, value)
    counts.problems += price_modifiers(usage)
    failed = text(payload.status).lower() == "failure"
    streamed = payload.stream is True
    if told_nothing(counts):
        if failed:
            error = payload.error_information or Error()
            return failure(text(error.error_class), text(error.error_code)), True
        problem = billed_by(usage, text(payload.call_type)) or (NO_USAGE_STREAM if streamed else NO_USAGE)
        return Settled(quality=Quality.MISSING, problems=[*counts.problems, problem]), False
    settled = settle(counts, provider=provider)
    no_split = counts.cache_read is None and counts.cache_write is None
    if no_split and _is_mock(payload, usage):
        settled.quality = Quality.GUESSED
        settled.problems.append(MOCK)
    elif no_split and streamed:
        settled.quality = Quality.GUESSED
        settled.problems.append(GUESSED_BY_LITELLM)
    elif no_split and "embedding" not in text(payload.call_type) and settled.quality is Quality.EXACT:
        settled.quality = Quality.PARTIAL
        settled.problems.append(NO_CACHE_SPLIT)
    return settled, False


def _is_mock(payload: Payload, usage: dict[str, Any]) -> bool:
    """LiteLLM prices `mock_response` like a real answer; only what a real one would also carry is missing."""
    headers = bytes(payload.hidden_params.additional_headers).strip() if payload.hidden_params else b""
    if payload.stream is True or headers not in _NO_HEADERS or usage.get("completion_tokens_details") is not None:
        return False
    return (payload.prompt_tokens, payload.completion_tokens) == (10, 20) or payload.api_base == ""


def _is_lookup(payload: Payload) -> bool:
    """Calls that list, fetch or pass on things: they carry no usage and are no spend."""
    return is_unbilled(text(payload.call_type)) and not payload.prompt_tokens and not payload.completion_tokens


def _cost(payload: Payload, problems: list[str], *, failed: bool) -> str | None:
    """What the provider charges by LiteLLM's map, in dollars; without the proxy's own margins and discounts.

    Zero means four things in LiteLLM; only an answer from its cache is really free.
    """
    if CACHE_HIT in problems:
        return "0"
    if bytes(payload.response_cost_failure_debug_info).strip() not in (b"", b"null"):
        problems.append(UNPRICED)
        return None
    parts = payload.cost_breakdown
    told = (
        parts.original_cost
        if (parts := payload.cost_breakdown) and parts.original_cost is not None
        else payload.response_cost
    )
    return None if failed else reported_dollars(told)


def _tags(payload: Payload, metadata: dict[str, Any]) -> dict[str, str]:
    """The caller's tags first, then what it attached, then who owns the key."""
    tags = payload.request_tags if isinstance(payload.request_tags, list) else []
    named = [pair for tag in tags[:50] if isinstance(tag, str) and (pair := labels.split_tag(tag))]
    attached = [
        pair
        for part in ("requester_metadata", "spend_logs_metadata")
        if isinstance(found := metadata.get(part), dict)
        for pair in found.items()
    ]
    found_tags = labels.tags_of([*named, *attached, *metadata.items()])
    for name, value in named:
        # Tags of the caller's own invention are kept as well; the proxy adds the user agent, which is none.
        if name not in labels.TAG_NAMES and not name.startswith("user-agent") and len(found_tags) < MAX_TAGS:
            found_tags.setdefault(name, labels.tag_value(value))
    return found_tags


def _tier(payload: Payload, usage: dict[str, Any], answer: Answer) -> str | None:
    if text(usage.get("speed")).lower() == "fast":
        return "fast"
    if "batch" in text(payload.call_type).lower():
        return "batch"
    told = text(answer.service_tier) or service_tier(usage) or ""
    if not told and payload.cost_breakdown:
        told = text(payload.cost_breakdown.service_tier)
    return labels.tier_name(told) if told else None


def _response_id(payload: Payload, call_id: str) -> str | None:
    """The id that a client behind the proxy sees too. Embeddings, failures and cache hits have none of their own."""
    found = labels.id_text(payload.id)
    return None if found is None or found == call_id or "_cache_hit" in found else found


def _answer(payload: Payload) -> Answer:
    raw = bytes(payload.response)
    if not raw.lstrip().startswith(b"{"):
        return Answer()
    try:
        return _ANSWER.decode(raw)
    except BROKEN:
        return Answer()
