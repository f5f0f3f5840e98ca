"""What real exporters sent for calls whose counts are known (fixtures/intake/README.md)."""

from __future__ import annotations

import pytest

from core.intake import otlp
from core.intake.record import Record, Trust
from core.usage import Quality
from tests.support.payloads import ANTHROPIC, NOTHING, NOW, OPENAI, body, counts

EXACT, GUESSED, MISSING, REPAIRED = Quality.EXACT, Quality.GUESSED, Quality.MISSING, Quality.REPAIRED


def records(stem: str, form: str = "pb") -> list[Record]:
    return otlp.read(body(f"otlp/{stem}.traces.{form}"), received_at=NOW).records


def told(record: Record, names: dict[str, int]) -> tuple[dict[str, int], Quality]:
    return counts(record.event, names), record.quality


@pytest.mark.parametrize(
    "stem", ["otel-genai-openai", "openinference-openai", "traceloop-openai", "openlit-openai"]
)  # fmt: skip
def test_openai_instrumentations_give_the_true_counts_or_say_that_they_cannot(stem: str) -> None:
    chat, stream, stream_with_usage, response, embedding, refused = records(stem)
    without_reasoning = {name: count for name, count in OPENAI.items() if name != "reasoning_tokens"}
    assert told(chat, without_reasoning) == (without_reasoning, EXACT)
    assert told(stream_with_usage, without_reasoning) == (without_reasoning, EXACT)
    assert told(response, OPENAI) == (OPENAI, EXACT)
    assert told(embedding, {"input_tokens": 8, "output_tokens": 0}) == ({"input_tokens": 8, "output_tokens": 0}, EXACT)
    assert stream.quality is (GUESSED if stem == "openlit-openai" else MISSING)
    assert stream.problems
    assert told(refused, NOTHING) == (NOTHING, EXACT)
    assert refused.failed and "failed" in refused.problems[0]


@pytest.mark.parametrize("stem", ["otel-genai-openai", "openinference-openai"])
def test_reasoning_is_a_part_of_output_where_it_is_told(stem: str) -> None:
    assert {record.event.reasoning_tokens for record in records(stem) if record.event.output_tokens} == {192}


@pytest.mark.parametrize("stem", ["sdk-anthropic", "otel-genai-anthropic", "traceloop-anthropic"])
def test_a_call_told_by_sdk_and_instrumentation_counts_once_with_the_sdks_counts(stem: str) -> None:
    found = records(stem)
    assert len(found) == 2
    for record in found:
        assert told(record, ANTHROPIC) == (ANTHROPIC, EXACT)
        assert record.event.cache_write_1h_tokens == 200
        assert record.trust is Trust.PROVIDER_SDK
        assert bool(record.merged_keys) == (stem != "sdk-anthropic")


def test_the_loser_of_a_pair_leaves_what_only_it_knew() -> None:
    _, merged = records("pydantic-ai")
    assert told(merged, ANTHROPIC) == (ANTHROPIC, EXACT)
    assert (merged.event.web_searches, merged.event.cost_reported) == (2, "0.031763000")
    assert merged.event.tags["agent"] == "triage"


def test_agent_spans_add_nothing_to_the_calls_inside_them() -> None:
    taken = otlp.read(body("otlp/pydantic-ai.traces.pb"), received_at=NOW)
    assert (len(taken.records), taken.ignored) == (2, 2)


def test_openlit_leaves_cached_tokens_out_of_anthropic_input_which_is_repaired() -> None:
    plain, stream = records("openlit-anthropic")
    assert told(plain, ANTHROPIC) == (ANTHROPIC, REPAIRED)
    assert stream.quality is GUESSED
    assert "OpenLIT loses" in stream.problems[0]


def test_litellms_spans_give_the_split_out_of_their_python_dictionary() -> None:
    (record,) = records("litellm-otel")
    assert told(record, OPENAI) == (OPENAI, EXACT)
    assert record.event.cost_reported == "0.003347500"
    assert record.event.tags["team"] == "team-search"


@pytest.mark.parametrize(
    "stem", ["traceloop-anthropic", "openinference-openai", "otel-genai-openai", "pydantic-ai", "litellm-otel"]
)
def test_json_and_protobuf_of_one_request_give_the_same_records(stem: str) -> None:
    assert records(stem, "json") == records(stem)


def test_openinference_calls_are_known_by_the_id_inside_their_answer() -> None:
    assert [record.response_id for record in records("openinference-openai")][:4] == [
        "chatcmpl-fake-0005", "chatcmpl-fake-0006", "chatcmpl-fake-0007", "resp_fake_0008",
    ]  # fmt: skip


def test_logfire_counts_every_call_once_also_the_stream_that_it_tells_in_two_spans() -> None:
    chat, stream, response, claude = records("logfire")
    for found in (chat, stream, response):
        assert told(found, OPENAI) == (OPENAI, EXACT)
    assert told(claude, ANTHROPIC) == (ANTHROPIC, EXACT)
    assert (claude.event.cache_write_1h_tokens, claude.event.web_searches) == (200, 2)


def test_openinference_and_the_sdk_below_it_are_one_call_although_only_one_tells_its_id() -> None:
    found = records("openinference-anthropic")
    assert [told(record, ANTHROPIC) for record in found] == [(ANTHROPIC, EXACT)] * 2
    assert all(record.merged_keys and record.event.web_searches == 2 for record in found)


def test_the_vercel_sdks_calls_count_once_with_their_split_and_team() -> None:
    taken = otlp.read(body("otlp/vercel-ai.traces.json"), received_at=NOW)
    assert [told(record, OPENAI) for record in taken.records] == [(OPENAI, EXACT)] * 3
    assert taken.ignored == 3
    assert {record.event.tags["team"] for record in taken.records} == {"team-web"}


def test_teams_and_environments_come_from_the_resource() -> None:
    tags = records("otel-genai-openai")[0].event.tags
    assert tags == {"team": "team-search", "environment": "prod", "service.name": "support-bot"}


def test_the_same_request_again_gives_the_same_keys() -> None:
    assert [r.source_key for r in records("traceloop-openai")] == [r.source_key for r in records("traceloop-openai")]
    assert len({r.source_key for r in records("traceloop-openai")}) == 6
