"""One call told by several spans, and spans that are no calls; made to order."""

from __future__ import annotations

import json

import pytest

from core.intake import otlp
from core.usage import Quality
from tests.support.payloads import (
    ANTHROPIC,
    CLAUDE,
    NOW,
    OPENAI,
    USAGE,
    counts,
    one,
    resource_spans,
    span,
    taken,
)


@pytest.mark.parametrize(
    "operation", ["invoke_agent", "invoke_workflow", "execute_tool", "fetch_response", "create_agent"]
)
def test_spans_around_calls_never_count(operation: str) -> None:
    found = taken(span(**USAGE, gen_ai__operation__name=operation))
    assert (found.records, found.ignored) == ([], 1)


@pytest.mark.parametrize("kind", ["AGENT", "CHAIN", "TOOL", "RETRIEVER"])
def test_openinference_counts_only_model_calls(kind: str) -> None:
    made = span(llm__token_count__prompt=5, llm__token_count__completion=1, openinference__span__kind=kind,
                gen_ai__operation__name=None)  # fmt: skip
    assert taken(made, scope="openinference.instrumentation.langchain").records == []


def test_spans_of_other_things_are_passed_over() -> None:
    made = span(
        gen_ai__operation__name=None, gen_ai__provider__name=None, gen_ai__request__model=None, http__method="GET"
    )
    assert taken(made).ignored == 1


def test_flat_names_count_in_claude_codes_spans_only() -> None:
    flat = {"gen_ai__operation__name": None, "gen_ai__provider__name": None, "gen_ai__request__model": None,
            "model": "claude-sonnet-4-5", "input_tokens": 21, "output_tokens": 350, "cache_read_tokens": 5000,
            "cache_creation_tokens": 1200}  # fmt: skip
    assert taken(span(**flat), scope="our.compressor").records == []
    record = one(span(name="claude_code.llm_request", **flat), scope="com.anthropic.claude_code.tracing")
    assert counts(record.event, ANTHROPIC) == ANTHROPIC


def test_an_outer_span_and_the_one_call_below_it_are_one_call() -> None:
    record = one(span(1, **USAGE), span(2, parent=1, **USAGE, openai__response__service_tier="flex"), scope="a.library")
    assert counts(record.event, OPENAI) == OPENAI
    assert record.event.tier == "flex"


def test_an_outer_span_over_several_calls_is_their_sum_and_dropped() -> None:
    outer = span(1, gen_ai__usage__input_tokens=4012, gen_ai__usage__output_tokens=600)
    found = taken(outer, span(2, parent=1, **USAGE), span(3, parent=1, **USAGE)).records
    assert [counts(record.event, OPENAI) for record in found] == [OPENAI, OPENAI]


def test_an_outer_span_counts_where_the_calls_below_have_no_usage() -> None:
    record = one(span(1, **USAGE), span(2, parent=1), span(3, parent=1))
    assert counts(record.event, OPENAI) == OPENAI


def test_a_retry_below_a_successful_call_does_not_hide_it() -> None:
    record = one(span(1, **USAGE), span(2, parent=1, error__type="RateLimitError", failed=True))
    assert counts(record.event, OPENAI) == OPENAI


def test_nested_calls_with_different_response_ids_are_two_calls() -> None:
    found = taken(span(1, **USAGE, gen_ai__response__id="chatcmpl-1"),
                  span(2, parent=1, **USAGE, gen_ai__response__id="chatcmpl-2"))  # fmt: skip
    assert len(found.records) == 2


def test_parents_in_a_circle_do_no_harm() -> None:
    assert len(taken(span(1, parent=2, **USAGE), span(2, parent=1, **USAGE)).records) == 1


def test_logfires_cache_split_is_read_from_the_raw_usage() -> None:
    raw = {"input_tokens": 21, "cache_creation_input_tokens": 1200, "cache_read_input_tokens": 5000, "output_tokens": 350,
           "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 200},
           "server_tool_use": {"web_search_requests": 2}, "service_tier": "priority"}  # fmt: skip
    made = span(gen_ai__provider__name="anthropic", gen_ai__request__model="claude-sonnet-4-5",
                gen_ai__usage__input_tokens=6221, gen_ai__usage__output_tokens=350,
                gen_ai__usage__raw=json.dumps(raw))  # fmt: skip
    record = one(made, scope="logfire.anthropic", version="5.2.0")
    assert (counts(record.event, ANTHROPIC), record.quality) == (ANTHROPIC, Quality.EXACT)
    assert (record.event.cache_write_1h_tokens, record.event.web_searches, record.event.tier) == (200, 2, "priority")


