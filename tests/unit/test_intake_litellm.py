"""LiteLLM's generic callback: captured batches and variations of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import TooLarge, Unreadable
from core.intake import litellm, litellm_payload
from core.intake.counts import CACHE_HIT, GUESSED_BY_LITELLM
from core.intake.record import NO_TIME, Record
from core.usage import Quality
from tests.support.payloads import ANTHROPIC, NOTHING, NOW, OPENAI, body, counts

BATCH = body("litellm/generic_api_batch.as-sent.json")
CALLS = json.loads(BATCH)


def read(raw: bytes) -> list[Record]:
    return litellm.read(raw, received_at=NOW).records


def one(number: int = 0, **changes: Any) -> Record:
    (record,) = read(json.dumps(CALLS[number] | changes).encode())
    return record


def test_the_captured_batch_gives_the_true_counts_or_says_why_not() -> None:
    chat, stream, claude, embedding, unpriced, failed, call, hit = read(BATCH)
    for exact in (chat, unpriced, call):
        assert (counts(exact.event, OPENAI), exact.quality) == (OPENAI, Quality.EXACT)
    assert (counts(claude.event, ANTHROPIC), claude.quality) == (ANTHROPIC, Quality.EXACT)
    assert (claude.event.cache_write_1h_tokens, claude.event.web_searches) == (200, 2)
    assert (embedding.event.input_tokens, embedding.quality) == (8, Quality.EXACT)
    assert (stream.quality, stream.problems) == (Quality.GUESSED, (GUESSED_BY_LITELLM,))
    assert (failed.failed, counts(failed.event, NOTHING)) == (True, NOTHING)
    assert (counts(hit.event, NOTHING), hit.problems) == (NOTHING, (CACHE_HIT,))


def test_a_zero_that_means_unpriced_is_not_taken_as_a_cost() -> None:
    unpriced = read(BATCH)[4]
    assert unpriced.event.cost_reported is None
    assert "no price" in unpriced.problems[0]


def test_a_mock_is_marked_although_it_is_priced_like_a_real_call() -> None:
    (mock,) = read(body("litellm/generic_api_mock.as-sent.json"))
    assert (mock.quality, "mock" in mock.problems[0]) == (Quality.GUESSED, True)


def test_a_margin_of_the_proxy_is_left_out_of_the_reported_cost() -> None:
    record = one(response_cost=0.5, cost_breakdown={"original_cost": 0.00023999999999999998, "total_cost": 0.5})
    assert record.event.cost_reported == "0.000240000"


def test_array_lines_and_single_objects_are_the_same() -> None:
    lines = b"\n".join(json.dumps(call).encode() for call in CALLS)
    assert read(lines) == read(BATCH)
    assert read(json.dumps(CALLS[0]).encode()) == read(BATCH)[:1]


def test_one_bad_call_costs_no_other() -> None:
    taken = litellm.read(json.dumps([CALLS[0], 5, {"a": 1}, CALLS[2]]).encode(), received_at=NOW)
    assert (len(taken.records), [index for index, _ in taken.refused]) == (2, [1, 2])


def test_unknown_fields_and_redacted_answers_do_not_matter() -> None:
    record = one(response="redacted-by-litellm", messages=None, brand_new={"field": [1]})
    assert counts(record.event, OPENAI) == OPENAI


def test_the_callers_tags_come_before_the_keys_owner() -> None:
    tags = read(BATCH)[0].event.tags
    assert (tags["team"], tags["environment"], tags["cost_center"], tags["api_key"]) == (
        "search", "prod", "cc-12", "svc-search",
    )  # fmt: skip
    assert one(request_tags=None).event.tags["team"] == "team-search"


def test_tags_of_the_callers_own_are_kept_but_not_the_user_agent() -> None:
    tags = one(request_tags=["app:crawler", "User-Agent: curl/8", "plain"]).event.tags
    assert (tags["app"], "user-agent" in tags) == ("crawler", False)


def test_the_call_id_is_the_key_and_the_response_id_the_key_across_sources() -> None:
    chat, *_, failed, _, hit = read(BATCH)
    assert (chat.source_key, chat.response_id) == (CALLS[0]["litellm_call_id"], "chatcmpl-fake-0038")
    assert (failed.response_id, hit.response_id) == (None, None)


def test_a_call_without_any_id_gets_the_same_key_every_time() -> None:
    assert one(litellm_call_id=None, id=None).source_key == one(litellm_call_id=None, id=None).source_key


def test_details_may_stand_on_top_only() -> None:
    record = one(metadata={}, stream=None)
    assert (record.event.input_tokens, record.quality) == (2006, Quality.PARTIAL)


def test_a_success_without_tokens_is_missing() -> None:
    record = one(prompt_tokens=0, completion_tokens=0, total_tokens=0, metadata={"usage_object": None})
    assert record.quality is Quality.MISSING


def test_a_timeout_may_have_been_billed() -> None:
    record = one(5, error_information={"error_class": "Timeout", "error_code": "408"})
    assert (record.failed, record.quality) == (True, Quality.MISSING)


def test_look_ups_are_no_calls() -> None:
    look_up = CALLS[5] | {"call_type": "aretrieve_batch", "status": "success"}
    taken = litellm.read(json.dumps([look_up]).encode(), received_at=NOW)
    assert (taken.records, taken.ignored) == ([], 1)


def test_times_may_be_text_and_absent() -> None:
    assert one(endTime="2026-11-23T10:00:00+02:00").event.at.isoformat() == "2026-11-23T08:00:00+00:00"
    assert one(endTime=None, startTime=None).event.at == NOW
    assert NO_TIME in one(endTime=None, startTime=None).problems


@pytest.mark.parametrize(("told", "tier"), [("flex", "flex"), ("default", "standard"), ("priority", "priority")])
def test_the_tier_is_the_one_that_answered(told: str, tier: str) -> None:
    assert one(response={"service_tier": told}).event.tier == tier


@pytest.mark.parametrize("junk", [b"", b"nonsense", b"[1,", b"\xff\xfe"])
def test_what_is_no_batch_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        read(junk)


def test_a_batch_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm_payload, "MAX_EVENTS", 7)
    with pytest.raises(TooLarge):
        read(BATCH)
