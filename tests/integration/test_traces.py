"""`POST /v1/traces`, `/logs`, `/metrics` and `/litellm` as exporters need them: status codes, retries, exact totals."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from core.services.keep_books import check_books
from tests.support.api import Api, running_api

FIXTURES = Path(__file__).parents[1] / "fixtures" / "intake"
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as running:
        yield running


async def post(
    api: Api, path: str, body: bytes, headers: dict[str, str], token: str | None = "usage"
) -> httpx.Response:
    given = {**headers, "Authorization": f"Bearer {api.tokens[token]}"} if token else headers
    return await api.client.post(path, content=body, headers=given)


async def books(api: Api) -> tuple[int, int]:
    """(requests, output tokens), once journal and projections were found to agree."""
    agreement = await check_books(api.service.uow)
    assert agreement.holds
    return agreement.events[0], agreement.events[2]


def capture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


async def test_protobuf_json_and_gzip_of_one_capture_come_to_the_same(api: Api) -> None:
    plain = await post(api, "/v1/traces", capture("otlp/otel-genai-openai.traces.pb"), PROTOBUF)
    before = await books(api)
    packed = gzip.compress(capture("otlp/otel-genai-openai.traces.pb"))
    zipped = await post(api, "/v1/traces", packed, {**PROTOBUF, "Content-Encoding": "gzip"})
    as_json = await post(api, "/v1/traces", capture("otlp/otel-genai-openai.traces.json"), JSON)

    assert (plain.status_code, plain.headers["content-type"], plain.content) == (200, "application/x-protobuf", b"")
    assert (zipped.status_code, zipped.content) == (200, b"")
    assert (as_json.status_code, as_json.headers["content-type"], as_json.json()) == (200, "application/json", {})
    # Six spans: two complete calls, a stream without usage, one with, an embedding, and a failure.
    assert before == (6, await _output(api))
    assert await books(api) == before


async def _output(api: Api) -> int:
    async with api.service.uow.read() as tx:
        return (await tx.spend.totals())["events"][2]


async def test_a_capture_with_duplicates_on_purpose_counts_each_call_once(api: Api) -> None:
    await post(api, "/v1/traces", capture("otlp/otel-genai-anthropic.traces.pb"), PROTOBUF)

    assert await books(api) == (2, 700)


async def test_chunked_bodies_without_a_length_are_read(api: Api) -> None:
    body = capture("otlp/sdk-anthropic.traces.pb")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    headers = {**PROTOBUF, "Authorization": f"Bearer {api.tokens['usage']}"}
    answer = await api.client.post("/v1/traces", content=chunks(), headers=headers)

    assert answer.status_code == 200
    assert await books(api) == (2, 700)


async def test_an_empty_request_is_fine(api: Api) -> None:
    assert (await post(api, "/v1/traces", b"", PROTOBUF)).status_code == 200


FOR_GOOD: dict[str, tuple[bytes, dict[str, str], int]] = {
    "no protobuf": (b"\xff\xff\xff", PROTOBUF, 400),
    "no JSON": (b"{not json", JSON, 400),
    "metrics": (b'{"resourceMetrics": []}', JSON, 400),
    "plain text": (b"{}", {"Content-Type": "text/plain"}, 415),
    "no gzip": (b"not gzip", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
}
"""What no retry mends: body, headers, status."""


async def test_what_no_retry_mends_is_refused_for_good(api: Api) -> None:
    for case, (body, headers, status) in FOR_GOOD.items():
        answer = await post(api, "/v1/traces", body, headers)

        assert answer.status_code == status, case
        assert answer.json()["error"], case
        assert await books(api) == (0, 0), case


async def test_a_bad_token_is_refused(api: Api) -> None:
    for token in (None, "revoked", "expired"):
        assert (await post(api, "/v1/traces", b"", PROTOBUF, token)).status_code == 401, token


async def test_a_bad_span_is_told_as_a_partial_success_and_costs_no_good_one(api: Api) -> None:
    payload: dict[str, Any] = json.loads(capture("otlp/otel-genai-openai.traces.json"))
    spans = payload["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans.append({**spans[0], "spanId": "00f067aa0ba902b7", "startTimeUnixNano": "1", "endTimeUnixNano": str(10**20)})

    answer = await post(api, "/v1/traces", json.dumps(payload).encode(), JSON)

    assert answer.status_code == 200
    assert (await books(api))[0] >= 6


async def test_own_trouble_is_a_503_that_exporters_send_again_after(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(api.service.bookkeeper, "record", breaks)
    batch = capture("otlp/sdk-anthropic.traces.pb")
    for path, body, kind in (("/v1/traces", batch, PROTOBUF), ("/v1/logs", b'{"resourceLogs": []}', JSON)):
        answer = await post(api, path, body, kind)

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "disk" not in answer.text


@pytest.mark.parametrize("window", [15, -15], ids=["zlib format", "raw"])
async def test_deflate_is_read_with_and_without_its_head(api: Api, window: int) -> None:
    packer = zlib.compressobj(wbits=window)
    packed = packer.compress(capture("otlp/otel-genai-openai.traces.pb")) + packer.flush()
    whole = await post(api, "/v1/traces", packed, {**PROTOBUF, "Content-Encoding": "deflate"})
    half = await post(api, "/v1/traces", packed[: len(packed) // 2], {**PROTOBUF, "Content-Encoding": "deflate"})
    bomb = zlib.compress(b"\0" * (65 << 20), level=1)
    large = await post(api, "/v1/traces", bomb, {**PROTOBUF, "Content-Encoding": "deflate"})

    assert (whole.status_code, half.status_code, large.status_code) == (200, 400, 413)
    assert (await books(api))[0] == 6


async def test_a_body_of_which_nothing_is_read_is_taken_with_a_warning(api: Api) -> None:
    for path, body in (("/v1/traces/", b'{"resource_spans": [{}]}'), ("/v1/logs/", b'{"resourceSpans": []}')):
        answer = await post(api, path, body, JSON)

        assert answer.status_code == 200, path
        assert answer.json()["partialSuccess"]["errorMessage"].startswith("Nothing of the body was read"), path


async def test_an_endpoint_with_the_path_twice_is_told_what_to_set(api: Api) -> None:
    answer = await post(api, "/v1/traces/v1/traces", b"", PROTOBUF)

    assert answer.status_code == 404
    assert f"set it to {str(api.client.base_url).rstrip('/')}, without a path" in answer.json()["error"]


async def test_a_response_names_the_refused_spans_in_the_senders_format() -> None:
    from bot.web.otlp import _TRACES, _answer

    answer = ExportTraceServiceResponse.FromString(bytes(_answer(_TRACES, 2, "no time", is_json=False).body))

    assert (answer.partial_success.rejected_spans, answer.partial_success.error_message) == (2, "no time")


async def test_a_coding_agents_log_counts_once_in_json_and_in_protobuf(api: Api) -> None:
    body = capture("others/claude_code_otel_log.json")
    packed = Parse(body, ExportLogsServiceRequest()).SerializeToString()
    as_json = await post(api, "/v1/logs", body, JSON)
    as_protobuf = await post(api, "/v1/logs", packed, PROTOBUF)

    assert (as_json.status_code, as_json.json()) == (200, {})
    assert (as_protobuf.status_code, as_protobuf.content) == (200, b"")
    assert await books(api) == (1, 350)


async def test_log_records_that_are_no_model_calls_are_ignored(api: Api) -> None:
    line = {"timeUnixNano": "1793620833000000000", "body": {"stringValue": "started"}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [line]}]}]}).encode()
    answer = await post(api, "/v1/logs", body, JSON)

    assert (answer.status_code, answer.json()) == (200, {})
    assert await books(api) == (0, 0)


async def test_metrics_of_the_same_calls_are_let_go_with_a_warning_and_no_error(api: Api) -> None:
    """An exporter that is given one endpoint posts them here every minute; an error would be logged every minute."""
    body = capture("otlp/otel-genai-openai.metrics.pb")
    answer = await post(api, "/v1/metrics", body, PROTOBUF)
    told = ExportMetricsServiceResponse.FromString(answer.content).partial_success

    assert (answer.status_code, told.rejected_data_points) == (200, 0)
    assert "send traces to /v1/traces" in told.error_message
    assert await books(api) == (0, 0)
    assert (await post(api, "/v1/metrics", body, PROTOBUF, token=None)).status_code == 401


async def test_litellm_batches_count_once_however_often_they_come(api: Api) -> None:
    body = capture("litellm/generic_api_batch.as-sent.json")
    first = await post(api, "/v1/litellm", body, JSON)
    again = await post(api, "/v1/litellm", body, JSON)

    assert (first.status_code, first.json()["accepted"], first.json()["rejected"]) == (200, 8, [])
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 8)
    assert (await books(api))[0] == 8


async def test_a_proxy_and_its_client_that_report_one_call_count_it_once(api: Api) -> None:
    """LiteLLM's callback and an OpenTelemetry span name the same answer of the provider."""
    calls = json.loads(capture("litellm/generic_api_batch.as-sent.json"))
    call = next(one for one in calls if one["custom_llm_provider"] == "openai" and one["completion_tokens"] == 300)
    payload = json.loads(capture("otlp/otel-genai-openai.traces.json"))
    for resource in payload["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            scope["spans"] = scope["spans"][:1]
            for attribute in scope["spans"][0]["attributes"]:
                if attribute["key"] == "gen_ai.response.id":
                    attribute["value"] = {"stringValue": call["id"]}
            scope["spans"][0]["endTimeUnixNano"] = str(int(call["endTime"] * 1e9))

    await post(api, "/v1/litellm", json.dumps([call]).encode(), JSON, "usage")
    await post(api, "/v1/traces", json.dumps(payload).encode(), JSON, "second")

    assert await books(api) == (1, 300 - 192)


async def test_prompts_never_reach_the_database(api: Api, database_url: str) -> None:
    body = capture("otlp/traceloop-openai.traces.pb")
    assert b"Hi" in body
    await post(api, "/v1/traces", body, PROTOBUF)
    await post(api, "/v1/litellm", capture("litellm/generic_api_batch.as-sent.json"), JSON)

    async with api.service.uow.read() as tx:
        kept = json.dumps([[labels.model, *labels.tags] for labels in (await tx.series.all()).values()])
    assert "Hi" not in kept.replace("Histor", "")
    assert "messages" not in kept
