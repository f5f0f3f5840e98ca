"""Attributes of protobuf spans: few are decoded, the usual ones once for all, and never otherwise than protobuf would."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from core.intake import otlp_calls, otlp_pairs
from core.intake.counts import Counts, settle, settle_plain
from core.intake.otlp_attributes import CONTAINERS, KNOWN, plan_of
from core.intake.otlp_calls import Source, record_of
from core.intake.otlp_containers import NOTHING_OPENED
from core.intake.otlp_dialects import DIALECTS
from core.intake.otlp_pairs import known_pairs
from core.intake.otlp_schema import MAX_VALUE
from core.intake.otlp_span import Span
from core.usage import MAX_TOKENS
from tests.support.payloads import NOW
from tests.support.thorough import cases

KEYS = st.sampled_from([*sorted(KNOWN), "gen_ai.prompt", "x", "k" * 200])
VALUES = st.one_of(
    st.text(max_size=200).map(lambda text: AnyValue(string_value=text)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: AnyValue(int_value=number)),
    st.floats().map(lambda number: AnyValue(double_value=number)),
    st.booleans().map(lambda truth: AnyValue(bool_value=truth)),
    st.binary(max_size=20).map(lambda raw: AnyValue(bytes_value=raw)),
    st.just(AnyValue()),
)


def expected(key: str, value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if key in CONTAINERS:
        return value.string_value.encode() if kind == "string_value" else None
    if kind in (None, "bytes_value"):
        return None
    told = getattr(value, kind)
    return told.encode()[:MAX_VALUE].decode("utf-8", "replace") if kind == "string_value" else told


@settings(max_examples=cases(150))
@given(told=st.lists(st.tuples(KEYS, VALUES, st.booleans()), max_size=8))
def test_pairs_are_what_protobuf_makes_of_them(told: list[tuple[str, AnyValue, bool]]) -> None:
    encoded, wanted = [], {}
    for key, value, is_reversed in told:
        raw = [KeyValue(key=key).SerializeToString(), KeyValue(value=value).SerializeToString()]
        encoded.append(b"".join(reversed(raw) if is_reversed else raw))
        if key in KNOWN:
            wanted[key] = expected(key, value)

    for _ in range(2):
        assert repr(known_pairs(encoded)) == repr(wanted)


def test_a_key_that_comes_after_an_unknown_one_counts_as_in_protobuf() -> None:
    raw = (
        KeyValue(key="x", value=AnyValue(string_value="y")).SerializeToString()
        + KeyValue(key="team").SerializeToString()
    )

    assert KeyValue.FromString(raw).key == "team"
    assert known_pairs([raw]) == {"team": "y"}


def test_a_known_pair_that_is_broken_is_refused() -> None:
    with pytest.raises(DecodeError):
        known_pairs([KeyValue(key="team", value=AnyValue(string_value="y")).SerializeToString()[:-1]])


def test_only_short_pairs_that_come_again_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[bytes, tuple[str, Any]] = {}
    monkeypatch.setattr(otlp_pairs, "_remembered", remembered)
    monkeypatch.setattr(otlp_pairs, "_MAX_REMEMBERED", 3)
    pairs = [
        ("gen_ai.prompt", "secret"),
        ("output.value", "secret"),
        ("gen_ai.response.id", "msg_1"),
        ("team", "t" * 300),
    ]
    pairs += [("team", f"team-{number}") for number in range(4)]

    known_pairs(KeyValue(key=key, value=AnyValue(string_value=text)).SerializeToString() for key, text in pairs)

    assert set(remembered.values()) == {("team", "team-3")}


COUNTS = st.one_of(st.integers(-2, 12), st.sampled_from([MAX_TOKENS, MAX_TOKENS + 1, None, "7", 2.0, True]))
ROLES = ("input", "output", "cache_read", "reasoning", "cache_write", "total")


@settings(max_examples=cases(300))
@given(told=st.dictionaries(st.sampled_from(ROLES), COUNTS), dialect=st.sampled_from(DIALECTS))
def test_counts_that_fit_together_are_settled_as_by_the_long_way(told: dict[str, Any], dialect: Any) -> None:
    if (plain := settle_plain(told)) is not None:
        assert plain == settle(Counts(**told), provider="openai")

    plan = plan_of(("gen_ai.operation.name", "gen_ai.usage.input_tokens"))
    span = Span(
        b"t" * 16, b"s" * 8, b"", "chat", 0, 0, False, told, {"provider": "anthropic", "served": "m"}, [], NOTHING_OPENED, plan
    )  # fmt: skip
    source = Source(dialect, "emitter", [], {}, NOW)
    with pytest.MonkeyPatch.context() as patched:
        short = record_of(span, source)
        patched.setattr(otlp_calls, "settle_plain", lambda told: None)
        assert record_of(span, source) == short
