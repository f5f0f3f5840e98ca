"""Spans that lie, repeat or leave things out; made to order."""

from __future__ import annotations

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from core.errors import TooLarge, Unreadable
from core.intake import otlp, otlp_span
from core.intake.counts import NO_CACHE_SPLIT, TTL_UNKNOWN
from core.intake.record import NO_TIME
from core.usage import Quality
from tests.support.payloads import (
    ANTHROPIC,
    CLAUDE,
    NOTHING,
    NOW,
    OPENAI,
    START,
    USAGE,
    body,
    counts,
    one,
    span,
    spans,
    taken,
)


def test_numbers_may_come_as_text_double_or_number() -> None:
    record = one(span(gen_ai__usage__input_tokens="2006", gen_ai__usage__cache_read__input_tokens=1920.0,
                      gen_ai__usage__output_tokens=300, gen_ai__usage__reasoning_tokens="192.0"))  # fmt: skip
    assert (counts(record.event, OPENAI), record.quality) == (OPENAI, Quality.EXACT)


@pytest.mark.parametrize(
    ("input_key", "output_key"),
    [
        ("gen_ai__usage__prompt_tokens", "gen_ai__usage__completion_tokens"),
        ("llm__token_count__prompt", "llm__token_count__completion"),
        ("llm__usage__prompt_tokens", "llm__usage__completion_tokens"),
    ],
)
def test_older_names_of_counts_are_known(input_key: str, output_key: str) -> None:
    record = one(span(**{input_key: 12, output_key: 5}))
    assert (record.event.input_tokens, record.event.output_tokens) == (12, 5)


def test_the_conventions_name_wins_over_its_older_ones() -> None:
    record = one(span(**USAGE, gen_ai__usage__prompt_tokens=1, llm__token_count__prompt=2))
    assert record.event.input_tokens == 2006


def test_input_smaller_than_its_cached_part_is_repaired_whoever_sends_it() -> None:
    record = one(span(**CLAUDE, gen_ai__usage__input_tokens=21), scope="some.new.library")
    assert (counts(record.event, ANTHROPIC), record.quality) == (ANTHROPIC, Quality.REPAIRED)


def test_a_total_shows_that_cached_tokens_were_left_out() -> None:
    record = one(span(**CLAUDE, gen_ai__usage__input_tokens=9000, gen_ai__usage__total_tokens=15_550), scope="x")
    assert (record.event.input_tokens, record.quality) == (15_200, Quality.REPAIRED)


def test_openlit_is_known_to_leave_them_out_even_where_it_cannot_be_seen() -> None:
    told = {**CLAUDE, "gen_ai__usage__cache_read__input_tokens": 10, "gen_ai__usage__cache_creation__input_tokens": 0}
    record = one(span(**told, gen_ai__usage__input_tokens=500), scope="openlit.instrumentation.anthropic", version="")
    assert (record.event.input_tokens, record.quality) == (510, Quality.REPAIRED)


def test_reasoning_outside_of_output_is_added() -> None:
    record = one(
        span(gen_ai__usage__input_tokens=10, gen_ai__usage__output_tokens=20, gen_ai__usage__reasoning_tokens=80)
    )
    assert (record.event.output_tokens, record.event.reasoning_tokens) == (100, 80)
    assert record.quality is Quality.REPAIRED


def test_a_total_shows_that_reasoning_was_left_out() -> None:
    record = one(span(gen_ai__provider__name="x_ai", gen_ai__request__model="grok-4", gen_ai__usage__input_tokens=100,
                      gen_ai__usage__output_tokens=50, gen_ai__usage__reasoning_tokens=30,
                      gen_ai__usage__total_tokens=180))  # fmt: skip
    assert (record.event.provider, record.event.output_tokens, record.quality) == ("x-ai", 80, Quality.REPAIRED)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_successful_call_without_usage_is_missing_not_free(streamed: bool) -> None:
    record = one(span(gen_ai__request__stream=streamed))
    assert (counts(record.event, NOTHING), record.quality) == (NOTHING, Quality.MISSING)
    assert ("include_usage" in record.problems[0]) == streamed


def test_a_usage_of_zeros_is_missing_too() -> None:
    assert one(span(gen_ai__usage__input_tokens=0, gen_ai__usage__output_tokens=0)).quality is Quality.MISSING


def test_a_total_alone_is_missing_and_says_so() -> None:
    record = one(span(gen_ai__usage__total_tokens=2306))
    assert (record.quality, "only a total" in record.problems[0]) == (Quality.MISSING, True)


def test_output_without_input_is_partial() -> None:
    assert one(span(gen_ai__usage__output_tokens=5)).quality is Quality.PARTIAL


def test_a_failed_call_is_a_request_without_tokens() -> None:
    record = one(span(error__type="openai.BadRequestError", failed=True))
    assert (record.failed, record.quality, counts(record.event, NOTHING)) == (True, Quality.EXACT, NOTHING)
    assert "BadRequestError" in record.problems[0]


def test_a_call_that_timed_out_may_have_been_billed() -> None:
    record = one(span(error__type="APITimeoutError", failed=True))
    assert (record.quality, "bill" in record.problems[0]) == (Quality.MISSING, True)


def test_a_failed_stream_keeps_what_it_used() -> None:
    assert counts(one(span(**USAGE, error__type="APIError", failed=True)).event, OPENAI) == OPENAI


def test_an_unknown_emitter_without_cache_split_is_partial() -> None:
    record = one(span(gen_ai__usage__input_tokens=2006, gen_ai__usage__output_tokens=300), scope="our.own.client")
    assert (record.quality, record.problems) == (Quality.PARTIAL, (NO_CACHE_SPLIT,))


