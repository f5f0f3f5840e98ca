"""AWS Bedrock: its invocation log (one call a line) and its lines in a Cost and Usage Report 2.0 (usage-formats §6).

The log's input count is uncached only. The report counts in thousands of tokens, with model and class in its usage type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from core.errors import Unreadable
from core.intake import labels
from core.intake.counts import NO_USAGE, Counts, Settled, count, failure, settle, told_nothing
from core.intake.record import NO_TIME, ChargeCategory, CostLine, Record, Taken, Trust
from core.intake.tables import header_of, table_rows
from core.intake.values import digest, moment, money_nanos, number, text
from core.usage import Quality

PROVIDER: Final = "aws"
REQUIRED: Final = ("line_item_usage_start_date", "line_item_usage_type", "line_item_unblended_cost")
_COLUMNS: Final = frozenset((
    *REQUIRED, "line_item_usage_end_date", "line_item_product_code", "line_item_usage_amount", "pricing_unit",
    "line_item_currency_code", "bill_billing_period_start_date", "line_item_line_item_type", "bill_invoice_id",
    "line_item_usage_account_id", "line_item_resource_id", "product_region_code", "resource_tags",
))  # fmt: skip
_USAGE_TYPE: Final = re.compile(
    r"(?:[A-Z]{2,5}\d?-)?(?P<model>.+?)-(?:mantle-)?(?P<kind>cache-read-input-token|cache-write-(?:1h-|5m-)?input-token|input-token|"
    r"output-token)s?(?:-count)?(?P<rest>.*)", re.IGNORECASE,
)  # fmt: skip
_CLASSES: Final = {"cache-read-input-token": "cache_read",
                   "input-token": "input_uncached", "output-token": "output"}  # fmt: skip
_CATEGORIES: Final = {"tax": ChargeCategory.TAX, "credit": ChargeCategory.CREDIT, "refund": ChargeCategory.ADJUSTMENT,
                      "fee": ChargeCategory.PURCHASE}  # fmt: skip
_ENTRY: Final = msgspec.json.Decoder(dict[str, Any])


def is_report(first_line: str) -> bool:
    """Whether a CSV's header is a Cost and Usage Report's."""
    return set(header_of(first_line)[0]).issuperset(REQUIRED)


def report_rows(lines: Iterable[str]) -> Iterator[tuple[int, CostLine | str]]:
    """(line number, cost line or why there is none); every product of the bill, Bedrock's with its token class."""
    for line, row in table_rows(lines, wanted=_COLUMNS):
        yield line, row if isinstance(row, str) else _cost(row)


def _cost(row: Mapping[str, str]) -> CostLine | str:
    cell = row.get
    nanos = money_nanos(cell("line_item_unblended_cost"))
    starts_at = moment(cell("line_item_usage_start_date"))
    ends_at = moment(cell("line_item_usage_end_date")) or starts_at
    if nanos is None or starts_at is None or ends_at is None:
        return "the row has no unblended cost or usage dates that can be read"
    model, token_class, tier = _usage_type(cell("line_item_usage_type") or "")
    quantity, unit = number(cell("line_item_usage_amount")), (cell("pricing_unit") or "").lower()
    if quantity is not None and token_class:
        quantity, unit = (
            quantity * (1_000 if unit.startswith("1k") else 1_000_000 if unit.startswith("1m") else 1),
            "tokens",
        )
    kind = (cell("line_item_line_item_type") or "").lower()
    return CostLine(
        provider=PROVIDER, model=model, token_class=token_class, tier=tier,
        category=next((found for word, found in _CATEGORIES.items() if word in kind), ChargeCategory.USAGE),
        starts_at=starts_at, ends_at=ends_at, billing_starts_at=moment(cell("bill_billing_period_start_date")),
        quantity=quantity, unit=unit or None, billed_nanos=nanos, effective_nanos=nanos,
        currency=(cell("line_item_currency_code") or "USD").upper()[:3],
        project=labels.id_text(cell("line_item_usage_account_id")), invoice_id=labels.id_text(cell("bill_invoice_id")),
        region=labels.id_text(cell("product_region_code")), description=(cell("line_item_usage_type") or "")[:500],
        tags=_tags(cell("resource_tags") or ""),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _usage_type(told: str) -> tuple[str | None, str | None, str]:
    found = _USAGE_TYPE.fullmatch(told)
    if not found:
        return None, None, "standard"
    tier = next((name for name in ("batch", "flex", "priority") if name in told.lower()), "standard")
    kind = found["kind"].lower()
    if kind.startswith("cache-write"):
        return labels.model_name(found["model"]), "cache_write_1h" if "1h" in kind else "cache_write", tier
    return labels.model_name(found["model"]), _CLASSES[kind], tier


@lru_cache(maxsize=4096)
def _tags(cell: str) -> dict[str, str]:
    try:
        found = _ENTRY.decode(cell) if cell.startswith("{") else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    # Tags of the customer's own carry a prefix: `user_team`, `user:team`.
    return labels.tags_of((re.sub(r"^user[_:]", "", key), value) for key, value in found.items())


def read_log(body: bytes, *, received_at: datetime) -> Taken:
    """Read an invocation log: one entry, an array, or an entry a line. Raises Unreadable."""
    taken = Taken()
    try:
        entries = msgspec.json.decode(body, type=list[msgspec.Raw]) if body.lstrip()[:1] == b"[" else body.splitlines()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise Unreadable("This is not a Bedrock invocation log.") from broken
    for index, raw in enumerate(entry for entry in entries if bytes(entry).strip()):
        try:
            entry = _ENTRY.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            taken.refused.append((index, "not JSON"))
            continue
        if entry.get("schemaType") != "ModelInvocationLog":
            taken.refused.append((index, "not an entry of Bedrock's invocation log"))
            continue
        taken.records.append(_call(entry, received_at))
    return taken


def _call(entry: Mapping[str, Any], received_at: datetime) -> Record:
    counts = Counts()
    asked, answered = _part(entry, "input"), _part(entry, "output")
    for name, part, key in (
        ("input", asked, "inputTokenCount"), ("cache_read", asked, "cacheReadInputTokenCount"),
        ("cache_write", asked, "cacheWriteInputTokenCount"), ("output", answered, "outputTokenCount"),
    ):  # fmt: skip
        count(counts, name, part.get(key))
    error = text(entry.get("errorCode"))
    nothing = told_nothing(counts)
    counts.input = (counts.input or 0) + (counts.cache_read or 0) + (counts.cache_write or 0)
    if not nothing:
        settled = settle(counts, provider=PROVIDER)
    elif error:
        settled = failure(error)
    else:
        settled = Settled(quality=Quality.MISSING, problems=[*counts.problems, NO_USAGE])
    at = moment(entry.get("timestamp"))
    if at is None:
        settled.problems.append(NO_TIME)
    key = labels.id_text(entry.get("requestId")) or digest(at, entry.get("modelId"), counts.input, counts.output)
    event = settled.event(
        id=key, at=at or received_at, provider=PROVIDER, model=labels.model_name(text(entry.get("modelId"))),
        tags=labels.tags_of(_part(entry, "requestMetadata").items()),
    )  # fmt: skip
    return Record(
        event=event, quality=settled.quality, problems=tuple(settled.problems), source_key=key,
        trust=Trust.PROVIDER_SDK, emitter="Bedrock invocation log", failed=nothing and error != "", ttl_known=settled.ttl_known,
        tier_known=False,
    )  # fmt: skip


def _part(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = entry.get(key)
    return part if isinstance(part, Mapping) else {}
