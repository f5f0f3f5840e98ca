"""Providers' own responses as they were answered or kept in a batch's output file: one JSON object, or one a line.

Only id, model, tier and usage are decoded; the answer itself is skipped. Shapes: usage-formats §3.1, §4.1 and §6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from core.errors import TooLarge, Unreadable
from core.intake import labels
from core.intake.counts import NO_USAGE, Settled, failure, settle, told_nothing
from core.intake.other_units import billed_by
from core.intake.provider_names import bare_model, provider_name
from core.intake.record import NO_TIME, Record, Taken, Trust
from core.intake.usage_objects import counts_of, price_modifiers, service_tier
from core.intake.values import digest, moment, reported_dollars, text
from core.usage import Quality

MAX_RESPONSES: Final = 200_000
_DEPTH: Final = 3


class _Response(msgspec.Struct, rename={"model_version": "modelVersion", "usage_metadata": "usageMetadata",
                                        "response_id": "responseId", "create_time": "createTime"}):  # fmt: skip
    """A response, or one of the wrappers that batch files put around it."""

    id: Any = None
    response_id: Any = None
    model: Any = None
    model_version: Any = None
    service_tier: Any = None
    usage: Any = None
    usage_metadata: Any = None
    created: Any = None
    created_at: Any = None
    create_time: Any = None
    provider_id: Any = None
    provider: Any = None
    custom_id: Any = None
    key: Any = None
    processed_time: Any = None
    type: Any = None
    response: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    body: msgspec.Raw = msgspec.Raw()
    message: msgspec.Raw = msgspec.Raw()


_ONE: Final = msgspec.json.Decoder(_Response)
_MANY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes, *, received_at: datetime) -> Taken:
    """Read one response, an array, or one a line. Raises Unreadable, TooLarge.

    Args:
      received_at: aware; books responses that carry no time, as Anthropic's do.
    """
    taken = Taken()
    for index, raw in enumerate(_items(body)):
        try:
            found = _unwrapped(bytes(raw))
        except _BROKEN:
            taken.refused.append((index, "not a response: the JSON is broken or has other types"))
            continue
        if found is None:
            taken.refused.append((index, "not a response: it has neither model nor usage"))
        else:
            taken.records.append(_record(*found, received_at=received_at))
    return taken


def _items(body: bytes) -> list[Any]:
    plain = body.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        if plain.startswith(b"["):
            items: list[Any] = list(_MANY.decode(plain))
        else:
            _ONE.decode(plain)
            items = [plain]
    except _BROKEN as broken:
        items = [line for line in plain.splitlines() if line.strip()]
        if plain[:1] != b"{" or len(items) < 2:
            raise Unreadable("This is neither a provider's response nor a file of them.") from broken
    if len(items) > MAX_RESPONSES:
        raise TooLarge(f"{len(items):,} responses at once; at most {MAX_RESPONSES:,} are accepted.")
    return items


def _unwrapped(raw: bytes) -> tuple[_Response, bool, str] | None:
    """(response, whether it comes from a batch, provider as a wrapper names it)."""
    batch, provider = False, ""
    for _ in range(_DEPTH + 1):
        found = _ONE.decode(raw)
        batch = batch or any(text(mark) for mark in (found.custom_id, found.processed_time))
        # Gemini's batches name each line by a key of the sender's.
        batch = batch or (text(found.key) != "" and bytes(found.response).lstrip().startswith(b"{"))
        provider = provider or text(found.provider_id)
        if isinstance(found.usage, dict) or isinstance(found.usage_metadata, dict):
            return found, batch, provider
        inner = next((part for part in (found.response, found.result, found.body, found.message)
                      if bytes(part).lstrip().startswith(b"{")), None)  # fmt: skip
        if inner is None:
            return (found, batch, provider) if batch or text(found.model) else None
        raw = bytes(inner)
    return None


def _record(found: _Response, batch: bool, provider: str, *, received_at: datetime) -> Record:
    usage: Mapping[str, Any] = found.usage if isinstance(found.usage, dict) else {}
    if isinstance(found.usage_metadata, dict):
        usage = found.usage_metadata
    model = labels.model_name(text(found.model) or text(found.model_version))
    provider = _provider(provider, usage, model)
    model = bare_model(model, provider)
    settled = _settled(usage, provider, batch=batch)
    at = next(filter(None, map(moment, (found.created, found.created_at, found.create_time))), None)
    if at is None:
        settled.problems.append(NO_TIME)
    if labels.UNKNOWN in (model, provider):
        settled.problems.append(
            f"the response names no {'model' if model == labels.UNKNOWN else 'provider'}; it stays unpriced"
        )
    response_id = labels.id_text(found.id) or labels.id_text(found.response_id)
    key = response_id or digest(model, text(found.custom_id), sorted(usage.items(), key=str))
    told = text(found.service_tier) or service_tier(usage) or ""
    tier = "batch" if batch else "fast" if text(usage.get("speed")) == "fast" else labels.tier_name(told)
    event = settled.event(
        id=key, at=at or received_at, provider=provider, model=model, tier=tier, response_id=response_id,
        cost_reported=reported_dollars(usage.get("cost")) if provider == "openrouter" else None,
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(settled.problems), source_key=key,
        trust=Trust.PROVIDER_SDK, emitter="response", failed=batch and not usage, ttl_known=settled.ttl_known,
        tier_known=batch or bool(told),
    )  # fmt: skip


def _settled(usage: Mapping[str, Any], provider: str, *, batch: bool) -> Settled:
    counts = counts_of(usage)
    if told_nothing(counts):
        return (
            failure("")
            if batch and not usage
            else Settled(quality=Quality.MISSING, problems=[billed_by(usage) or NO_USAGE])
        )
    counts.problems += price_modifiers(usage)
    if usage.get("is_byok") is True:
        counts.problems.append("on your own key: the cost told is the router's fee, the provider bills the rest")
    return settle(counts, provider=provider)


def _provider(told: str, usage: Mapping[str, Any], model: str) -> str:
    """By the wrapper, else by the shape of the usage, else by the model."""
    if told:
        return provider_name(told)
    if "inputTokens" in usage:
        return "aws"
    if "cost" in usage and "/" in model:
        return "openrouter"
    return provider_name("", "", model)
