"""Responses of providers, alone and in the output files of batches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import Unreadable
from core.intake import responses
from core.intake.detect import Format, detect, read_any
from core.intake.record import NO_TIME, Record
from core.usage import Quality
from tests.support.payloads import ANTHROPIC, FIXTURES, NOW, OPENAI, counts

CHAT: dict[str, Any] = json.loads((FIXTURES / "usage-objects" / "openai_chat.json").read_bytes())["response"]
MESSAGE: dict[str, Any] = json.loads((FIXTURES / "usage-objects" / "anthropic_messages.json").read_bytes())["response"]
COMPLETION = CHAT | {"id": "chatcmpl-1", "created": 1_793_620_833, "choices": [{"message": {"content": "Hello"}}]}


def read(*documents: object) -> list[Record]:
    return responses.read("\n".join(map(json.dumps, documents)).encode(), received_at=NOW).records


@pytest.mark.parametrize("path", sorted((FIXTURES / "usage-objects").glob("*.json")), ids=lambda path: path.stem)
def test_stored_responses_are_recognised_and_count_as_documented(path: Any) -> None:
    raw = path.read_bytes()
    assert detect(raw) is Format.RESPONSES
    (record,) = read_any(raw, Format.RESPONSES, received_at=NOW).records
    expected = json.loads(raw)["expected_normalised"]
    assert (record.event.input_tokens, record.event.output_tokens) == (
        expected["input_tokens"],
        expected["output_tokens"],
    )
    assert record.event.provider == json.loads(raw)["provider_id"]
    assert record.quality is Quality.EXACT


def test_a_completion_is_booked_when_it_was_made_under_its_own_id() -> None:
    (record,) = read(COMPLETION)
    assert (counts(record.event, OPENAI), record.event.provider) == (OPENAI, "openai")
    assert (record.response_id, record.event.at.isoformat()) == ("chatcmpl-1", "2026-11-02T12:00:33+00:00")
    assert "Hello" not in repr(record)


def test_a_message_carries_no_time_and_says_so() -> None:
    (record,) = read(MESSAGE | {"id": "msg_1"})
    assert (counts(record.event, ANTHROPIC), record.event.at, NO_TIME in record.problems) == (ANTHROPIC, NOW, True)


def test_an_openai_batch_file_is_priced_as_a_batch() -> None:
    line = {"id": "batch_req_1", "custom_id": "a", "response": {"status_code": 200, "body": COMPLETION}, "error": None}
    found = read(line, line | {"custom_id": "b"})
    assert [(record.event.tier, record.event.input_tokens) for record in found] == [("batch", 2006), ("batch", 2006)]


def test_an_anthropic_batch_file_is_priced_as_a_batch_and_failures_are_free() -> None:
    done = {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE | {"id": "msg_1"}}}
    failed = {"custom_id": "b", "result": {"type": "errored", "error": {"type": "invalid_request"}}}
    first, second = read(done, failed)
    assert (first.event.tier, counts(first.event, ANTHROPIC)) == ("batch", ANTHROPIC)
    assert (second.event.input_tokens, "failed" in second.problems[0]) == (0, True)


def test_openrouters_cost_is_the_real_charge() -> None:
    stored = json.loads((FIXTURES / "usage-objects" / "openrouter_chat.json").read_bytes())["response"]
    (record,) = read(stored)
    assert (record.event.provider, record.event.cost_reported) == ("openrouter", "0.003347500")


def test_a_response_without_usage_is_missing_not_free() -> None:
    (record,) = read({"id": "chatcmpl-2", "model": "gpt-5.1", "choices": []})
    assert record.quality is Quality.MISSING


def test_a_broken_line_costs_no_other() -> None:
    raw = json.dumps(COMPLETION).encode()
    taken = responses.read(raw + b'\n{"usage": \n' + raw, received_at=NOW)
    assert (len(taken.records), len(taken.refused)) == (2, 1)


@pytest.mark.parametrize("junk", [b"", b"hello", b"{", b"[1"])
def test_what_is_no_response_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        responses.read(junk, received_at=NOW)


@pytest.mark.parametrize("form", [Format.OPENAI, Format.ANTHROPIC])
def test_a_providers_name_stands_for_its_responses_too(form: Format) -> None:
    assert len(read_any(json.dumps(COMPLETION).encode(), form, received_at=NOW).records) == 1
