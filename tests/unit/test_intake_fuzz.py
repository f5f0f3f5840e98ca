"""Damaged and invented payloads: they are read or refused, never anything else."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BudgetError
from core.intake.detect import Format, detect, read_any
from core.intake.record import Taken
from tests.support.mutations import SECRET, mutated, seeds, wrong_with
from tests.support.payloads import NOW
from tests.support.thorough import cases

_SEEDS = seeds()
_FORMATS = [form for form in Format if form not in (Format.GZIP, Format.PARQUET)]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=12,
)  # fmt: skip
_COUNTS = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans())


def read(raw: bytes, form: Format) -> Taken:
    """What is made of a payload; a refusal counts as nothing, as long as it gives nothing away."""
    try:
        return read_any(raw, form, received_at=NOW)
    except BudgetError as refusal:
        assert SECRET not in refusal.message
        return Taken()


@pytest.mark.parametrize("seed", range(8))
def test_damaged_captures_are_read_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    for number in range(400):
        form, raw = _SEEDS[(number + seed) % len(_SEEDS)]
        damaged = mutated(raw, dice)
        assert wrong_with(read(damaged, form)) is None, (form, number)


@pytest.mark.parametrize("form", _FORMATS)
@settings(max_examples=cases(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(form: Format, raw: bytes) -> None:
    assert wrong_with(read(raw, form)) is None


@settings(max_examples=cases(200), deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_have_a_format_or_none(raw: bytes) -> None:
    try:
        assert detect(raw) in Format
    except BudgetError as refusal:
        assert any(way in refusal.message for way in ("--format", "UTF-8", "is empty"))


_CALL = dict.fromkeys(
    ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cache_hit", "startTime"), _COUNTS
)


@settings(max_examples=cases(200), deadline=None)
@given(told=st.fixed_dictionaries({}, optional=_CALL), usage=_JSON)
def test_any_litellm_call_is_read_or_refused(told: dict[str, object], usage: object) -> None:
    call = {"litellm_call_id": "a", "custom_llm_provider": "openai", "metadata": {"usage_object": usage}}
    assert wrong_with(read(msgspec.json.encode([call | told]), Format.LITELLM)) is None


@settings(max_examples=cases(200), deadline=None)
@given(row=st.dictionaries(st.sampled_from(["object", "input_tokens", "input_cached_tokens", "output_tokens", "amount",
                                            "num_model_requests", "model", "batch", "quantity", "line_item",
                                            "uncached_input_tokens", "cache_creation", "group", "cost"]), _JSON),
       form=st.sampled_from([Format.OPENAI, Format.ANTHROPIC]))  # fmt: skip
def test_any_row_of_a_report_is_read_or_refused(row: dict[str, object], form: Format) -> None:
    bucket = {"start_time": 1793577600, "end_time": 1793664000, "starting_at": "2026-11-02T00:00:00Z",
              "ending_at": "2026-11-03T00:00:00Z", "results": [row]}  # fmt: skip
    assert wrong_with(read(msgspec.json.encode({"data": [bucket, bucket | row]}), form)) is None
