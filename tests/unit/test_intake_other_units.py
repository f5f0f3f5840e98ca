"""Calls that no tokens measure, and what senders put around the counts of those that they do."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.intake import litellm, responses
from core.intake.other_units import BY_UNIT
from core.intake.record import Record
from core.intake.values import moment
from core.list_prices import list_rates
from core.usage import Quality
from tests.support.payloads import NOW

USAGE = {"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
         "prompt_tokens_details": {"cached_tokens": 1920}, "completion_tokens_details": {"reasoning_tokens": 192}}  # fmt: skip


def a_call(**told: Any) -> dict[str, Any]:
    """A call as LiteLLM's callback sends it."""
    return {"litellm_call_id": "c-1", "id": "chatcmpl-1", "status": "success", "call_type": "acompletion", "model": "gpt-5.1",
            "custom_llm_provider": "openai", "endTime": 1795446559.71, "prompt_tokens": 2006, "completion_tokens": 300,
            "metadata": {"usage_object": USAGE}, **told}  # fmt: skip


def of_litellm(**told: Any) -> list[Record]:
    return litellm.read(json.dumps([a_call(**told)]).encode(), received_at=NOW).records


def of_a_response(response: dict[str, Any]) -> Record:
    (record,) = responses.read(json.dumps(response).encode(), received_at=NOW).records
    return record


@pytest.mark.parametrize(
    ("call_type", "unit"),
    [
        ("atranscription", "second of audio"),
        ("aspeech", "character"),
        ("arerank", "search"),
        ("aimage_generation", "image"),
    ],
)
def test_a_call_that_no_tokens_measure_says_what_it_is_billed_by(call_type: str, unit: str) -> None:
    (record,) = of_litellm(call_type=call_type, prompt_tokens=0, completion_tokens=0, metadata={})
    assert (record.quality, record.problems) == (Quality.MISSING, (BY_UNIT.format(unit=unit),))


def test_a_transcription_tells_its_seconds_itself() -> None:
    record = of_a_response(
        {"id": "x", "model": "whisper-1", "created": 1795446559, "usage": {"type": "duration", "seconds": 60}}
    )
    assert record.problems == (BY_UNIT.format(unit="second of audio"),)


@pytest.mark.parametrize(
    "call_type", ["call_mcp_tool", "avector_store_search", "amoderation", "acreate_batch", "aget_responses"]
)
def test_what_nobody_bills_is_no_call(call_type: str) -> None:
    assert of_litellm(call_type=call_type, prompt_tokens=0, completion_tokens=0, metadata={}) == []


def test_a_batch_that_is_fetched_with_its_usage_is_half_price() -> None:
    assert of_litellm(call_type="aretrieve_batch")[0].event.tier == "batch"


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": json.dumps({"usage_object": USAGE})},
        {"cost_breakdown": []},
        {"hidden_params": "none"},
        {"error_information": "no"},
    ],
)
def test_a_part_of_another_type_does_not_cost_the_call(changed: dict[str, Any]) -> None:
    (record,) = of_litellm(**changed)
    assert (record.event.input_tokens, record.event.cache_read_tokens, record.quality) == (2006, 1920, Quality.EXACT)


@pytest.mark.parametrize("finer", [1, 1_000, 1_000_000, 1_000_000_000])
def test_a_unix_time_may_be_in_any_part_of_a_second(finer: int) -> None:
    assert moment(1_795_446_559 * finer) == datetime(2026, 11, 23, 15, 9, 19, tzinfo=UTC)


def test_openais_long_cache_writes_are_kept_apart_and_cost_two_and_a_half_inputs() -> None:
    split = {"cache_write_tokens": 1000, "cache_write_tokens_details": {"ttl_30m_tokens": 600, "ttl_12h_tokens": 400}}
    used = {"input_tokens": 2006, "output_tokens": 300, "input_tokens_details": split}
    event = of_a_response({"id": "resp_1", "created_at": 1795446559, "model": "gpt-6-sol", "usage": used}).event
    (_, rate), = list_rates(event.provider, event.model, event.tier, date(2026, 11, 24))  # fmt: skip
    prices = rate.bands[0].prices
    assert (event.cache_write_tokens, event.cache_write_1h_tokens) == (1000, 400)
    assert (2 * prices.cache_write_1h, 4 * prices.cache_write) == (5 * prices.input_uncached, 5 * prices.input_uncached)


def test_cache_writes_that_openai_does_not_charge_for_cost_no_more_when_they_last() -> None:
    (_, rate), = list_rates("openai", "gpt-5.1", "standard", date(2026, 11, 24))  # fmt: skip
    assert rate.bands[0].prices.cache_write_1h == rate.bands[0].prices.input_uncached


@pytest.mark.parametrize("mark", [{"key": "row-1"}, {"processed_time": "2026-11-23T10:00:00Z"}, {"custom_id": "row-1"}])
def test_a_line_of_a_batch_file_is_batch_whoever_wrote_it(mark: dict[str, str]) -> None:
    answer = {"modelVersion": "gemini-2.5-pro", "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5}}
    assert of_a_response({**mark, "response": answer}).event.tier == "batch"


def test_provisioned_throughput_is_not_priced_by_tokens() -> None:
    used = {"promptTokenCount": 10, "candidatesTokenCount": 5, "trafficType": "PROVISIONED_THROUGHPUT"}
    assert any(
        "paid by the hour" in why
        for why in of_a_response({"modelVersion": "gemini-2.5-pro", "usageMetadata": used}).problems
    )


def test_an_answer_without_a_model_says_that_it_stays_unpriced() -> None:
    record = of_a_response({"created": 1795446559, "usage": {"input_tokens": 50, "output_tokens": 4000}})
    assert "the response names no model; it stays unpriced" in record.problems
