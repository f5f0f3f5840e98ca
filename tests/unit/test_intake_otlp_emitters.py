"""Emitters of whom no capture is stored: spans as the source of the named versions writes them (November 2026)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.intake.counts import EXCLUSIVE, NO_USAGE_DROPPED, XAI_UNCLEAR
from core.intake.otlp_dialects import BEDROCK_WITHOUT_CACHE
from core.usage import Quality
from tests.support.payloads import ANTHROPIC, OPENAI, USAGE, counts, one, span, taken

BOTOCORE = "opentelemetry.instrumentation.botocore.bedrock-runtime"
BEDROCK = {"gen_ai__provider__name": None, "gen_ai__system": "aws.bedrock",
           "gen_ai__request__model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}  # fmt: skip
GEMINI = {"gen_ai__provider__name": "gcp.gemini", "gen_ai__request__model": "gemini-2.5-pro",
          "gen_ai__operation__name": "generate_content"}  # fmt: skip
BARE = {"gen_ai__operation__name": None, "gen_ai__provider__name": None, "gen_ai__request__model": None}


def usage(**told: int) -> dict[str, Any]:
    return {f"gen_ai__usage__{name}": value for name, value in told.items()}


@pytest.mark.parametrize("scope", [BOTOCORE, "opentelemetry.instrumentation.bedrock"])
def test_bedrocks_uncached_input_is_known_although_it_is_larger_than_the_cache(scope: str) -> None:
    told = usage(input_tokens=8000, output_tokens=100, cache_read__input_tokens=5000, cache_creation__input_tokens=1000)
    record = one(span(**BEDROCK, **told, gen_ai__usage__total_tokens=8100), scope=scope)
    assert (record.event.input_tokens, record.event.cache_read_tokens, record.quality) == (
        14_000,
        5000,
        Quality.REPAIRED,
    )
    assert EXCLUSIVE in record.problems


@pytest.mark.parametrize(
    "made",
    [
        (span(**BEDROCK, **usage(input_tokens=21, output_tokens=350)), BOTOCORE),
        (span(**BARE, openinference__span__kind="LLM", llm__model_name="anthropic.claude-v2", llm__provider="aws",
              llm__token_count__prompt=21, llm__token_count__completion=350), "openinference.instrumentation.bedrock"),
    ],
)  # fmt: skip
def test_a_bedrock_call_without_cache_counts_may_be_too_small(made: tuple[dict[str, Any], str]) -> None:
    record = one(made[0], scope=made[1])
    assert (record.quality, record.problems) == (Quality.PARTIAL, (BEDROCK_WITHOUT_CACHE,))


def test_botocores_six_characters_a_token_are_a_guess() -> None:
    told = {
        **BEDROCK,
        "gen_ai__request__model": "mistral.mistral-large-2402-v1:0",
        "gen_ai__operation__name": "text_completion",
    }
    assert one(span(**told, **usage(input_tokens=8, output_tokens=10)), scope=BOTOCORE).quality is Quality.GUESSED


def test_thoughts_that_only_geminis_total_tells_are_output() -> None:
    told = usage(input_tokens=1000, output_tokens=200, total_tokens=2000)
    record = one(span(**GEMINI, **told), scope="opentelemetry.instrumentation.google_generativeai")
    assert (record.event.output_tokens, record.event.reasoning_tokens) == (1000, 800)
    assert record.quality is Quality.REPAIRED
    assert "800 tokens more" in record.problems[0]


def test_a_total_that_nothing_explains_makes_the_counts_a_guess() -> None:
    record = one(span(**usage(input_tokens=1000, output_tokens=200, total_tokens=2000)))
    assert (record.event.input_tokens, record.event.output_tokens, record.quality) == (1000, 200, Quality.GUESSED)


def test_xais_reasoning_may_be_inside_or_outside_when_no_total_tells() -> None:
    told = {"gen_ai__request__model": "grok-4", "server__address": "api.x.ai"}
    record = one(span(**told, **usage(input_tokens=100, output_tokens=50, reasoning__output_tokens=40)))
    assert (record.quality, record.problems[0]) == (Quality.GUESSED, XAI_UNCLEAR)


def test_an_adk_call_is_told_by_two_spans_and_counts_once_at_google() -> None:
    told = usage(input_tokens=1000, output_tokens=1000, reasoning__output_tokens=800)
    outer = {**BARE, "gen_ai__system": "gcp.vertex.agent", "gen_ai__request__model": "gemini-2.5-pro"}
    record = one(
        span(1, name="call_llm", **outer, **told), span(2, parent=1, **GEMINI, **told), scope="gcp.vertex.agent"
    )
    assert (record.event.provider, record.event.output_tokens, record.quality) == ("google", 1000, Quality.EXACT)


def test_the_two_spans_of_an_adk_call_are_joined_across_payloads_too() -> None:
    told = {**usage(input_tokens=1000, output_tokens=1000), "gcp__vertex__agent__event_id": "e-1"}
    outer = one(span(1, name="call_llm", **BARE, gen_ai__system="gcp.vertex.agent", **told), scope="gcp.vertex.agent")
    inner = one(
        span(2, parent=1, **GEMINI, **told, gen_ai__response__id="r-1"),
        scope="opentelemetry.instrumentation.google_genai",
    )
    assert outer.response_id == inner.response_id == "e-1"


def test_ids_of_nothing_but_zeros_do_not_make_two_calls_one() -> None:
    first, second = (one(span(0, trace=0, **usage(input_tokens=5, output_tokens=size))) for size in (1, 2))
    assert first.source_key != second.source_key


def test_an_embedding_of_the_vercel_sdk_has_no_output_to_tell() -> None:
    told = {
        **BARE,
        "ai__model__id": "text-embedding-3-small",
        "ai__model__provider": "openai.embedding",
        "ai__usage__tokens": 12,
    }
    record = one(span(name="ai.embed.doEmbed", **told), scope="ai")
    assert (record.event.input_tokens, record.quality, record.problems) == (12, Quality.EXACT, ())


def test_a_stream_whose_usage_was_asked_for_is_not_told_to_ask_for_it() -> None:
    asked = json.dumps({"model": "gpt-5.1", "stream": True, "stream_options": {"include_usage": True}})
    told = {**BARE, "openinference__span__kind": "LLM", "llm__model_name": "gpt-5.1"}
    made = span(**told)
    made["attributes"].append({"key": "llm.invocation_parameters", "value": {"stringValue": asked}})
    record = one(made, scope="@arizeai/openinference-instrumentation-openai")
    assert (record.quality, record.problems) == (Quality.MISSING, (NO_USAGE_DROPPED,))


@pytest.mark.parametrize("operation", ["text_completions", "chat.completions", "chat.streaming_completions"])
def test_a_call_of_semantic_kernel_without_usage_is_missing_and_not_passed_over(operation: str) -> None:
    record = one(span(gen_ai__operation__name=operation), scope="semantic_kernel.utils.telemetry")
    assert record.quality is Quality.MISSING


def test_a_failure_names_the_class_that_python_shows() -> None:
    record = one(span(failed=True, error__type="<class 'openai.RateLimitError'>"))
    assert record.problems == ("the call failed (RateLimitError); a request without tokens",)


def test_cached_audio_is_billed_as_cached_and_images_are_said() -> None:
    told = usage(input_tokens=2000, output_tokens=300, cache_read__input_tokens=1000, audio__input_tokens=1500,
                 audio__cache_read__input_tokens=800, image__input_tokens=100)  # fmt: skip
    record = one(span(**told))
    assert (record.event.input_audio_tokens, record.event.cache_read_tokens) == (700, 1000)
    assert any(problem.startswith("100 of the tokens are images") for problem in record.problems)


def a_generation(told: dict[str, Any], model: str) -> dict[str, Any]:
    made = span(**BARE, langfuse__observation__type="generation", langfuse__observation__model__name=model)
    made["attributes"].append({"key": "langfuse.observation.usage_details", "value": {"stringValue": json.dumps(told)}})
    return made


@pytest.mark.parametrize(
    "told",
    [
        {"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
         "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 192}},
        {"input_tokens": 2006, "output_tokens": 300, "total_tokens": 2306, "input_tokens_details": {"cached_tokens": 1920},
         "output_tokens_details": {"reasoning_tokens": 192}},
        {"input": 86, "output": 108, "total": 2306, "input_cache_read": 1920, "output_reasoning": 192},
        {"input": 86, "output": 300, "total": 2306, "input_cached_tokens": 1920, "output_priority_reasoning": 0},
    ],
)  # fmt: skip
def test_langfuse_keeps_openais_own_usage_or_its_own_keys(told: dict[str, Any]) -> None:
    record = one(a_generation(told, "gpt-5.1-2025-11-13"), scope="langfuse-sdk", version="5.0.4")
    expected = {**OPENAI, "reasoning_tokens": 192 if "output_priority_reasoning" not in told else 0}
    assert (counts(record.event, expected), record.quality) == (expected, Quality.EXACT)


def test_langfuse_repeats_the_lifetimes_of_cache_writes_beside_their_sum() -> None:
    told = {"input": 21, "output": 350, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 1200,
            "cache_creation_ephemeral_5m_input_tokens": 1000, "cache_creation_ephemeral_1h_input_tokens": 200}  # fmt: skip
    record = one(a_generation(told, "claude-sonnet-4-5"), scope="langfuse-sdk")
    expected = {**ANTHROPIC, "cache_write_1h_tokens": 200}
    assert (counts(record.event, expected), record.quality, record.problems) == (expected, Quality.EXACT, ())


def test_langfuse_leaves_geminis_thoughts_beside_the_output() -> None:
    told = {"input": 0, "output": 200, "total": 2000, "input_modality_TEXT": 700, "cached_modality_TEXT": 300,
            "cached_content_token_count": 300, "thoughts_token_count": 800}  # fmt: skip
    event = one(a_generation(told, "gemini-2.5-pro"), scope="langfuse-sdk").event
    assert (event.input_tokens, event.cache_read_tokens, event.output_tokens, event.reasoning_tokens) == (
        1000,
        300,
        1000,
        800,
    )


def test_agents_plans_tools_and_memories_are_never_calls_even_with_counts() -> None:
    names = ("invoke_agent", "create_agent", "plan", "retrieval", "execute_tool", "invoke_workflow", "fetch_response",
             "search_memory", "create_memory_store", "delete_memory_store", "upsert_memory")  # fmt: skip
    made = [span(number, gen_ai__operation__name=name, **USAGE) for number, name in enumerate(names, start=1)]
    found = taken(*made, scope="opentelemetry.instrumentation.genai.openai_agents")
    assert (found.records, found.ignored) == ([], len(names))


def test_langfuse_writes_its_metadata_as_json_and_the_quotes_are_no_part_of_a_tag() -> None:
    made = a_generation({"input": 10, "output": 5}, "gpt-5.1")
    made["attributes"].append({"key": "langfuse.observation.metadata.team", "value": {"stringValue": '"search"'}})
    assert one(made, scope="langfuse-sdk").event.tags == {"team": "search"}


def test_openlit_passes_bedrocks_and_geminis_own_counts_on() -> None:
    told = usage(input_tokens=8000, output_tokens=900, cache_read__input_tokens=5000, reasoning_tokens=800)
    bedrock = one(span(**BEDROCK, **told), scope="openlit.instrumentation.bedrock")
    gemini = one(span(**GEMINI, **told), scope="openlit.instrumentation.google_ai_studio")
    vertex = one(
        span(**GEMINI, **usage(input_tokens=8000, output_tokens=900)), scope="openlit.instrumentation.vertexai"
    )
    assert (bedrock.event.input_tokens, bedrock.event.output_tokens, bedrock.quality) == (13_000, 900, Quality.REPAIRED)
    assert (gemini.event.input_tokens, gemini.event.output_tokens, gemini.quality) == (8000, 1700, Quality.REPAIRED)
    assert (vertex.quality, "too small" in vertex.problems[0]) == (Quality.PARTIAL, True)
