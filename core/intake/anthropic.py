"""Anthropic's organization APIs: Analytics and the legacy Admin reports, usage and cost (usage-formats §4).

Every amount is a decimal text in cents. Input counts are exclusive: uncached, cache writes and reads add up. Rows of a
cost report without a workspace belong to the default workspace or were not grouped; nobody can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.errors import Unreadable
from core.intake import labels
from core.intake.counts import US_ONLY, Counts, count, settle
from core.intake.record import AGGREGATE, CostLine, Taken, UsageBucket
from core.intake.values import moment, money_nanos, number, reported_dollars, text, whole
from core.usage import MAX_REQUESTS, Quality

PROVIDER: Final = "anthropic"
CENTS: Final = 100
MORE_PAGES: Final = "there are more pages; the totals are not whole without them"
NOT_BILLED: Final = "used within a subscription; nothing is billed for it"
SAME_AS_REPORT: Final = "the same tokens are in the usage report; a check, not more spend"
_CLASSES: Final = {
    "uncached_input_tokens": "input_uncached", "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h", "output_tokens": "output",
}  # fmt: skip


class _Page(msgspec.Struct):
    data: list[dict[str, Any]]
    has_more: Any = None
    next_page: Any = None


_PAGE: Final = msgspec.json.Decoder(_Page, float_hook=Decimal)


def read(body: bytes) -> Taken:
    """Read one page of any of the reports. `next_page` is the cursor while there is more.

    Buckets without results are counted in `ignored`. Raises Unreadable.
    """
    try:
        page = _PAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise Unreadable("This is not a page of Anthropic's usage or cost reports.") from broken
    taken = Taken(next_page=text(page.next_page) or None if page.has_more is True else None)
    index = 0
    for item in page.data:
        results = item.get("results")
        rows = results if isinstance(results, list) else [item]
        taken.ignored += not rows
        for row in rows:
            _take(row, item, taken=taken, index=index)
            index += 1
    if taken.next_page:
        taken.problems.append(MORE_PAGES)
    return taken


def _take(row: object, item: Mapping[str, Any], *, taken: Taken, index: int) -> None:
    if not isinstance(row, Mapping):
        taken.refused.append((index, "not a row of a report: it is no object"))
        return
    if isinstance(row.get("model_breakdown"), list):
        _claude_code(row, taken, index)
        return
    starts_at, ends_at = moment(item.get("starting_at")), moment(item.get("ending_at"))
    if starts_at is None or ends_at is None:
        taken.refused.append((index, "not a row of a report: it needs starting_at and ending_at"))
        return
    group = row.get("group")
    dimensions = group if isinstance(group, Mapping) else row
    usage, cost = row.get("usage"), row.get("cost")
    if isinstance(usage, Mapping):
        taken.buckets.append(_bucket(usage, dimensions, starts_at, ends_at))
    elif isinstance(cost, Mapping) or "amount" in row:
        line = _cost(cost if isinstance(cost, Mapping) else row, dimensions, starts_at, ends_at)
        if isinstance(line, str):
            taken.refused.append((index, line))
        else:
            taken.costs.append(line)
    elif "output_tokens" in row or "uncached_input_tokens" in row:
        taken.buckets.append(_bucket(row, dimensions, starts_at, ends_at))
    else:
        taken.refused.append((index, "not a row of a report: it has neither counts nor an amount"))


def _bucket(usage: Mapping[str, Any], group: Mapping[str, Any], starts_at: datetime, ends_at: datetime) -> UsageBucket:
    counts = Counts(exclusive=True)
    count(counts, "input", usage.get("uncached_input_tokens"))
    count(counts, "output", usage.get("output_tokens"))
    count(counts, "cache_read", usage.get("cache_read_input_tokens"))
    written = usage.get("cache_creation")
    if isinstance(written, Mapping):
        for name in ("5m", "1h"):
            count(counts, f"cache_write_{name}", written.get(f"ephemeral_{name}_input_tokens"))
    tools = usage.get("server_tool_use")
    if isinstance(tools, Mapping):
        count(counts, "web_searches", tools.get("web_search_requests"))
    _include_cached(counts)
    tier, region, model = _tier(group), labels.id_text(group.get("inference_geo")), _model(group)
    if region == "us":
        counts.problems.append(US_ONLY)
    settled = settle(counts, provider=PROVIDER)
    requests = whole(usage.get("requests"))
    requests = None if requests is None or not 0 <= requests <= MAX_REQUESTS else requests
    project, key = labels.id_text(group.get("workspace_id")), labels.id_text(group.get("api_key_id"))
    user = labels.id_text(group.get("account_id")) or labels.id_text(group.get("actor"))
    window = labels.id_text(group.get("context_window"))
    span = f"{int(starts_at.timestamp())}-{int(ends_at.timestamp())}"
    told = ":".join(part or "" for part in (project, key, user, model, tier, window, region))
    event = settled.event(
        id=f"messages:{span}:{told}"[:200], at=starts_at, provider=PROVIDER, model=model, tier=tier,
        requests=max(requests or AGGREGATE, 1), tags=labels.tags_of([("project", project or "")]),
    )  # fmt: skip
    return UsageBucket(
        event=event, quality=settled.quality, problems=tuple(settled.problems), kind="messages", starts_at=starts_at,
        ends_at=ends_at, requests=requests, api_key=key, user=user, batch=True if tier == "batch" else None,
        context_window=window, region=region,
    )  # fmt: skip


def _include_cached(counts: Counts) -> None:
    # The reports document that input is uncached, so adding the rest is reading them, not repairing them.
    cached = (counts.cache_read or 0) + (counts.cache_write_5m or 0) + (counts.cache_write_1h or 0)
    counts.input, counts.exclusive = (counts.input or 0) + cached + (counts.cache_write or 0), False


def _cost(cost: Mapping[str, Any], group: Mapping[str, Any], starts_at: datetime, ends_at: datetime) -> CostLine | str:
    nanos = money_nanos(cost.get("amount"), per_unit=CENTS)
    if nanos is None or not isinstance(cost.get("amount"), str):
        return "not a cost: amount is no decimal text in cents"
    kind, token_type = text(group.get("cost_type")), text(group.get("token_type"))
    token_class = (
        _CLASSES.get(token_type) if token_type else {"web_search": "web_searches"}.get(kind, kind[:40] or None)
    )
    if kind == "tokens" and not token_type:
        token_class = None
    problems = () if token_class or not (kind or token_type) else ("the kind of this cost is not known; unmapped",)
    return CostLine(
        provider=PROVIDER, model=labels.id_text(group.get("model")), token_class=token_class, tier=_tier(group),
        starts_at=starts_at, ends_at=ends_at, billed_nanos=nanos, effective_nanos=nanos,
        list_nanos=money_nanos(cost.get("list_amount"), per_unit=CENTS),
        currency=text(cost.get("currency")).upper()[:3] or "USD", project=labels.id_text(group.get("workspace_id")),
        api_key=labels.id_text(group.get("api_key_id")), user=labels.id_text(group.get("actor")),
        region=labels.id_text(group.get("inference_geo")), context_window=labels.id_text(group.get("context_window")),
        description=text(group.get("description"))[:500], problems=problems if kind != "tokens" or token_type else (),
    )  # fmt: skip


def _claude_code(row: Mapping[str, Any], taken: Taken, index: int) -> None:
    """One person's day of the Claude Code report: a bucket per model. Its cost is an estimate, a number in cents."""
    starts_at = moment(row.get("date"))
    if starts_at is None:
        taken.refused.append((index, "not a row of the Claude Code report: it has no date"))
        return
    actor = row.get("actor") if isinstance(row.get("actor"), Mapping) else {}
    assert isinstance(actor, Mapping)
    user, key = labels.id_text(actor.get("email_address")), labels.id_text(actor.get("api_key_name"))
    billed = text(row.get("customer_type")) != "subscription"
    for part in row["model_breakdown"]:
        tokens = part.get("tokens") if isinstance(part, Mapping) else None
        if not isinstance(tokens, Mapping):
            taken.refused.append((index, "a model of the Claude Code report has no token counts"))
            continue
        counts = Counts()
        for name, told in (("input", "input"), ("output", "output"), ("cache_read", "cache_read"),
                           ("cache_write", "cache_creation")):  # fmt: skip
            count(counts, name, tokens.get(told))
        _include_cached(counts)
        settled = settle(counts, provider=PROVIDER)
        settled.problems.append(SAME_AS_REPORT if billed else NOT_BILLED)
        model = _model(part)
        event = settled.event(
            id=f"claude_code:{starts_at.date()}:{user or key}:{model}"[:200], at=starts_at, provider=PROVIDER, model=model,
            requests=AGGREGATE, cost_reported=_estimate(part.get("estimated_cost")),
        )  # fmt: skip
        taken.buckets.append(UsageBucket(
            event=event, quality=settled.quality if settled.input else Quality.MISSING, problems=tuple(settled.problems),
            kind="claude_code" if billed else "claude_code_subscription", starts_at=starts_at,
            ends_at=starts_at + timedelta(days=1), api_key=key, user=user,
        ))  # fmt: skip


def _estimate(told: object) -> str | None:
    """Dollars out of the report's estimate in cents."""
    cents = number(told.get("amount")) if isinstance(told, Mapping) else None
    return reported_dollars(cents / CENTS) if cents is not None else None


def _tier(group: Mapping[str, Any]) -> str:
    return "fast" if text(group.get("speed")) == "fast" else labels.tier_name(text(group.get("service_tier")))


def _model(group: Mapping[str, Any]) -> str:
    return labels.model_name(text(group.get("model")))
