"""Usage objects of responses: every vendor counts differently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.intake.counts import settle
from core.intake.usage_objects import counts_of, price_modifiers
from core.usage import Quality
from tests.support.payloads import FIXTURES

_EXPECTED = {"input_tokens": "input", "cache_read_tokens": "cache_read", "cache_write_tokens": "cache_write",
             "cache_write_1h_tokens": "cache_write_1h", "output_tokens": "output",
             "output_reasoning_tokens": "reasoning", "web_searches": "web_searches"}  # fmt: skip


@pytest.mark.parametrize("path", sorted((FIXTURES / "usage-objects").glob("*.json")), ids=lambda path: path.stem)
def test_stored_responses_count_as_documented(path: Any) -> None:
    stored = json.loads(path.read_bytes())
    response = stored["response"]
    settled = settle(counts_of(response.get("usage", response.get("usageMetadata"))), provider=stored["provider_id"])
    expected = {mine: stored["expected_normalised"][name] for name, mine in _EXPECTED.items()
                if name in stored["expected_normalised"]}  # fmt: skip
    assert {name: getattr(settled, name) for name in expected} == expected
    assert settled.quality is Quality.EXACT


def test_xai_reasoning_outside_of_completion_tokens_is_added() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 180,
             "completion_tokens_details": {"reasoning_tokens": 30}}  # fmt: skip
    assert settle(counts_of(usage), provider="x-ai").output == 80


def test_gemini_in_python_spelling_is_read_too() -> None:
    usage = {"prompt_token_count": 1000, "candidates_token_count": 200, "thoughts_token_count": 300}
    assert settle(counts_of(usage), provider="google").output == 500


def test_work_that_is_billed_but_not_counted_is_said() -> None:
    notes = price_modifiers({"inference_geo": "us", "iterations": [{"type": "compaction"}]})
    assert ["10 %" in notes[0], "compaction" in notes[1]] == [True, True]


@pytest.mark.parametrize("strange", [{}, {"input_tokens": None}, {"prompt_tokens": "many"}, {"inputTokens": []}])
def test_strange_objects_tell_nothing(strange: dict[str, Any]) -> None:
    assert counts_of(strange).input is None
