"""Anthropic's Analytics API and the older Admin reports out of a ledger (anthropic 2.12): every amount in cents, as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.support.provider_ledger import DAY, Call, days_between, grouped
from tests.support.provider_page import Refused, cursor_of, place_of

if TYPE_CHECKING:
    from tests.support.provider_api import ProviderApi

_GROUPS = {"model", "workspace_id", "api_key_id", "service_tier", "context_window", "inference_geo", "speed"}
_TOKEN_TYPES = {
    "input_uncached": "uncached_input_tokens", "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation.ephemeral_5m_input_tokens", "output": "output_tokens",
}  # fmt: skip
_BEGAN = datetime.fromisoformat("2026-01-01T00:00:00Z")


def answer(api: ProviderApi, path: str, query: list[tuple[str, str]]) -> bytes:
    given = dict(query)
    groups = [value for name, value in query if name == "group_by[]"]
    place = place_of(given.get("page"))
    _require(api.page_size > 0 and "starting_at" in given, "starting_at is required")
    report = path.removeprefix("/v1/organizations/")
    if report in ("analytics/usage", "analytics/cost"):
        page = _analytics(api, report, given, groups=groups, place=place)
    elif report in ("usage_report/messages", "cost_report"):
        page = _admin(api, report, given, groups=groups, place=place)
    else:
        raise Refused(404, "not_found_error", "Not found")
    return json.dumps(page).encode()


def _analytics(
    api: ProviderApi, report: str, given: dict[str, str], *, groups: list[str], place: int
) -> dict[str, Any]:
    uncounted = {"cost_type", "token_type"} if report.endswith("cost") else set()
    starts_at, ends_at = _at(given["starting_at"]), _at(given["ending_at"])
    limit = int(given.get("limit", "20"))
    _require(not set(groups) - _GROUPS - uncounted, "group_by: unknown value")
    _require(len(set(groups) - uncounted) <= 5, "group_by: at most 5 values")
    _require(given.get("time_bucket_width") == "1d", "this stand-in has buckets of a day only")
    _require(ends_at - starts_at <= 31 * DAY, "the range is longer than 31 days")
    _require(starts_at >= _BEGAN and ends_at - starts_at > timedelta(0), "starting_at is out of range")
    _require(1 <= limit <= 1000, "limit: 1 to 1000")
    found = []
    for day in days_between(starts_at, ends_at):
        names = [name for name in groups if name not in uncounted]
        for calls in grouped(api.ledger.between(day, day + DAY), _key(names)).values():
            found.append((day, calls, {name: _value(calls[0], name) for name in names}))
    if given.get("order_by") != "time":
        found.sort(key=lambda row: -sum(call.tokens for call in row[1]))
    shown = found[place : place + min(limit, api.page_size)]
    rows: list[dict[str, Any]] = []
    for day, calls, group in shown:
        span = {"starting_at": _rfc3339(day), "ending_at": _rfc3339(day + DAY)}
        if report.endswith("usage"):
            rows.append(span | {"group": _padded(group), "usage": _usage(calls, requests=True)})
            continue
        # Rows by cost and token type come on top of the limit.
        for name, dollars in _dollars(calls).items():
            kind = {"cost_type": "tokens", "token_type": _TOKEN_TYPES[name]}
            cost = {
                "amount": _cents(dollars * (1 - Decimal(api.discount))),
                "list_amount": _cents(dollars),
                "currency": "USD",
            }
            rows.append(span | {"group": _padded(group | kind), "cost": cost | {"requests": None}})
    return _page(rows, place + len(shown), len(found))


def _admin(api: ProviderApi, report: str, given: dict[str, str], *, groups: list[str], place: int) -> dict[str, Any]:
    is_cost = report == "cost_report"
    _require(given.get("bucket_width", "1d") == "1d", "this stand-in has buckets of a day only")
    _require(1 <= int(given.get("limit", "7")) <= 31, "limit: 1 to 31")
    allowed = {"workspace_id", "description"} if is_cost else _GROUPS | {"account_id", "service_account_id"}
    _require(not set(groups) - allowed, "group_by: unknown value")
    days = days_between(_at(given["starting_at"]), _at(given["ending_at"]))
    shown = days[place : place + min(int(given.get("limit", "7")), api.page_size)]
    data = []
    for day in shown:
        calls = api.ledger.between(day, day + DAY)
        results = _costs(calls) if is_cost else [
            {**dict.fromkeys(sorted(allowed)), **{name: _value(part[0], name) for name in groups}, **_usage(part, requests=False)}
            for part in grouped(calls, _key(groups)).values()
        ]  # fmt: skip
        data.append({"starting_at": _rfc3339(day), "ending_at": _rfc3339(day + DAY), "results": results})
    return _page(data, place + len(shown), len(days))


def _costs(calls: list[Call]) -> list[dict[str, Any]]:
    return [
        {
            "currency": "USD", "amount": _cents(dollars), "workspace_id": workspace, "cost_type": "tokens",
            "description": f"{model} Usage - {name}", "model": model, "token_type": _TOKEN_TYPES[name],
            "context_window": "0-200k", "service_tier": "standard", "inference_geo": "global",
        }
        for (workspace, model), part in grouped(calls, lambda call: (call.project, call.model)).items()
        for name, dollars in _dollars(part).items()
    ]  # fmt: skip


def _usage(calls: list[Call], *, requests: bool) -> dict[str, Any]:
    sums = {name: sum(call.classes()[name] for call in calls) for name in _TOKEN_TYPES}
    usage: dict[str, Any] = {
        "uncached_input_tokens": sums["input_uncached"], "cache_read_input_tokens": sums["cache_read"],
        "cache_creation": {"ephemeral_5m_input_tokens": sums["cache_write"], "ephemeral_1h_input_tokens": 0},
        "output_tokens": sums["output"], "server_tool_use": {"web_search_requests": 0},
    }  # fmt: skip
    if requests:
        usage |= {"requests": sum(call.requests for call in calls), "total_tokens": sum(call.tokens for call in calls)}
    return usage


def _dollars(calls: list[Call]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for call in calls:
        for name, dollars in call.dollars().items():
            sums[name] = sums.get(name, Decimal(0)) + dollars
    return sums


def _key(names: list[str]) -> Callable[[Call], tuple[Any, ...]]:
    return lambda call: tuple(_value(call, name) for name in names)


def _value(call: Call, name: str) -> object:
    values = {
        "workspace_id": call.project, "api_key_id": call.key, "model": call.model,
        "service_tier": "batch" if call.batch else call.tier, "context_window": "0-200k",
    }  # fmt: skip
    return values.get(name)


def _padded(group: dict[str, object]) -> dict[str, object]:
    return dict.fromkeys((*sorted(_GROUPS), "actor", "product", "session_id")) | group


def _page(data: list[Any], reached: int, total: int) -> dict[str, Any]:
    has_more = reached < total
    return {"data": data, "has_more": has_more, "next_page": cursor_of(reached) if has_more else None}


def _cents(dollars: Decimal) -> str:
    return format((dollars * 100).normalize(), "f")


def _at(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    _require(at.tzinfo is not None, "times need a zone")
    return at


def _rfc3339(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(400, "invalid_request_error", message)
