"""FOCUS rows of a bill, 1.2 and 1.4, as a vendor or a tool would hand them out: the columns that a bill of tokens needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from benchmarks.closing.month import Line, Month, dollars
from benchmarks.closing.traffic import DAY

_COMMON: Final = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "RegionId", "ResourceId", "ResourceName",
    "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId",
    "SubAccountName", "SubAccountType", "Tags",
)  # fmt: skip
_ISSUER: Final = {"1.2": ("ProviderName", "PublisherName"), "1.4": ("ServiceProviderName", "HostProviderName")}
_METERS: Final = {
    "text": ("Input tokens", "Input", "Uncached"), "read": ("Cached input tokens", "Input", "Read"),
    "write": ("Cache write input tokens", "Input", "Write"), "write_1h": ("Cache write 1h input tokens", "Input", "Write"),
    "audio": ("Audio input tokens", "Input", "Uncached"), "out": ("Output tokens", "Output", "Uncached"),
    "audio_out": ("Audio output tokens", "Output", "Uncached"),
}  # fmt: skip


def focus_header(version: str) -> list[str]:
    return [*_COMMON, *_ISSUER[version]]


def focus_rows(month: Month, lines: Iterable[Line], version: str) -> Iterator[list[str]]:
    """The header and one row a line."""
    yield focus_header(version)
    for line in lines:
        at = datetime.fromtimestamp(line.day * DAY, UTC)
        yield focus_line(line, month.provider, version, month=month.first, at=at, hours=24)


def focus_line(line: Line, provider: str, version: str, *, month: date, at: datetime, hours: int = 1) -> list[str]:
    """One row, charged for so many hours from `at`, in the bill of the month that starts on `month`."""
    vendor = "OpenAI" if provider == "openai" else "Anthropic"
    following = (month.replace(day=28) + timedelta(days=7)).replace(day=1)
    period = (f"{month}T00:00:00Z", f"{following}T00:00:00Z")
    charged = (f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}")
    cells = _cells(line, provider, vendor, period, charged) | dict.fromkeys(_ISSUER[version], vendor)
    return [cells.get(name, "") for name in focus_header(version)]


def _cells(line: Line, provider: str, vendor: str, period: tuple[str, str], charged: tuple[str, str]) -> dict[str, str]:
    cost, listed = dollars(line.nanos), dollars(line.list_nanos)
    cells = {
        "BilledCost": cost, "EffectiveCost": cost, "ContractedCost": cost, "ListCost": listed, "BillingCurrency": "USD",
        "BillingAccountId": "org-example", "BillingAccountName": "Example Org", "BillingPeriodStart": period[0],
        "BillingPeriodEnd": period[1], "ChargeCategory": line.category, "ChargeClass": "Correction" if line.is_correction else "",
        "ChargeFrequency": "Usage-Based", "ChargePeriodStart": charged[0], "ChargePeriodEnd": charged[1],
        "InvoiceId": f"{vendor[:3].upper()}-{period[0][:7]}", "InvoiceIssuerName": vendor, "ServiceCategory": "AI and Machine Learning",
        "ServiceName": f"{vendor} API", "Tags": "{}", "ChargeDescription": line.words,
    }  # fmt: skip
    if line.category != "Usage":
        return {**cells, "ChargeFrequency": "One-Time", "ChargePeriodEnd": period[1], "ListCost": cost}
    is_tokens = line.kind in _METERS
    meter, direction, action = _METERS.get(line.kind, (f"{line.words or 'Web search'} requests", "", ""))
    tier = "fast" if line.is_fast else line.tier
    long = " (long context)" if line.window else ""
    meter = f"{tier.title()} {meter[0].lower()}{meter[1:]}" if tier != "standard" else meter
    thing = line.model if is_tokens else (line.words or "web search").lower().replace(" ", "-")
    sku = f"{provider}/{thing}/{meter.replace(' ', '-')}"
    details = {
        "x_ModelId": thing, "x_ModelDeveloper": vendor, "x_TokenDirection": direction or None,
        "x_TokenCacheAction": action or None, "x_ServiceTier": tier,
    }  # fmt: skip
    quantity, unit = f"{line.quantity}.0", "Tokens" if is_tokens else "Requests"
    price = Decimal(line.list_nanos) / 10**9 / line.quantity if line.quantity else Decimal(0)
    return {
        **cells, "ChargeDescription": f"{thing}, {meter}{long}", "ConsumedQuantity": quantity, "ConsumedUnit": unit,
        "ListUnitPrice": f"{price:.12f}", "PricingCategory": "Standard", "PricingQuantity": quantity, "PricingUnit": unit,
        "RegionId": line.region, "ResourceId": f"{provider}:{line.project}:{thing}", "ResourceName": thing, "ResourceType": "Model",
        "SkuId": sku, "SkuMeter": f"{meter}{long}", "SkuPriceDetails": json.dumps(details), "SkuPriceId": f"{sku}/{tier}",
        "SubAccountId": line.project or "", "SubAccountName": (line.project or "").split("_")[-1].title(),
        "SubAccountType": "Project" if provider == "openai" else "Workspace",
    }  # fmt: skip