def test_a_stream_of_logfire_counts_once_by_its_closing_span() -> None:
    request = span(1, request_data='{"model": "gpt-5.1"}')
    closing = span(2, name="streaming response from 'gpt-5.1' took 1s", **USAGE,
                   request_data='{"model": "gpt-5.1", "stream": true}')  # fmt: skip
    found = taken(request, closing, scope="logfire.openai", version="5.2.0")
    assert [counts(record.event, OPENAI) for record in found.records] == [OPENAI]
    assert found.ignored == 1


def test_a_stream_told_by_logfire_and_by_the_sdk_counts_once() -> None:
    told = {**CLAUDE, "gen_ai__usage__input_tokens": 6221}
    closing = [span(number, trace=number, name="streaming response from 'claude'", **told) for number in (1, 2)]
    sdk = span(3, trace=3, **told, gen_ai__response__id="msg_1")
    request = {"resourceSpans": [resource_spans(*closing, scope="logfire.anthropic", version="5.2.0"),
                                 resource_spans(sdk, scope="com.anthropic.sdk.python", version="2.12.0")]}  # fmt: skip
    found = otlp.read(json.dumps(request).encode(), received_at=NOW).records
    assert sorted(record.response_id or "" for record in found) == ["", "msg_1"], "two streams, one of them told twice"


def test_langchains_answer_gives_the_id_that_joins_it_to_the_call_it_made() -> None:
    answer = {"generations": [[{"text": "Hello", "message": {"kwargs": {"content": "Hello", "response_metadata": {
        "id": "chatcmpl-1", "service_tier": "flex"}}}}]]}  # fmt: skip
    told = {"gen_ai__operation__name": None, "llm__token_count__prompt": 12, "llm__token_count__completion": 5,
            "openinference__span__kind": "LLM"}  # fmt: skip
    record = one(span(1, **told, output__value=json.dumps(answer)), span(2, trace=2, **told, gen_ai__response__id="chatcmpl-1"),
                 scope="openinference.instrumentation.langchain")  # fmt: skip
    assert (record.response_id, record.event.tier, len(record.merged_keys)) == ("chatcmpl-1", "flex", 1)


def test_the_vercel_sdks_outer_spans_do_not_count() -> None:
    plain = {"gen_ai__operation__name": None}
    outer = span(1, name="ai.generateText", **plain, ai__usage__promptTokens=2006, ai__usage__completionTokens=300,
                 ai__operationId="ai.generateText")  # fmt: skip
    inner = span(2, name="ai.generateText.doGenerate", parent=1, **plain, gen_ai__usage__input_tokens=2006,
                 gen_ai__usage__output_tokens=300, ai__usage__cachedInputTokens=1920, ai__usage__reasoningTokens=192,
                 ai__telemetry__metadata__team="team-web", ai__operationId="ai.generateText.doGenerate",
                 gen_ai__system="openai.chat", gen_ai__provider__name=None)  # fmt: skip
    record = one(outer, inner, scope="ai", version="")
    assert (counts(record.event, OPENAI), record.event.provider) == (OPENAI, "openai")
    assert record.event.tags["team"] == "team-web"


def test_calls_of_several_scopes_are_joined_by_the_response_id() -> None:
    first = resource_spans(
        span(1, **USAGE, gen_ai__response__id="chatcmpl-9"), scope="opentelemetry.instrumentation.openai.v1"
    )
    second = resource_spans(span(2, trace=2, **USAGE, gen_ai__response__id="chatcmpl-9"), scope="litellm")
    found = otlp.read(json.dumps({"resourceSpans": [second, first]}).encode(), received_at=NOW).records
    assert [record.emitter for record in found] == ["opentelemetry.instrumentation.openai.v1"]
    assert found[0].merged_keys == (f"{2:032x}/{2:016x}",)
