"""OpenAI's Usage and Costs APIs out of a ledger: parameters, bounds, paging and shapes (openai 3.54)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.support.provider_ledger import DAY, Call, days_between, grouped
from tests.support.provider_page import Refused, cursor_of, place_of

if TYPE_CHECKING:
    from tests.support.provider_api import ProviderApi

_USAGE_GROUPS = {"project_id", "user_id", "api_key_id", "model"}
_GROUPS = {
    "completions": _USAGE_GROUPS | {"batch", "service_tier", "api_source"},
    "embeddings": _USAGE_GROUPS, "images": _USAGE_GROUPS | {"size", "source"},
    "audio_speeches": _USAGE_GROUPS, "audio_transcriptions": _USAGE_GROUPS, "moderations": _USAGE_GROUPS,
    "costs": {"project_id", "line_item", "api_key_id", "user_id", "api_source"},
}  # fmt: skip
_LINE_WORDS = {
    "input_uncached": "input_tokens", "cache_read": "cached_input_tokens", "cache_write": "cache_write_tokens",
    "output": "output_tokens",
}  # fmt: skip


def answer(api: ProviderApi, path: str, query: list[tuple[str, str]]) -> bytes:
    kind = path.rpartition("/")[2]
    if kind not in _GROUPS or path != f"/v1/organization/{'' if kind == 'costs' else 'usage/'}{kind}":
        raise _refused(404, "not found")
    given = dict(query)
    known = {"start_time", "end_time", "bucket_width", "limit", "page", "group_by[]"}
    if strange := given.keys() - known:
        raise _refused(400, f"unknown parameter {sorted(strange)[0]}")
    groups = [value for name, value in query if name == "group_by[]"]
    if unknown := set(groups) - _GROUPS[kind]:
        raise _refused(400, f"group_by: {sorted(unknown)[0]} is not allowed")
    if given.get("bucket_width", "1d") != "1d":
        raise _refused(400, "this stand-in has buckets of a day only")
    limit = int(given.get("limit", "7"))
    if not 1 <= limit <= (180 if kind == "costs" else 31):
        raise _refused(400, "limit is out of bounds")
    if "start_time" not in given:
        raise _refused(400, "start_time is required")
    days = days_between(_at(given["start_time"]), _at(given["end_time"]))
    place = place_of(given.get("page"))
    shown = days[place : place + min(limit, api.page_size)]
    reached = place + len(shown)
    has_more = reached < len(days)
    page = {
        "object": "page",
        "data": [_bucket(api, kind, day, groups) for day in shown],
        "has_more": has_more,
        "next_page": cursor_of(reached) if has_more else None,
    }
    return json.dumps(page, default=float).encode()


def _bucket(api: ProviderApi, kind: str, day: datetime, groups: list[str]) -> dict[str, Any]:
    start = int(day.timestamp())
    bucket = {"object": "bucket", "start_time": start, "end_time": start + 86_400}
    calls = api.ledger.between(day, day + DAY, None if kind == "costs" else kind)
    if kind == "costs":
        return bucket | {"results": _costs(calls, groups)}
    results = [
        _usage(kind, group, groups, with_details=start >= api.details_from)
        for group in grouped(calls, lambda call: tuple(_value(call, name) for name in groups)).values()
    ]
    return bucket | {"results": results}


def _usage(kind: str, calls: list[Call], groups: list[str], *, with_details: bool) -> dict[str, Any]:
    total, cached = sum(call.input_tokens for call in calls), sum(call.cached for call in calls)
    written, output = sum(call.written for call in calls), sum(call.output_tokens for call in calls)
    row: dict[str, Any] = {
        "object": f"organization.usage.{kind}.result",
        "input_tokens": total,
        "num_model_requests": sum(call.requests for call in calls),
        **{name: _value(calls[0], name) if name in groups else None for name in sorted(_GROUPS[kind])},
    }
    if kind == "completions":
        row["output_tokens"] = output
    if kind == "completions" and with_details:
        row |= {
            "input_cached_tokens": cached, "input_cache_write_tokens": written, "input_cache_write_30m_tokens": written,
            "input_cache_write_12h_tokens": 0, "input_uncached_tokens": total - cached - written,
        }  # fmt: skip
    return row


def _costs(calls: list[Call], groups: list[str]) -> list[dict[str, Any]]:
    parts = [(call, name, dollars) for call in calls for name, dollars in call.dollars().items()]
    sums: dict[tuple[Any, ...], Decimal] = {}
    for call, name, dollars in parts:
        key = tuple(
            f"{call.model}, {'batch ' if call.batch else ''}{_LINE_WORDS[name]}"
            if group == "line_item"
            else _value(call, group)
            for group in groups
        )
        sums[key] = sums.get(key, Decimal(0)) + dollars
    return [
        {
            "object": "organization.costs.result",
            # Both spellings are seen: numbers, and text with a long tail of zeros.
            "amount": {"value": dollars if number % 2 else f"{dollars:.16f}", "currency": "usd"},
            "line_item": None, "project_id": None, "api_key_id": None, "user_id": None, "quantity": None,
            "quantity_unit": None, **dict(zip(groups, key, strict=True)),
        }
        for number, (key, dollars) in enumerate(sorted(sums.items(), key=repr))
    ]  # fmt: skip


def _value(call: Call, name: str) -> object:
    tier = "default" if call.tier == "standard" else call.tier
    values = {
        "project_id": call.project,
        "api_key_id": call.key,
        "model": call.model,
        "batch": call.batch,
        "service_tier": tier,
    }
    return values.get(name)


def _at(seconds: str) -> datetime:
    if not seconds.isdigit():
        raise _refused(400, "times are Unix seconds")
    return datetime.fromtimestamp(int(seconds), UTC)


def _refused(status: int, message: str) -> Exception:
    return Refused(status, "invalid_request_error", message)
