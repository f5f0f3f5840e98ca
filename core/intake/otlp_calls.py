"""One span becomes one record, or nothing when it is no model call of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from core.intake import labels
from core.intake.counts import (
    CACHE_HIT,
    NO_CACHE_SPLIT,
    NO_USAGE,
    NO_USAGE_DROPPED,
    NO_USAGE_STREAM,
    US_ONLY,
    Counts,
    Settled,
    count,
    failure,
    settle,
    settle_plain,
    told_nothing,
)  # fmt: skip
from core.intake.otlp_containers import NOTHING_OPENED
from core.intake.otlp_dialects import Dialect, Doubt, Told
from core.intake.otlp_span import Span
from core.intake.provider_names import bare_model, provider_name
from core.intake.record import NO_TIME, Record
from core.intake.values import digest, from_unix, is_true, reported_dollars, text, whole
from core.usage import MAX_TOKENS, Quality

_CALLS: Final = frozenset({
    "chat", "generate_content", "text_completion", "embeddings", "completion", "embedding", "responses", "messages",
    "acompletion", "aembedding", "aresponses", "atext_completion", "anthropic_messages", "generate_text", "stream_text",
    "speech", "transcription", "image_generation", "llm", "generation", "chat_model", "chat.completions",
    "chat.streaming_completions", "chat_completion", "text.completions", "text.streaming_completions", "text_completions",
})  # fmt: skip
_EMBEDDINGS: Final = frozenset({"embeddings", "embedding", "aembedding"})
_NOT_CALLS: Final = frozenset({
    "plan", "retrieval", "agent", "workflow", "task", "tool", "chain", "handoff", "guardrail", "evaluator", "retriever",
    "reranker", "span", "event", "parser", "prompt",
})  # fmt: skip
_NOT_CALL_STARTS: Final = ("invoke_", "execute_", "fetch_", "create_agent", "search_memory", "update_memory",
                           "delete_memory", "create_memory", "upsert_memory")  # fmt: skip


class Source(msgspec.Struct):
    """Resource and scope of a span.

    Attributes:
      resource: the resource's attributes that are tags, strongest first.
      tags: the tags of spans that have none of their own.
    """

    dialect: Dialect
    emitter: str
    resource: list[tuple[str, Any]]
    tags: dict[str, str]
    received_at: datetime


def is_call(span: Span, dialect: Dialect) -> bool:
    """Whether the span is one model call: not an agent, tool, chain or workflow around some, nor a look-up of an answer."""
    assert span.plan
    values = span.values
    operation, certain = _operation(values.get("operation"), values.get("kind"))
    if certain is False:
        return False
    if dialect.name == "Vercel AI SDK":
        # The outer span `ai.generateText` repeats the sums of its inner `….doGenerate` spans.
        return ".do" in span.name
    if dialect.name == "Logfire" and _is_opened_stream(span):
        return False
    if span.plan.flat and not operation:
        return span.name == "claude_code.llm_request"
    return span.plan.tells_usage or certain is True


def _is_opened_stream(span: Span) -> bool:
    """Whether a span of Logfire is the request of a stream: it ends before the usage is known.

    A second span, named for the streaming response, carries the usage; the request's own has neither answer nor id.
    """
    assert span.plan
    answered = span.plan.tells_usage or "response_data" in span.plan.containers or "response_id" in span.values
    return not answered and not span.failed and not span.name.startswith("streaming response")


@lru_cache(maxsize=1024)
def _operation(operation: object, kind: object) -> tuple[str, bool | None]:
    """The operation's name, and whether operation or kind make the span a call for certain, or rule it out."""
    name, sort = text(operation).lower(), text(kind).lower()
    if name in _NOT_CALLS or sort in _NOT_CALLS or name.startswith(_NOT_CALL_STARTS):
        return name, False
    return name, True if name in _CALLS or sort in _CALLS else None


def record_of(span: Span, source: Source) -> Record:
    """The record of a span for which `is_call` holds."""
    values, opened = span.values, span.opened
    told = values.get
    model, provider, tier, remarks = _names(
        told("served"), opened.model, told("requested"), told("provider"), told("host"),
        told("tier") or opened.tier, told("speed"), told("geo"),
    )  # fmt: skip
    settled, failed = _settled(span, source.dialect, provider=provider, model=model)
    key = _key(span)
    at = _instant(span.end or span.start)
    if at is None:
        settled.problems.append(NO_TIME)
    settled.problems += remarks
    own_tags = [*span.tags, *opened.tags.items()]
    event = settled.event(
        id=key, at=at or source.received_at, provider=provider, model=model, tier=tier or "standard",
        tags=labels.tags_of([*own_tags, *source.resource]) if own_tags else source.tags,
        response_id=labels.id_text(told("response_id")) or labels.id_text(opened.response_id),
        cost_reported=reported_dollars(told("cost")) if "cost" in values else None,
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(dict.fromkeys(settled.problems)) if settled.problems else (), source_key=key,
        trust=source.dialect.trust, emitter=source.emitter, failed=failed, ttl_known=settled.ttl_known,
        tier_known=tier is not None,
    )  # fmt: skip


