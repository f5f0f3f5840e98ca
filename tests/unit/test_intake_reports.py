"""Pages of the providers' usage and cost APIs, dashboard exports, and bills."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.intake import anthropic, bedrock, focus, openai, openai_export
from core.intake.record import ChargeCategory, CostLine, UsageBucket
from core.money import nanos_from_decimal
from core.usage import Quality
from tests.support.payloads import NOW, body, counts

NOV_2, NOV_3 = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
BUCKET = {"input_tokens": 7_400_000, "cache_read_tokens": 6_000_000, "cache_write_tokens": 500_000,
          "cache_write_1h_tokens": 100_000, "output_tokens": 350_000, "web_searches": 40}  # fmt: skip


def nanos(dollars: str) -> int:
    return nanos_from_decimal(Decimal(dollars))


def total(lines: list[CostLine]) -> int:
    return sum(line.nanos for line in lines)


def test_openai_usage_counts_include_what_was_cached() -> None:
    taken = openai.read(body("openai/usage_completions.page1.json"))
    first, cached_write, batch, flex = taken.buckets
    assert (first.starts_at, first.ends_at, first.requests) == (NOV_2, NOV_3, 2000)
    assert (first.event.input_tokens, first.event.cache_read_tokens, first.quality) == (
        4_000_000,
        3_000_000,
        Quality.EXACT,
    )
    assert cached_write.event.cache_write_tokens == 200_000
    assert (batch.event.tier, batch.batch, flex.event.tier) == ("batch", True, "flex")
    assert (first.event.tags["project"], first.api_key) == ("proj_search", "key_svc_search")


def test_openai_pages_tell_the_next_one_and_that_totals_are_not_whole() -> None:
    first, last = (openai.read(body(f"openai/usage_completions.page{n}.json")) for n in (1, 2))
    assert (first.next_page, last.next_page) == ("page_AAAAAGmFixture=", None)
    assert "more pages" in first.problems[0]
    assert first.ignored == 1, "an empty day is no mistake"


def test_web_searches_are_counted_as_calls() -> None:
    (bucket,) = openai.read(body("openai/usage_web_search_calls.json")).buckets
    assert (bucket.event.web_searches, bucket.requests, bucket.kind) == (150, 120, "web_search_calls")


def test_openai_costs_are_dollars_and_agree_with_their_sum() -> None:
    lines = openai.read(body("openai/costs.by_line_item.json")).costs
    assert total(lines) == total(openai.read(body("openai/costs.ungrouped.json")).costs) == nanos("14.8875")
    assert {(line.token_class, line.tier) for line in lines} >= {
        ("input_uncached", "standard"), ("cache_read", "standard"), ("cache_write", "standard"),
        ("output", "batch"), ("input_uncached", "flex"), ("web_searches", "standard"),
    }  # fmt: skip
    assert not any(line.problems for line in lines)


def test_openai_amounts_may_be_text() -> None:
    page = json.loads(body("openai/costs.ungrouped.json"))
    page["data"][0]["results"][0]["amount"]["value"] = "0.06123500000000000000001"
    assert openai.read(json.dumps(page).encode()).costs[0].nanos == nanos("0.061235")


def test_a_line_item_in_unknown_words_counts_and_says_so() -> None:
    page = json.loads(body("openai/costs.ungrouped.json"))
    page["data"][0]["results"][0]["line_item"] = "Brand new thing"
    (line,) = openai.read(json.dumps(page).encode()).costs
    assert (line.nanos, line.token_class, "unmapped" in line.problems[0]) == (nanos("14.8875"), None, True)


@pytest.mark.parametrize(
    ("described", "meaning"),
    [
        ("gpt-4o-mini-2024-07-18, cached input", ("gpt-4o-mini-2024-07-18", "cache_read", "standard")),
        ("evals | gpt-5.1, batch output_tokens", ("gpt-5.1", "output", "batch")),
        ("gpt-audio, audio input", ("gpt-audio", "input_audio", "standard")),
        ("code interpreter sessions", (None, "code_execution", "standard")),
        ("", (None, None, "standard")),
    ],
)
def test_line_items_are_read_by_their_words(described: str, meaning: tuple[str | None, str | None, str]) -> None:
    assert openai.line_item(described) == meaning


def test_quantities_in_thousands_are_counted_one_by_one() -> None:
    page = json.loads(body("openai/costs.ungrouped.json"))
    page["data"][0]["results"][0] |= {"quantity": 2.5, "quantity_unit": "1000_tokens"}
    assert openai.read(json.dumps(page).encode()).costs[0].quantity == 2500


def test_dashboard_exports_read_like_the_apis() -> None:
    costs = openai_export.read(body("openai/dashboard_cost_export.csv").decode().splitlines(keepends=True))
    usage = openai_export.read(body("openai/dashboard_usage_export.csv").decode().splitlines(keepends=True))
    assert (total(costs.costs), costs.ignored) == (nanos("15.783374"), 1)
    (bucket,) = usage.buckets
    assert (bucket.event.input_tokens, bucket.requests, bucket.batch, usage.ignored) == (4_000_000, 2000, False, 1)


def test_anthropic_amounts_are_cents() -> None:
    lines = anthropic.read(body("anthropic/analytics.cost.json")).costs
    output = next(line for line in lines if line.token_class == "output")
    assert (output.nanos, output.list_nanos) == (nanos("4.725"), nanos("5.25"))
    assert total(lines) == nanos("11.065")
    assert total(anthropic.read(body("anthropic/legacy.cost_report.json")).costs) == nanos("12.25125")


def test_a_tiny_amount_in_cents_keeps_its_fraction() -> None:
    code = anthropic.read(body("anthropic/legacy.cost_report.json")).costs[-1]
    assert (code.token_class, code.nanos) == ("code_execution", nanos("0.00125"))


def test_an_amount_that_is_no_text_is_refused_rather_than_guessed() -> None:
    page = json.loads(body("anthropic/analytics.cost.json"))
    page["data"][0]["cost"]["amount"] = 472.5
    taken = anthropic.read(json.dumps(page).encode())
    assert (len(taken.costs), "cents" in taken.refused[0][1]) == (5, True)


@pytest.mark.parametrize("name", ["analytics.usage.json", "legacy.usage_report_messages.json"])
def test_anthropic_counts_are_added_up_and_nothing_needs_repair(name: str) -> None:
    bucket = anthropic.read(body(f"anthropic/{name}")).buckets[0]
    assert (counts(bucket.event, BUCKET), bucket.quality, bucket.problems) == (BUCKET, Quality.EXACT, ())


def test_a_bucket_that_tells_no_requests_is_still_priced_as_many() -> None:
    bucket = anthropic.read(body("anthropic/legacy.usage_report_messages.json")).buckets[0]
    assert (bucket.requests, bucket.event.requests > 1) == (None, True)


def test_us_only_inference_is_said_since_it_costs_more() -> None:
    bucket = anthropic.read(body("anthropic/legacy.usage_report_messages.json")).buckets[1]
    assert (bucket.event.tier, "10 %" in bucket.problems[0]) == ("batch", True)


def test_the_claude_code_report_is_a_check_on_the_usage_report() -> None:
    (bucket,) = anthropic.read(body("anthropic/claude_code.usage_report.json")).buckets
    assert (bucket.event.input_tokens, bucket.user, bucket.event.cost_reported) == (
        115_000,
        "dev@example.com",
        "0.840000000",
    )
    assert any("not more spend" in problem for problem in bucket.problems)


def test_a_subscriptions_claude_code_is_not_billed() -> None:
    page = json.loads(body("anthropic/claude_code.usage_report.json"))
    page["data"][0]["customer_type"] = "subscription"
    (bucket,) = anthropic.read(json.dumps(page).encode()).buckets
    assert (bucket.kind, "nothing is billed" in bucket.problems[-1]) == ("claude_code_subscription", True)


@pytest.mark.parametrize("module", [openai, anthropic])
@pytest.mark.parametrize("junk", [b"", b"[]", b"{", b'{"data": 5}', b'{"data": [5]}'])
def test_what_is_no_page_is_unreadable(module: object, junk: bytes) -> None:
    with pytest.raises(Unreadable):
        module.read(junk)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [openai, anthropic])
def test_a_bad_row_costs_no_other(module: object) -> None:
    good = {openai: "openai/usage_completions.page2.json", anthropic: "anthropic/analytics.usage.json"}[module]  # type: ignore[index]
    page = json.loads(body(good))
    page["data"].insert(0, {"nothing": True})
    taken = module.read(json.dumps(page).encode())  # type: ignore[attr-defined]
    assert (len(taken.buckets), len(taken.refused)) == (1, 1)


def bill(version: str) -> list[CostLine]:
    lines = body(f"focus/focus-{version}-llm-bill.csv").decode().splitlines(keepends=True)
    taken = focus.read(lines)
    assert taken.refused == []
    return taken.costs


@pytest.mark.parametrize("version", ["1.2", "1.4"])
def test_a_focus_bill_sums_to_its_invoice(version: str) -> None:
    lines = bill(version)
    assert sum(line.billed_nanos for line in lines) == nanos("17.704")
    assert [line.category for line in lines][10:] == [
        ChargeCategory.CREDIT, ChargeCategory.TAX, ChargeCategory.ADJUSTMENT, ChargeCategory.USAGE,
    ]  # fmt: skip
    assert {line.provider for line in lines} == {"openai", "anthropic"}


def test_both_focus_versions_say_the_same() -> None:
    assert bill("1.2") == bill("1.4")


def test_focus_rows_know_model_class_tier_and_discount() -> None:
    lines = bill("1.2")
    assert [line.token_class for line in lines[:10]] == [
        "input_uncached", "cache_read", "output", "input_uncached", "input_uncached", "cache_write", "cache_write_1h",
        "cache_read", "output", "web_searches",
    ]  # fmt: skip
    assert (lines[0].model, lines[3].tier, lines[9].model) == ("gpt-5.1", "batch", None)
    assert (lines[4].effective_nanos, lines[4].list_nanos) == (nanos("2.43"), nanos("2.7"))
    assert (lines[0].project, lines[0].tags) == ("proj_search", {"team": "search", "environment": "prod"})


def test_a_correction_belongs_to_another_month_than_its_invoice() -> None:
    correction = bill("1.2")[-1]
    assert (correction.correction, correction.starts_at.month) == (True, 10)
    assert correction.billing_starts_at is not None and correction.billing_starts_at.month == 11


def focus_row(**cells: str) -> CostLine:
    row = {"BilledCost": "1", "ChargePeriodStart": "2026-11-02T00:00:00Z", "ChargePeriodEnd": "2026-11-03T00:00:00Z",
           "ChargeCategory": "Usage"}  # fmt: skip
    line = focus.cost_line(row | cells)
    assert isinstance(line, CostLine)
    return line


@pytest.mark.parametrize(
    ("unit", "quantity"),
    [("Tokens", 2), ("1K Tokens", 2_000), ("1M Tokens", 2_000_000), ("MTok", 2_000_000), ("1,000 tokens", 2_000)],
)
def test_units_of_tokens_are_normalised(unit: str, quantity: int) -> None:
    line = focus_row(ConsumedQuantity="2", ConsumedUnit=unit, SkuMeter="Output tokens", ResourceName="gpt-5.1")
    assert (line.quantity, line.unit) == (quantity, "tokens")


def test_keys_of_model_details_may_lack_the_prefix() -> None:
    details = json.dumps({"ModelId": "gpt-5.1", "TokenDirection": "Input", "TokenCacheAction": "Read"})
    line = focus_row(SkuPriceDetails=details)
    assert (line.model, line.token_class) == ("gpt-5.1", "cache_read")


def test_rows_with_the_same_labels_keep_their_own_times_and_amounts() -> None:
    head = "BilledCost,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ListCost,ConsumedQuantity,ConsumedUnit,SkuMeter,ResourceName"
    label = "1K Tokens, Output tokens ,gpt-5.1"
    table = (
        f"{head}\n0.5,2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,0.6,2,{label}\n"
        f" 0.25 ,2026-11-02T01:00:00Z,2026-11-02T02:00:00Z,Usage,,3,{label}\n"
    )
    first, second = focus.read(table.splitlines(keepends=True)).costs
    assert (first.billed_nanos, first.list_nanos, first.quantity) == (nanos("0.5"), nanos("0.6"), 2_000)
    assert (second.billed_nanos, second.list_nanos, second.quantity) == (nanos("0.25"), None, 3_000)
    assert (first.starts_at.hour, second.starts_at.hour) == (0, 1)
    assert (first.model, first.token_class) == (second.model, second.token_class) == ("gpt-5.1", "output")


def test_commitments_differ_in_billed_and_effective_cost() -> None:
    line = focus_row(BilledCost="1E+2", EffectiveCost="0", ChargeCategory="Purchase")
    assert (line.billed_nanos, line.effective_nanos, line.category) == (nanos("100"), 0, ChargeCategory.PURCHASE)


def test_requests_are_not_taken_for_tokens() -> None:
    line = focus_row(ConsumedQuantity="40", ConsumedUnit="Requests", SkuMeter="Output tokens")
    assert (line.unit, "requests, not tokens" in line.problems[0]) == ("requests", True)


def test_a_row_that_cannot_be_read_costs_no_other() -> None:
    lines = body("focus/focus-1.2-llm-bill.csv").decode().splitlines(keepends=True)
    taken = focus.read([lines[0], lines[1], lines[2].replace("0.375", "lots", 1), lines[3]])
    assert (len(taken.costs), taken.refused[0][0]) == (2, 3)


def test_other_delimiters_and_column_orders_are_read() -> None:
    table = "x_Extra;ChargePeriodEnd;ChargePeriodStart;BilledCost;ChargeCategory\n1;2026-11-03T00:00:00Z;2026-11-02T00:00:00Z;0.5;Usage\n"
    assert focus.read(table.splitlines(keepends=True)).costs[0].nanos == nanos("0.5")


def test_a_file_without_the_columns_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="BilledCost"):
        focus.read(["a,b\n", "1,2\n"])


def test_bedrocks_log_counts_uncached_input_and_is_added_up() -> None:
    (record,) = bedrock.read_log(body("others/bedrock_model_invocation_log.json"), received_at=NOW).records
    assert (record.event.input_tokens, record.event.cache_read_tokens, record.event.output_tokens) == (6221, 5000, 350)
    assert (record.event.tags, record.quality) == ({"team": "search"}, Quality.EXACT)


def test_an_aws_bill_in_thousands_is_counted_in_tokens() -> None:
    lines = [
        line for _, line in bedrock.report_rows(body("others/aws_cur2_bedrock.csv").decode().splitlines(keepends=True))
    ]
    assert [(line.token_class, line.quantity) for line in lines if isinstance(line, CostLine)] == [
        ("input_uncached", 900_000), ("output", 350_000), ("cache_read", 6_000_000),
    ]  # fmt: skip
    assert total([line for line in lines if isinstance(line, CostLine)]) == nanos("10.725")


def test_buckets_of_different_dimensions_have_different_keys() -> None:
    buckets: list[UsageBucket] = openai.read(body("openai/usage_completions.page1.json")).buckets
    assert len({bucket.event.id for bucket in buckets}) == 4
