"""FOCUS rows: columns of 1.2 and 1.4 in their order, then ours with `x_` (https://focus.finops.org, usage-formats §5).

Token classes are SKUs. FOCUS has no columns for tokens yet, so model and class are in `SkuPriceDetails` under `x_` keys.
An estimate is no invoice: `InvoiceId` is null, and billed, effective and booked cost are one amount.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from core.exporting.cells import decimal_cell, dollars, instant, product, quotient, words
from core.exporting.lines import REQUESTS, ExportLine
from core.period import Cycle


class Form(StrEnum):
    """What a file can be."""

    FOCUS_1_2 = "focus-1.2"
    FOCUS_1_4 = "focus-1.4"
    CSV = "csv"


OURS: Final = ("x_Workload", "x_TokenClass", "x_Requests", "x_UnpricedRequests", "x_RateSource")
_1_2: Final = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "CapacityReservationId",
    "CapacityReservationStatus", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId",
    "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice",
    "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId",
    "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName",
    "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName",
    "SubAccountType", "Tags",
)  # fmt: skip
_1_4: Final = (
    "AllocatedMethodId", "AllocatedMethodDetails", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags",
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "CapacityReservationId",
    "CapacityReservationStatus", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId",
    "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit", "CommitmentProgramEligibilityDetails", "ConsumedQuantity", "ConsumedUnit",
    "ContractApplied", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "HostProviderName",
    "InvoiceDetailId", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceProviderName", "ServiceCategory", "ServiceName", "ServiceSubcategory",
    "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType",
    "Tags",
)  # fmt: skip
COLUMNS: Final = {Form.FOCUS_1_2: (*_1_2, *OURS), Form.FOCUS_1_4: (*_1_4, *OURS)}

_VENDORS: Final = {
    "openai": "OpenAI", "anthropic": "Anthropic", "google": "Google", "aws": "AWS", "azure": "Microsoft", "mistral": "Mistral AI",
}  # fmt: skip


class _Meter(NamedTuple):
    words: str
    direction: str | None
    action: str | None


_METERS: Final = {
    "input_uncached": _Meter("Input tokens", "Input", "Uncached"),
    "cache_read": _Meter("Cached input tokens", "Input", "Read"),
    "cache_write": _Meter("Cache write input tokens", "Input", "Write"),
    "cache_write_1h": _Meter("Cache write 1h input tokens", "Input", "Write"),
    "input_audio": _Meter("Audio input tokens", "Input", "Uncached"),
    "output": _Meter("Output tokens", "Output", "Uncached"),
    "reasoning": _Meter("Reasoning output tokens", "Output", "Uncached"),
    "output_audio": _Meter("Audio output tokens", "Output", "Uncached"),
    "web_searches": _Meter("Web search requests", None, None),
    REQUESTS: _Meter("Requests", None, None),
}


@dataclass(frozen=True, slots=True)
class FocusFile:
    """How the rows of one month are written."""

    form: Form
    cycle: Cycle
    zone: ZoneInfo

    @property
    def header(self) -> Sequence[str]:
        return COLUMNS[self.form]

    def row(self, line: ExportLine, rate_source: str | None) -> list[str]:
        """One line's cells in the order of the header; an empty cell is null."""
        cells = {**self._when(line), **_what(line), **_cost(line), **_ours(line, rate_source)}
        return [cells.get(name, "") for name in self.header]

    def _when(self, line: ExportLine) -> dict[str, str]:
        starts_at = datetime.combine(line.day.on, time(), self.zone)
        ends_at = datetime.combine(line.day.on + timedelta(days=1), time(), self.zone)
        return {
            "BillingPeriodStart": instant(self.cycle.starts_at(self.zone)),
            "BillingPeriodEnd": instant(self.cycle.ends_at(self.zone)),
            "ChargePeriodStart": instant(starts_at), "ChargePeriodEnd": instant(ends_at),
        }  # fmt: skip


def _what(line: ExportLine) -> dict[str, str]:
    day, meter = line.day, _METERS[line.kind]
    tags = dict(day.tags)
    project = words(tags.get("project"))
    is_tokens = meter.direction is not None
    vendor, model = _vendor(day.provider), words(day.model)
    sku = f"{day.provider}/{day.model}/{line.kind}"
    account = {"SubAccountId": project, "SubAccountName": project, "SubAccountType": "Project"} if project else {}
    return {
        "BillingAccountId": "outlay", "BillingAccountName": "Outlay", "BillingAccountType": "Workspace",
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "ChargeDescription": words(f"{day.model}, {meter.words}"),
        "ProviderName": vendor, "PublisherName": vendor, "InvoiceIssuerName": vendor, "ServiceProviderName": vendor,
        "HostProviderName": vendor, "ServiceCategory": "AI and Machine Learning", "ServiceSubcategory": "Generative AI",
        "ServiceName": f"{vendor} API", "ResourceId": words(f"{day.provider}:{day.model}"), "ResourceName": model,
        "ResourceType": "Model", "SkuId": words(sku), "SkuMeter": meter.words, "SkuPriceId": words(f"{sku}/{day.tier}"),
        "SkuPriceDetails": _details(day.model, day.tier, meter, vendor), "PricingCategory": "Standard",
        "PricingUnit": "Tokens" if is_tokens else "Requests", "ConsumedUnit": "Tokens" if is_tokens else "Requests",
        "Tags": json.dumps(tags, ensure_ascii=False, sort_keys=True), **account,
    }  # fmt: skip


def _cost(line: ExportLine) -> dict[str, str]:
    booked, quantity = decimal_cell(dollars(line.nanos)), decimal_cell(quotient(line.quantity, 1))
    agreed = product(line.price, line.quantity) if line.price is not None else dollars(line.nanos)
    listed = product(line.list_price, line.quantity) if line.list_price is not None else agreed
    price = decimal_cell(line.price) if line.price is not None else ""
    list_price = decimal_cell(line.list_price) if line.list_price is not None else price
    return {
        "BilledCost": booked, "EffectiveCost": booked, "ContractedCost": decimal_cell(agreed), "ListCost": decimal_cell(listed),
        "BillingCurrency": "USD", "PricingCurrency": "USD", "PricingCurrencyEffectiveCost": booked,
        "PricingQuantity": quantity, "ConsumedQuantity": quantity, "ContractedUnitPrice": price, "ListUnitPrice": list_price,
        "PricingCurrencyContractedUnitPrice": price, "PricingCurrencyListUnitPrice": list_price,
    }  # fmt: skip


def _ours(line: ExportLine, rate_source: str | None) -> dict[str, str]:
    return {
        "x_Workload": words(line.day.workload), "x_TokenClass": line.kind, "x_Requests": str(line.requests),
        "x_UnpricedRequests": str(line.unpriced_requests), "x_RateSource": words(rate_source),
    }  # fmt: skip


@lru_cache(maxsize=4096)
def _details(model: str, tier: str, meter: _Meter, vendor: str) -> str:
    told = {
        "x_ModelId": model, "x_ModelDeveloper": vendor, "x_TokenDirection": meter.direction,
        "x_TokenCacheAction": meter.action, "x_ServiceTier": tier,
    }  # fmt: skip
    return json.dumps({name: value for name, value in told.items() if value is not None}, ensure_ascii=False)


def _vendor(provider: str) -> str:
    return _VENDORS.get(provider, words(provider) or "unknown")