def _settled(span: Span, dialect: Dialect, *, provider: str, model: str) -> tuple[Settled, bool]:
    """Counts with quality, and whether the call failed."""
    values, opened = span.values, span.opened
    if (
        opened is NOTHING_OPENED
        and dialect.doubt is None
        and provider not in dialect.exclusive
        and "cache_hit" not in values
        and (dialect.tells_cache or "cache_read" in span.counts)
        and (plain := settle_plain(span.counts))
    ):
        return plain, False
    counts = Counts()
    for role, value in span.counts.items():
        if type(value) is int and 0 <= value <= MAX_TOKENS:
            setattr(counts, role, value)
        else:
            count(counts, role, value)
    if opened.counts:
        counts.problems += opened.counts.problems
        counts.distrusted |= opened.counts.distrusted
        counts.fill(opened.counts)
    counts.problems += opened.notes
    if "cache_hit" in values and is_true(values["cache_hit"]):
        return Settled(problems=[CACHE_HIT]), False
    streamed = _streamed(span, dialect)
    if told_nothing(counts):
        failed = span.failed or bool(text(values.get("error"))) or (whole(values.get("http_status")) or 0) >= 400
        asked = opened.usage_asked
        settled = (
            failure(text(values.get("error"))) if failed else _without_usage(counts, streamed=streamed, asked=asked)
        )
        return settled, failed
    counts.exclusive = provider in dialect.exclusive
    counts.reasoning_apart = provider in dialect.reasoning_apart
    call = Told(provider, model, text(values.get("operation")).lower(), streamed)
    doubt = dialect.doubt(call, counts) if dialect.doubt else None
    settled = settle(counts, provider=provider)
    if settled.quality is not Quality.MISSING:
        quality, problem = doubt or (settled.quality is Quality.EXACT and _gap(span, dialect, counts)) or (None, "")
        if quality:
            settled.quality = settled.quality if settled.quality is Quality.GUESSED else quality
            settled.problems.append(problem)
    return settled, False


def _gap(span: Span, dialect: Dialect, counts: Counts) -> Doubt:
    """What the counts leave open although nothing in them is wrong."""
    if dialect.tells_cache and counts.input and counts.output is not None:
        return None
    is_embedding = (
        text(span.values.get("operation")).lower() in _EMBEDDINGS
        or text(span.values.get("kind")).lower() == "embedding"
        or "embed" in span.name.lower()
    )
    if not counts.input and not counts.cache_read and not counts.cache_write:
        return Quality.PARTIAL, "the sender tells output but no input"
    if counts.output is None and not is_embedding:
        return Quality.PARTIAL, "the sender tells input but no output"
    told = counts.cache_read is not None or counts.cache_write is not None or span.opened.cache_known
    return None if dialect.tells_cache or is_embedding or told else (Quality.PARTIAL, NO_CACHE_SPLIT)


def _without_usage(counts: Counts, *, streamed: bool, asked: bool) -> Settled:
    problem = NO_USAGE_STREAM if streamed else NO_USAGE
    return Settled(
        quality=Quality.MISSING, problems=[*counts.problems, NO_USAGE_DROPPED if streamed and asked else problem]
    )


def _streamed(span: Span, dialect: Dialect) -> bool:
    told = span.values.get("streaming", span.opened.streamed)
    if told is not None:
        return is_true(told)
    if "stream" in span.name.lower() or "stream" in text(span.values.get("operation")).lower():
        return True
    # OpenLLMetry does not mark Anthropic streams. It writes a stream's counts while it lasts and the rest at its end.
    return dialect.doubt is not None and dialect.name == "OpenLLMetry" and span.usage_before_model


@lru_cache(maxsize=4096)
def _names(
    served: object,
    inside: str | None,
    requested: object,
    provider: object,
    host: object,
    tier: object,
    speed: object,
    geo: object,
) -> tuple[str, str, str | None, tuple[str, ...]]:
    """Model, provider, service tier (None when it is not told), and what is to be said about them."""
    model = labels.model_name(text(served) or inside or "", text(requested))
    found, claimed = provider_name(text(provider), text(host), model), provider_name(text(provider))
    model = bare_model(model, found)
    remarks: list[str] = []
    if labels.UNKNOWN in (model, found):
        lacking = "model" if model == labels.UNKNOWN else "provider"
        remarks.append(f"the span names no {lacking}; it stays unpriced")
    elif claimed not in (found, labels.UNKNOWN):
        remarks.append(f"the client says {claimed}, but its server or model is {found}'s")
    if text(geo).lower() == "us":
        remarks.append(US_ONLY)
    fast = text(speed).lower() == "fast"
    return model, found, "fast" if fast else labels.tier_name(text(tier)) if text(tier) else None, tuple(remarks)


def _instant(nanos: int) -> datetime | None:
    """The instant of a Unix time in nanoseconds; None for one that cannot be meant."""
    seconds, rest = divmod(nanos, 1_000_000_000)
    at = from_unix(seconds)
    return at + timedelta(0, 0, rest // 1_000) if at else None


def _key(span: Span) -> str:
    """(trace, span) in hex; without ids a digest of what the span says, so that a repeated batch still counts once.

    Ids of nothing but zeros are none (OpenTelemetry's specification); all calls that carry them would be one.
    """
    if any(span.span) and len(span.trace) <= 16 and len(span.span) <= 8:
        return f"{span.trace.hex()}/{span.span.hex()}"
    told = sorted({**span.counts, **span.values}.items(), key=str)
    return digest(span.trace, span.span, span.name, span.start, span.end, told)
