"""Coding agents' log records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from core.errors import Unreadable
from core.intake import claude_code
from core.intake.counts import TTL_UNKNOWN
from core.intake.record import Record, Taken
from core.usage import Quality
from tests.support.payloads import ANTHROPIC, NOW, START, attributes, body, counts

CAPTURED = body("others/claude_code_otel_log.json")


def logs(event: str, service: str = "", **told: Any) -> Taken:
    record = {"timeUnixNano": str(START), "body": {"stringValue": event}, "attributes": attributes(told)}
    request = {"resourceLogs": [{"resource": {"attributes": attributes({"service.name": service})},
                                 "scopeLogs": [{"logRecords": [record]}]}]}  # fmt: skip
    return claude_code.read(json.dumps(request).encode(), received_at=NOW)


def test_claude_codes_request_counts_with_its_cached_tokens() -> None:
    (record,) = claude_code.read(CAPTURED, received_at=NOW).records
    assert (counts(record.event, ANTHROPIC), record.quality) == (ANTHROPIC, Quality.EXACT)
    assert (record.event.tags["team"], record.event.cost_reported) == ("team-search", "0.011313000")
    assert TTL_UNKNOWN in record.problems and "subscription" in record.problems[-1]


def test_nobodys_name_is_kept() -> None:
    assert "dev@example.com" not in repr(claude_code.read(CAPTURED, received_at=NOW))


def test_protobuf_says_the_same_as_json() -> None:
    request = json_format.Parse(CAPTURED, ExportLogsServiceRequest())
    packed = claude_code.read(request.SerializeToString(), received_at=NOW)
    assert packed.records == claude_code.read(CAPTURED, received_at=NOW).records


def test_session_sequence_and_time_are_the_key() -> None:
    (record,) = claude_code.read(CAPTURED, received_at=NOW).records
    assert record.source_key == "00000000-0000-0000-0000-00000000000a/3/1793620833000000000"


def test_codex_counts_include_cached_tokens_and_only_the_last_event_has_them() -> None:
    told = {"event.name": "codex.sse_event", "model": "gpt-5.1", "input_token_count": 2006, "output_token_count": 300,
            "cached_token_count": 1920, "reasoning_token_count": 192}  # fmt: skip
    (record,) = logs("", **told).records
    assert (record.event.input_tokens, record.event.cache_read_tokens, record.event.reasoning_tokens) == (
        2006,
        1920,
        192,
    )
    assert logs("", **{"event.name": "codex.sse_event", "model": "gpt-5.1"}).ignored == 1


def test_gemini_thoughts_and_tools_are_added() -> None:
    (record,) = logs("gemini_cli.api_response", model="gemini-2.5-pro", input_token_count=1000, output_token_count=200,
                     cached_content_token_count=600, thoughts_token_count=300, tool_token_count=50).records  # fmt: skip
    assert (record.event.input_tokens, record.event.output_tokens, record.event.reasoning_tokens) == (1050, 500, 300)
    assert record.quality is Quality.EXACT


def test_other_logs_are_passed_over() -> None:
    assert logs("user.login", **{"event.name": "login"}).ignored == 1
    assert logs("x", service="shop", **{"event.name": "api_request", "input_tokens": 5}).ignored == 1


def test_a_request_without_counts_is_missing() -> None:
    (record,) = logs("claude_code.api_request", model="claude-sonnet-4-5").records
    assert record.quality is Quality.MISSING


@pytest.mark.parametrize("junk", [b"\xff\xff", b"{", b'{"resourceLogs": 1}'])
def test_what_is_no_logs_request_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        claude_code.read(junk, received_at=NOW)


def an_agents_log(scope: str = "", service: str = "claude-code", *, time: int = START, **told: Any) -> dict[str, Any]:
    names = {key.replace("__", "."): value for key, value in told.items()}
    attributes_ = {"model": "claude-sonnet-4-5", "session.id": "s-1", "event.sequence": 3, "event.name": "api_request",
                   "input_tokens": "21", "output_tokens": "350"} | names  # fmt: skip
    return {
        "resource": {"attributes": attributes({"service.name": service})},
        "scopeLogs": [{"scope": {"name": scope}, "logRecords": [{"timeUnixNano": str(time), "attributes": attributes(attributes_)}]}],
    }  # fmt: skip


def read_logs(*made: dict[str, Any]) -> list[Record]:
    return claude_code.read(json.dumps({"resourceLogs": list(made)}).encode(), received_at=NOW).records


def test_a_resumed_session_numbers_from_the_beginning_and_counts_all_the_same() -> None:
    again = [an_agents_log(), an_agents_log(), an_agents_log(time=START + 3_600_000_000_000)]
    assert len({record.source_key for record in read_logs(*again)}) == 2


def test_claude_code_under_another_services_name_is_known_by_its_scope() -> None:
    (record,) = read_logs(an_agents_log("com.anthropic.claude_code.events", "our-agent"))
    assert record.emitter == "Claude Code"
    assert read_logs(an_agents_log("somebody.else", "our-agent")) == []


def test_a_failed_request_of_an_agent_counts_without_tokens() -> None:
    (record,) = read_logs(
        an_agents_log(event__name="api_error", error="overloaded", status_code="529", input_tokens="0")
    )
    assert (record.failed, record.event.input_tokens, record.problems[0]) == (
        True, 0, "the call failed (overloaded 529); a request without tokens",
    )  # fmt: skip
