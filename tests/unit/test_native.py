"""Outlay's own format: one bad item never costs a good one, and every refusal names its place and its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BudgetError, TooLarge, Unreadable
from core.intake.native import MAX_EVENTS, read
from tests.support.books import a_payload
from tests.support.thorough import cases


def lines(*items: Any, end: str = "\n") -> bytes:
    return end.join(item if isinstance(item, str) else json.dumps(item) for item in items).encode()


def test_an_array_and_lines_hold_the_same_events() -> None:
    items = [a_payload(id=str(number)) for number in range(3)]

    assert read(json.dumps(items).encode()).events == read(lines(*items)).events


def test_broken_json_on_line_seven_costs_line_seven() -> None:
    items: list[Any] = [a_payload() for _ in range(10)]
    items[6] = '{"id": "x", "at": '

    intake = read(lines(*items))

    assert [index for index, _ in intake.events] == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    ((index, reason),) = intake.rejected
    assert index == 6
    assert reason.startswith("not JSON")


def test_a_single_object_may_be_spread_over_lines() -> None:
    assert len(read(json.dumps(a_payload(), indent=2).encode()).events) == 1


def test_a_single_object_that_is_no_event_is_refused_once_however_many_lines_it_has() -> None:
    intake = read(json.dumps({"hello": {"a": 1}}, indent=2).encode())

    assert intake.rejected == [(0, "missing id")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", " \n\t\n"])
def test_line_ends_and_blank_lines_make_no_difference(end: str) -> None:
    assert len(read(lines(a_payload(), a_payload(), end=end)).events) == 2


def test_a_byte_order_mark_is_passed_over() -> None:
    assert len(read(b"\xef\xbb\xbf" + json.dumps([a_payload()]).encode()).events) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"hello",
        b"null",
        b"42",
        b'"text"',
        b"[",
        b"[{}",
        b"\xff\xfe[\x00]\x00",
        b"a,b\n1,2",
        b"<xml/>",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_as_a_whole_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unreadable, match="not JSON"):
        read(body)


def test_an_empty_array_is_a_batch_of_nothing() -> None:
    assert read(b"[]").events == []


@pytest.mark.parametrize("body", [b'{"a":' * 50_000, b"[" + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"]"])
def test_deep_nesting_is_an_answer_and_no_crash(body: bytes) -> None:
    try:
        intake = read(body)
    except Unreadable:
        return
    assert intake.events == []
    assert len(intake.rejected) == 1


@pytest.mark.parametrize("joined", [lambda items: json.dumps(items).encode(), lambda items: lines(*items)])
def test_more_items_than_one_request_takes_are_refused(joined: Any) -> None:
    with pytest.raises(TooLarge, match="50,000"):
        read(joined([{}] * (MAX_EVENTS + 1)))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": ...}, "missing id"),
        ({"id": ""}, "id: expected str of length >= 1"),
        ({"id": "x" * 201}, "id: expected str of length <= 200"),
        ({"id": 7}, "id: expected str, got int"),
        ({"at": ...}, "missing at"),
        ({"at": "yesterday"}, "at: invalid RFC3339 encoded datetime"),
        ({"model": None}, "model: expected str, got null"),
        ({"input_tokens": -1}, "input_tokens: expected int >= 0"),
        ({"input_tokens": 1.5}, "input_tokens: expected int, got float"),
        ({"input_tokens": "1000"}, "input_tokens: expected int, got str"),
        ({"input_tokens": 10**12 + 1}, "input_tokens: expected int <= 1000000000000"),
        ({"input_tokens": True}, "input_tokens: expected int, got bool"),
        ({"requests": 0}, "requests: expected int >= 1"),
        ({"tags": ["a"]}, "tags: expected object, got array"),
        ({"tags": {"team": 5}}, "tags[...]: expected str, got int"),
        ({"tags": {"team": "x" * 201}}, "tags[...]: expected str of length <= 200"),
        ({"tags": {str(n): "x" for n in range(17)}}, "tags: expected object of length <= 16"),
        ({"workload": "x" * 81}, "workload: expected str of length <= 80"),
    ],
)
def test_a_refusal_names_the_field_and_what_is_wrong(fields: dict[str, Any], reason: str) -> None:
    assert read(json.dumps([a_payload(**fields)]).encode()).rejected == [(0, reason)]


@settings(max_examples=cases(200))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(str.encode),
        st.binary(max_size=200).map(lambda b: b"[" + b + b"]"),
    )
)
def test_any_bytes_are_events_refusals_or_unreadable(body: bytes) -> None:
    try:
        intake = read(body)
    except BudgetError as refused:
        assert len(refused.message) < 300
    else:
        assert all(isinstance(reason, str) and reason for _, reason in intake.rejected)


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=10)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(st.lists(st.one_of(JSON_VALUES, st.just("good")), max_size=8))
def test_good_items_survive_whatever_stands_beside_them(items: list[Any]) -> None:
    sent = [a_payload(id=str(place)) if item == "good" else item for place, item in enumerate(items)]

    intake = read(json.dumps(sent).encode())

    assert [index for index, _ in intake.events] == [place for place, item in enumerate(items) if item == "good"]
    assert len(intake.events) + len(intake.rejected) == len(items)
