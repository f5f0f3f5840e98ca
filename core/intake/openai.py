"""OpenAI's organization APIs: pages of Usage (buckets, a second opinion) and of Costs (lines that agree with the invoice).

Shapes of the `openai` package 3.54 (usage-formats §3.2, §3.3). Usage counts are inclusive; costs are in dollars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.errors import Unreadable
from core.intake import labels
from core.intake.counts import Counts, count, settle
from core.intake.record import AGGREGATE, CostLine, Taken, UsageBucket
from core.intake.values import moment, money_nanos, number, text, whole
from core.usage import MAX_REQUESTS, Quality

PROVIDER: Final = "openai"
_KIND: Final = re.compile(r"organization\.usage\.([a-z_]{1,40})\.result")
_KINDS: Final = {"web_searches": "web_search_calls", "file_searches": "file_search_calls"}
_UNITS: Final = {
    "images": "images", "characters": "characters", "seconds": "seconds", "num_sessions": "sessions",
    "sessions": "sessions", "usage_bytes": "bytes",
}  # fmt: skip
_COUNTS: Final = (
    ("input", "input_tokens"), ("output", "output_tokens"), ("cache_read", "input_cached_tokens"),
    ("cache_write", "input_cache_write_tokens"), ("cache_write_5m", "input_cache_write_30m_tokens"),
    ("cache_write_1h", "input_cache_write_12h_tokens"), ("output_audio", "output_audio_tokens"),
    ("input_audio", "input_audio_tokens"), ("output_image", "output_image_tokens"),
)  # fmt: skip

_GROUPS: Final = ("api_source", "context_level", "size", "source", "vector_store_id")
_LONG_WRITE: Final = re.compile(r"\b12 ?(h|hours?)\b|\b12h")
_LINE_CLASSES: Final = (
    ("input_uncached", ("uncached", "non-cached", "not cached", "non_cached")),
    ("cache_write", ("cache_write", "cache write", "cache_creation")),
    ("cache_read", ("cached", "cache_read", "cache read")),
    ("output_audio", ("audio output", "audio_output", "output_audio")),
    ("input_audio", ("audio input", "audio_input", "input_audio")),
    ("web_searches", ("web search", "web_search")),
    ("output", ("output",)),
    ("input_uncached", ("input",)),
    ("training", ("training",)),
    ("code_execution", ("code interpreter", "code_interpreter", "container")),
    ("file_search", ("file search", "file_search")),
    ("storage", ("storage", "vector store")),
    ("images", ("image",)),
)  # fmt: skip
"""Words in the component of a line item → token class; the first that fits. OpenAI documents no vocabulary."""
_LINE_TIERS: Final = ("batch", "flex", "priority", "scale")
_UNIT_SIZES: Final = {"tokens": ("tokens", 1), "1000_tokens": ("tokens", 1000), "1k_tokens": ("tokens", 1000)}
UNMAPPED: Final = "the line item is in words that are not known; its amount counts, its kind is unmapped"


class _Page(msgspec.Struct):
    data: list[dict[str, Any]]
    has_more: Any = None
    next_page: Any = None


_PAGE: Final = msgspec.json.Decoder(_Page, float_hook=Decimal)


def read(body: bytes) -> Taken:
    """Read one page of either API. `next_page` of the answer is the cursor while there is more.

    Empty days are counted in `ignored`. Raises Unreadable.
    """
    try:
        page = _PAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise Unreadable("This is not a page of OpenAI's usage or costs API.") from broken
    taken = Taken(next_page=text(page.next_page) or None if page.has_more is True else None)
    index = 0
    for bucket in page.data:
        starts_at, ends_at = moment(bucket.get("start_time")), moment(bucket.get("end_time"))
        results = bucket.get("results", bucket.get("result"))
        if not isinstance(results, list) or starts_at is None or ends_at is None:
            taken.refused.append((index, "not a bucket: it needs start_time, end_time and results"))
            index += 1
            continue
        taken.ignored += not results
        for row in results:
            take_row(row, starts_at, ends_at, taken=taken, index=index)
            index += 1
    if taken.next_page:
        taken.problems.append("there are more pages; the totals are not whole without them")
    return taken


def take_row(row: object, starts_at: datetime, ends_at: datetime, *, taken: Taken, index: int) -> None:
    """One result of a bucket, as it comes from the API or from a row of an export."""
    if not isinstance(row, Mapping):
        taken.refused.append((index, "not a result: it is no object"))
        return
    kind = text(row.get("object"))
    if "amount" in row or kind == "organization.costs.result":
        line = cost_line(row, starts_at, ends_at)
        if isinstance(line, str):
            taken.refused.append((index, line))
        else:
            taken.costs.append(line)
    elif (found := _KIND.fullmatch(kind)) or not kind:
        name = found[1] if found else "completions"
        taken.buckets.append(_bucket(row, _KINDS.get(name, name), starts_at, ends_at))
    else:
        taken.refused.append((index, "not a result of the usage or costs API"))


def _bucket(row: Mapping[str, Any], kind: str, starts_at: datetime, ends_at: datetime) -> UsageBucket:
    counts = Counts()
    for name, key in _COUNTS:
        if row.get(key) is not None:
            count(counts, name, row[key])
    counts.input_image = sum(
        max(whole(row.get(key)) or 0, 0) for key in ("input_image_tokens", "input_cached_image_tokens")
    )
    if kind == "web_search_calls":
        count(counts, "web_searches", row.get("num_requests"))
    if counts.input is None and row.get("input_uncached_tokens") is not None:
        count(counts, "input", row["input_uncached_tokens"])
        counts.exclusive = True
    settled = settle(counts, provider=PROVIDER)
    if kind == "completions" and settled.quality is Quality.EXACT and counts.cache_read is None and settled.input:
        settled.quality = Quality.PARTIAL
        settled.problems.append("the bucket tells no cached tokens; old buckets lack them")
    if settled.input and not text(row.get("model")):
        settled.problems.append("not split by model; ask for group_by=model to have it priced")
    requests = whole(row.get("num_model_requests"))
    requests = None if requests is None or not 0 <= requests <= MAX_REQUESTS else requests
    batch = row.get("batch")
    batch = batch if isinstance(batch, bool) else {"true": True, "false": False}.get(text(batch).lower())
    project, api_key = labels.id_text(row.get("project_id")), labels.id_text(row.get("api_key_id"))
    model = labels.model_name(text(row.get("model")))
    tier = "batch" if batch else labels.tier_name(text(row.get("service_tier")))
    user = labels.id_text(row.get("user_id"))
    span = f"{int(starts_at.timestamp())}-{int(ends_at.timestamp())}"
    dimensions = ":".join(part or "" for part in (project, api_key, user, model, tier))
    # Further groups are named, so that a bucket without them keeps the id that it has always had.
    dimensions += "".join(f":{name}={said}" for name in _GROUPS if (said := text(row.get(name))))
    event = settled.event(
        id=f"{kind}:{span}:{dimensions}"[:200], at=starts_at, provider=PROVIDER, model=model, tier=tier,
        requests=max(requests or AGGREGATE, 1), tags=labels.tags_of([("project", project or "")]),
    )  # fmt: skip
    units = {
        name: value for field, name in _UNITS.items() if (value := number(row.get(field))) is not None and value >= 0
    }
    if kind == "file_search_calls" and (calls := number(row.get("num_requests"))) is not None and calls >= 0:
        units["file_searches"] = calls
    return UsageBucket(
        event=event, quality=settled.quality, problems=tuple(settled.problems), kind=kind, starts_at=starts_at,
        ends_at=ends_at, requests=requests, units=units, api_key=api_key, user=user, batch=batch,
    )  # fmt: skip


def cost_line(row: Mapping[str, Any], starts_at: datetime, ends_at: datetime) -> CostLine | str:
    """One cost, or why it is none. The amount is in dollars, as a number or as text."""
    amount = row.get("amount")
    amount = amount if isinstance(amount, Mapping) else {}
    nanos = money_nanos(amount.get("value"))
    if nanos is None:
        return "not a cost: amount.value is no amount in dollars"
    described = text(row.get("line_item"))[:500]
    model, token_class, tier = line_item(described)
    quantity, unit = _quantity(row.get("quantity"), text(row.get("quantity_unit")))
    return CostLine(
        provider=PROVIDER, model=model, token_class=token_class, tier=tier, starts_at=starts_at, ends_at=ends_at,
        quantity=quantity, unit=unit, billed_nanos=nanos, effective_nanos=nanos,
        currency=text(amount.get("currency")).upper()[:3] or "USD", project=labels.id_text(row.get("project_id")),
        api_key=labels.id_text(row.get("api_key_id")), user=labels.id_text(row.get("user_id")), description=described,
        problems=(UNMAPPED,) if described and token_class is None else (),
    )  # fmt: skip


def line_item(described: str) -> tuple[str | None, str | None, str]:
    """(model, token class, tier) of a line item such as `gpt-5.1, batch input_tokens`; None for what it does not say."""
    parts = [part.strip() for part in described.split(",")]
    if not described or not parts:
        return None, None, "standard"
    words = " ".join(parts[1:] if len(parts) > 1 else parts).lower()
    found = next((name for name, marks in _LINE_CLASSES if any(mark in words for mark in marks)), None)
    if found == "cache_write" and _LONG_WRITE.search(words.replace("_", " ")):
        found = "cache_write_1h"
    tier = next((name for name in _LINE_TIERS if re.search(rf"\b{name}\b", words.replace("_", " "))), "standard")
    # Products put their name before the model's: `evals | gpt-5.1, input`.
    first = parts[0].rpartition("|")[2].strip()
    first, _, after = (
        first.partition(" ") if first.lower().endswith(tuple(f" {name}" for name in _LINE_TIERS)) else (first, "", "")
    )
    tier = after.lower() if after else tier
    is_model = len(parts) > 1 and " " not in first and first != ""
    return (labels.model_name(first) if is_model else None), found, tier


def _quantity(value: object, unit: str) -> tuple[Decimal | None, str | None]:
    quantity = number(value)
    if quantity is None:
        return None, unit[:40] or None
    name, size = _UNIT_SIZES.get(unit, (unit[:40] or None, 1))
    return quantity * size, name
