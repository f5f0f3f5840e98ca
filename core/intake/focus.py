"""FOCUS 1.2 to 1.4 bills as CSV, row by row: cost lines of language models and of everything else on the bill.

FOCUS has no columns for tokens yet (usage-formats §5.1); model and token class are read from `SkuPriceDetails`, whose keys
may carry the `x_` prefix, or else from the meter's words. The four costs are in the billing currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import Unreadable
from core.intake import labels
from core.intake.record import ChargeCategory, CostLine, Taken
from core.intake.tables import header_of, table_rows
from core.intake.values import moment, money_nanos, number, text

REQUIRED: Final = ("BilledCost", "ChargePeriodStart", "ChargePeriodEnd")
COLUMNS: Final = frozenset((
    *REQUIRED, "EffectiveCost", "ListCost", "BillingCurrency", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "SubAccountId", "ServiceProviderName", "ProviderName", "PublisherName", "InvoiceIssuerName",
    "InvoiceId", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "PricingQuantity", "PricingUnit",
    "PricingCurrency", "ConsumedQuantity", "ConsumedUnit", "ResourceName", "ResourceId", "ResourceType", "RegionId",
    "Tags", "x_ConsumedTokens", "x_ServiceTier",
))  # fmt: skip

_PROVIDERS: Final = (
    ("openai", "openai"), ("anthropic", "anthropic"), ("amazon", "aws"), ("aws", "aws"), ("microsoft", "azure"),
    ("azure", "azure"), ("google", "google"), ("mistral", "mistral"), ("cohere", "cohere"), ("openrouter", "openrouter"),
)  # fmt: skip
_UNITS: Final = re.compile(
    r"(?P<size>1\s*k|1\s*m|k|m|1,?000|1,?000,?000|million|thousand)?\s*-?\s*(?P<name>tok(en)?s?)"
)
_SIZES: Final = {"1k": 1_000, "k": 1_000, "1000": 1_000, "thousand": 1_000, "1m": 1_000_000, "m": 1_000_000,
                 "1000000": 1_000_000, "million": 1_000_000}  # fmt: skip
_TIERS: Final = ("batch", "flex", "priority")
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_REQUEST_ROWS: Final = "the quantity counts requests, not tokens"
_UNKNOWN_CATEGORY: Final = "the charge category is none of FOCUS's; taken as usage"


class _Sku(NamedTuple):
    model: str | None
    token_class: str | None
    tier: str


def is_focus(first_line: str) -> bool:
    """Whether a CSV's header is FOCUS's."""
    names = set(header_of(first_line)[0])
    return names.issuperset(REQUIRED) and "ChargeCategory" in names


def rows(lines: Iterable[str]) -> Iterator[tuple[int, CostLine | str]]:
    """(line number, cost line or why there is none), one at a time. Raises Unreadable where columns are missing."""
    source = iter(lines)
    first = next(source, "")
    if lacking := [name for name in REQUIRED if name not in header_of(first)[0]]:
        raise Unreadable(f"This is no FOCUS file: it has no column {', '.join(lacking)}.")

    def with_header() -> Iterator[str]:
        yield first
        yield from source

    for line, row in table_rows(with_header(), wanted=COLUMNS):
        yield line, row if isinstance(row, str) else cost_line(row)


def read(lines: Iterable[str]) -> Taken:
    """A whole file at once; for large ones use `rows`."""
    taken = Taken()
    for line, found in rows(lines):
        if isinstance(found, str):
            taken.refused.append((line, found))
        else:
            taken.costs.append(found)
    return taken


def cost_line(row: Mapping[str, str]) -> CostLine | str:
    """The cost in one row of cells, or why there is none. Absent and empty cells are null."""
    billed = money_nanos(row["BilledCost"])
    starts_at, ends_at = _moment(row["ChargePeriodStart"]), _moment(row["ChargePeriodEnd"])
    if billed is None or starts_at is None or ends_at is None:
        return "the row has no BilledCost, ChargePeriodStart or ChargePeriodEnd that can be read"
    cell = row.get
    # The costs are equal in most rows; a million of them are read.
    effective = billed if _same(cell("EffectiveCost"), row["BilledCost"]) else money_nanos(cell("EffectiveCost"))
    listed = cell("ListCost")
    list_nanos = billed if listed == row["BilledCost"] else money_nanos(listed or "")
    category, problems = _category(cell("ChargeCategory") or "")
    sku = _sku(
        cell("SkuPriceDetails") or "",
        cell("SkuMeter") or cell("ChargeDescription") or "",
        cell("SkuPriceId") or cell("SkuId") or "",
        cell("ResourceName") or cell("ResourceId") or "",
    )
    is_usage = category is ChargeCategory.USAGE
    quantity, unit = _quantity(row)
    if is_usage and unit == "requests" and sku.token_class not in ("web_searches", None):
        problems = (*problems, _REQUEST_ROWS)
    return CostLine(
        provider=_provider(*(cell(name) or "" for name in _ISSUERS)), model=sku.model if is_usage else None,
        token_class=sku.token_class if is_usage else None, tier=cell("x_ServiceTier") or sku.tier, category=category,
        correction=(cell("ChargeClass") or "").lower() == "correction", starts_at=starts_at, ends_at=ends_at,
        billing_starts_at=_moment(cell("BillingPeriodStart") or ""), quantity=quantity, unit=unit, billed_nanos=billed,
        effective_nanos=billed if effective is None else effective, list_nanos=list_nanos,
        currency=(cell("BillingCurrency") or "USD").upper()[:3], project=labels.id_text(cell("SubAccountId")),
        region=labels.id_text(cell("RegionId")), invoice_id=labels.id_text(cell("InvoiceId")),
        description=(cell("ChargeDescription") or "")[:500], tags=_tags(cell("Tags") or ""), problems=problems,
    )  # fmt: skip


def _same(told: str | None, billed: str) -> bool:
    return not told or told == billed


_ISSUERS: Final = ("ServiceProviderName", "ProviderName", "PublisherName", "InvoiceIssuerName")


@lru_cache(maxsize=256)
def _provider(*names: str) -> str:
    for name in names:
        plain = name.lower()
        if found := next((provider for word, provider in _PROVIDERS if word in plain), None):
            return found
    return labels.provider_name(next(filter(None, names), ""))


@lru_cache(maxsize=64)
def _category(told: str) -> tuple[ChargeCategory, tuple[str, ...]]:
    try:
        return ChargeCategory(told.lower()), ()
    except ValueError:
        return ChargeCategory.USAGE, (_UNKNOWN_CATEGORY,)


@lru_cache(maxsize=4096)
def _sku(details: str, meter: str, price_id: str, resource: str) -> _Sku:
    """Model, token class and tier of a SKU: from the structured details where they are, else from its words."""
    told = _json(details)
    words = f"{meter} {price_id}".lower().replace("-", " ").replace("_", " ")
    direction, action = _detail(told, "TokenDirection").lower(), _detail(told, "TokenCacheAction").lower()
    if direction:
        found = _class_of(direction, action, words)
    elif "search" in words and "web" in words:
        found = "web_searches"
    else:
        found = _class_of(words, words, words)
    tier = next((name for name in _TIERS if name in words.split()), "")
    tier = tier or labels.tier_name(_detail(told, "ServiceTier"))
    model = _detail(told, "ModelId") or (resource.rpartition(":")[2] if resource else "")
    known = labels.provider_name("", "", model) != labels.UNKNOWN
    is_model = bool(model) and found != "web_searches" and (found is not None or known)
    return _Sku(labels.model_name(model) if is_model else None, found, tier or "standard")


def _class_of(direction: str, action: str, words: str) -> str | None:
    if "write" in action or "creation" in action:
        return "cache_write_1h" if re.search(r"\b(1 ?h|1 ?hour|60 ?min|12 ?h)", words) else "cache_write"
    audio = "audio" in words
    if "output" in direction or "completion" in direction:
        return "output_audio" if audio else "output"
    if "input" in direction or "prompt" in direction:
        if "uncached" in action:
            return "input_audio" if audio else "input_uncached"
        return "cache_read" if "read" in action or "cached" in action else "input_audio" if audio else "input_uncached"
    return "cache_read" if "cache read" in words or "cached" in words else None


def _quantity(row: Mapping[str, str]) -> tuple[Decimal | None, str | None]:
    """Consumed quantity with tokens counted one by one; the priced quantity where none is told."""
    cell = row.get
    if (tokens := number(cell("x_ConsumedTokens"))) is not None:
        return tokens, "tokens"
    for amount, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit")):
        if (quantity := number(cell(amount))) is not None:
            size, name = unit_of(cell(unit) or "")
            return quantity * size, name
    return None, None


@lru_cache(maxsize=256)
def unit_of(told: str) -> tuple[int, str | None]:
    """(how many one of it is, its name) of a unit as bills write it: `1M Tokens` is (1 000 000, `tokens`)."""
    plain = told.strip().lower().replace(",", "")
    if plain == "mtok":
        return 1_000_000, "tokens"
    if found := _UNITS.fullmatch(plain):
        return _SIZES.get(re.sub(r"\s", "", found["size"] or ""), 1), "tokens"
    return 1, plain[:40] or None


@lru_cache(maxsize=4096)
def _tags(cell: str) -> dict[str, str]:
    # Clouds put a prefix before a customer's own tags: `user:team`, `acme/team`.
    return labels.tags_of((re.split(r"[:/]", key)[-1], value) for key, value in _json(cell).items())


def _json(cell: str) -> dict[str, Any]:
    try:
        return _OBJECT.decode(cell) if cell.startswith("{") else {}
    except (msgspec.DecodeError, RecursionError):
        return {}


def _detail(details: Mapping[str, Any], name: str) -> str:
    return text(details.get(name)) or text(details.get(f"x_{name}"))


@lru_cache(maxsize=4096)
def _moment(cell: str) -> datetime | None:
    return moment(cell)
