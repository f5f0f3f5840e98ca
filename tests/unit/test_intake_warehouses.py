"""Bills that went through a data warehouse: other cases of names, words for nulls, zones as words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core.intake import bedrock, focus
from core.intake.record import CostLine
from core.usage import Quality
from tests.support.payloads import NOW

HEADER = ("BilledCost,EffectiveCost,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,ChargeCategory,ServiceProviderName,"
          "InvoiceId,SubAccountId,RegionId,SkuMeter,ResourceId,ConsumedQuantity,ConsumedUnit,PricingQuantity,PricingUnit")  # fmt: skip
ROW = (
    "1.25,{null},2026-11-02 00:00:00 UTC,2026-11-03 00:00:00 UTC,2026-11-01 00:00:00 UTC,Usage,OpenAI,"
    "{null},{null},{null},Output tokens,gpt-5.1,{null},{null},0.125,{unit}"
)


def line_of(header: str = HEADER, null: str = "", unit: str = "1M Tokens") -> CostLine:
    assert focus.is_focus(header)
    ((_, found),) = focus.rows([header + "\n", ROW.format(null=null, unit=unit) + "\n"])
    assert isinstance(found, CostLine), found
    return found


@pytest.mark.parametrize("null", ["", "NULL", "null", "\\N", "None", "NaN"])
def test_a_null_is_a_null_in_the_word_of_any_database(null: str) -> None:
    line = line_of(null=null)
    assert (line.invoice_id, line.project, line.region) == (None, None, None)
    assert (line.billed_nanos, line.effective_nanos, line.quantity) == (1_250_000_000, 1_250_000_000, 125_000)
    assert line.starts_at == datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [str.lower, str.upper, lambda name: "".join(f"_{c}" if c.isupper() else c for c in name).lower()]
)
def test_columns_are_known_in_any_case(change: object) -> None:
    assert callable(change)
    header = ",".join(change(name).lstrip("_") for name in HEADER.split(","))
    line = line_of(header)
    assert (line.model, line.token_class, line.provider) == ("gpt-5.1", "output", "openai")


@pytest.mark.parametrize("unit", ["1M Tokens", "MTok", "per 1M tokens", "Tokens (1M)", "million tokens"])
def test_a_unit_of_a_million_tokens_is_known_as_bills_write_it(unit: str) -> None:
    line = line_of(unit=unit)
    assert (line.quantity, line.unit) == (125_000, "tokens")


@pytest.mark.parametrize(
    ("usage_type", "token_class"),
    [("USE1-Claude4.5Sonnet-cache-write-1h-input-token-count", "cache_write_1h"),
     ("USE1-Claude4.5Sonnet-cache-write-input-token-count", "cache_write"),
     ("USE1-Claude4.5Sonnet-cache-read-input-token-count", "cache_read")],
)  # fmt: skip
def test_lifetimes_of_cache_writes_are_in_awss_usage_type(usage_type: str, token_class: str) -> None:
    lines = [
        "line_item_usage_start_date,line_item_usage_type,line_item_usage_amount,pricing_unit,line_item_unblended_cost\n",
        f"2026-11-02T00:00:00Z,{usage_type},12.5,1K tokens,0.0375\n",
    ]
    ((_, line),) = bedrock.report_rows(lines)
    assert isinstance(line, CostLine)
    assert (line.token_class, line.model, line.quantity) == (token_class, "Claude4.5Sonnet", 12_500)


def test_a_logged_call_without_counts_and_without_an_error_is_missing() -> None:
    entry = {"schemaType": "ModelInvocationLog", "requestId": "r", "modelId": "m", "timestamp": "2026-11-02T09:00:00Z"}
    fine, broken = bedrock.read_log(
        json.dumps([entry, {**entry, "errorCode": "ThrottlingException"}]).encode(), received_at=NOW
    ).records
    assert (fine.quality, fine.failed, broken.quality, broken.failed) == (Quality.MISSING, False, Quality.EXACT, True)