def test_an_emitter_that_always_tells_cached_tokens_is_exact_without_them() -> None:
    assert one(span(gen_ai__usage__input_tokens=20, gen_ai__usage__output_tokens=3)).quality is Quality.EXACT


def test_streams_of_openllmetry_alone_are_marked_because_their_output_is_too_high() -> None:
    request = json.loads(body("otlp/traceloop-anthropic.traces.json"))
    for found in request["resourceSpans"]:
        found["scopeSpans"] = [s for s in found["scopeSpans"] if s["scope"]["name"].startswith("opentelemetry.")]
    plain, stream = otlp.read(json.dumps(request).encode(), received_at=NOW).records
    assert (counts(plain.event, ANTHROPIC), plain.quality) == (ANTHROPIC, Quality.EXACT)
    assert TTL_UNKNOWN in plain.problems
    assert (stream.event.output_tokens, stream.quality) == (351, Quality.GUESSED)


def test_an_openai_client_may_talk_to_somebody_else() -> None:
    azure = one(span(**USAGE, server__address="acme.openai.azure.com"))
    gateway = one(span(**USAGE, server__address="llm.acme.internal", gen_ai__request__model="claude-sonnet-4-5"))
    assert (azure.event.provider, gateway.event.provider) == ("azure", "anthropic")
    assert azure.problems == ("the client says openai, but its server or model is azure's",)


def test_a_model_or_provider_that_is_not_named_is_said() -> None:
    record = one(span(**USAGE, gen_ai__provider__name=None, gen_ai__request__model=None))
    assert (record.event.model, record.event.provider, "no model" in record.problems[0]) == ("unknown", "unknown", True)
    assert one(span(**USAGE, gen_ai__provider__name=None)).event.provider == "openai"


@pytest.mark.parametrize("cost", [0, 0.0, "nan", -1.0])
def test_a_cost_of_nothing_means_unknown(cost: object) -> None:
    assert one(span(**USAGE, operation__cost=cost)).event.cost_reported is None


@pytest.mark.parametrize("absurd", [-5, 2**62, 1.5, "-7"])
def test_absurd_counts_are_left_out_and_said(absurd: object) -> None:
    record = one(span(gen_ai__usage__input_tokens=absurd, gen_ai__usage__output_tokens=300))
    assert (record.event.input_tokens, record.event.output_tokens) == (0, 300)
    assert record.quality in (Quality.REPAIRED, Quality.PARTIAL)
    assert "not a number of tokens" in record.problems[0]


def test_a_span_without_time_is_booked_at_its_arrival() -> None:
    made = span(**USAGE)
    made["startTimeUnixNano"] = made["endTimeUnixNano"] = "0"
    record = one(made)
    assert (record.event.at, NO_TIME in record.problems) == (NOW, True)


def test_ids_may_be_upper_case_or_base64_and_are_the_same_span() -> None:
    plain, upper, base64 = span(0xAB, **USAGE), span(0xAB, **USAGE), span(0xAB, **USAGE)
    upper["spanId"] = upper["spanId"].upper()
    base64["traceId"], base64["spanId"] = "AAAAAAAAAAAAAAAAAAAAAQ==", "AAAAAAAAAKs="
    assert {one(made).source_key for made in (plain, upper, base64)} == {f"{1:032x}/{0xAB:016x}"}


def test_one_broken_span_costs_no_other() -> None:
    request = json.loads(spans(span(1, **USAGE), span(2, **USAGE)))
    request["resourceSpans"][0]["scopeSpans"][0]["spans"].insert(0, {"attributes": "none"})
    found = otlp.read(json.dumps(request).encode(), received_at=NOW)
    assert (len(found.records), [index for index, _ in found.refused]) == (2, [0])


def test_one_broken_span_in_protobuf_costs_no_other() -> None:
    request = ExportTraceServiceRequest.FromString(body("otlp/sdk-anthropic.traces.pb"))
    scope = request.resource_spans[0].scope_spans[0].SerializeToString() + b"\x12\x02\xff\xff"
    found = otlp.read(_delimited(1, _delimited(2, scope)), received_at=NOW)
    assert (len(found.records), len(found.refused)) == (2, 1)


def _delimited(number: int, content: bytes) -> bytes:
    length, size = b"", len(content)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


@pytest.mark.parametrize("name", ["otel-genai-openai.metrics.pb", "otel-genai-openai.metrics.json"])
def test_metrics_are_refused_with_the_way_out(name: str) -> None:
    with pytest.raises(Unreadable, match="send traces"):
        otlp.read(body(f"otlp/{name}"), received_at=NOW)


@pytest.mark.parametrize(
    "junk", [b"\xff\xff\xff", b"{", b'{"resourceSpans": 5}', b'{"resourceSpans": [{"scopeSpans": "x"}]}']
)
def test_what_is_no_trace_request_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        otlp.read(junk, received_at=NOW)


@pytest.mark.parametrize("empty", [b"", b"{}", b'{"resourceSpans": []}', b'{"resourceSpans": null}'])
def test_an_empty_request_holds_nothing(empty: bytes) -> None:
    assert otlp.read(empty, received_at=NOW, is_json=bool(empty)).records == []


def test_more_spans_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_span, "MAX_SPANS", 2)
    with pytest.raises(TooLarge, match="several"):
        taken(span(1), span(2), span(3))


def test_the_end_of_the_call_is_its_time() -> None:
    assert one(span(**USAGE)).event.at.timestamp() == pytest.approx((START + 500_000_000) / 1e9)
