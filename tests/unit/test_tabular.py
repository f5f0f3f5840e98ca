"""Tables of usage: clumsy rows are refused one by one, at the line they begin on, and never cost a good one."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unreadable
from core.intake.tabular import Refused, csv_items, event_of, json_items
from core.usage import UsageEvent

HEADER = "id,at,provider,model,input_tokens,team"
GOOD = "{},2026-11-24T12:00:00Z,openai,gpt-4.1,1000,web"
ROW = {"id": "a", "at": "2026-11-24T12:00:00Z", "provider": "openai", "model": "gpt-4.1"}


def table(*rows: str, header: str = HEADER) -> list[tuple[int, UsageEvent | Refused]]:
    return list(csv_items(io.StringIO("\n".join((header, *rows)) + "\n", newline="")))


def refusals(items: list[tuple[int, UsageEvent | Refused]]) -> list[tuple[int, str]]:
    return [(line, item.reason) for line, item in items if isinstance(item, Refused)]


def ids(items: list[tuple[int, UsageEvent | Refused]]) -> list[str]:
    return [item.id for _, item in items if isinstance(item, UsageEvent)]


def test_a_row_is_an_event_with_its_tags() -> None:
    ((line, event),) = table(GOOD.format("e1"))

    assert line == 2
    assert isinstance(event, UsageEvent)
    assert (event.id, event.input_tokens, event.tags) == ("e1", 1000, {"team": "web"})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("short,row", "2 cells where the header has 6"),
        (GOOD.format("x") + ",more", "7 cells where the header has 6"),
        (GOOD.format("x").replace("1000", "many"), "input_tokens: expected int, got str"),
        (GOOD.format("x").replace("1000", "-5"), "input_tokens: expected int >= 0"),
        (GOOD.format("x").replace("1000", '"1,000"'), "input_tokens: expected int, got str"),
        (GOOD.format("x").replace("2026-11-24T12:00:00Z", "24.11.2026"), "at: invalid RFC3339 encoded datetime"),
        (GOOD.format(""), "missing id"),
        (GOOD.format('"x"y'), "not CSV: ',' expected after '\"'"),
        (GOOD.format("x\ufffd"), "it holds bytes that are not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_are_kept(bad: str, reason: str) -> None:
    items = table(GOOD.format("e1"), bad, GOOD.format("e2"))

    assert ids(items) == ["e1", "e2"]
    assert refusals(items) == [(3, reason)]


@pytest.mark.parametrize("rows_behind", [0, 3, 200])
def test_a_quote_that_is_never_closed_costs_its_own_line_only(rows_behind: int) -> None:
    items = table(GOOD.format("e1"), GOOD.format('"oops'), *(GOOD.format(f"b{n}") for n in range(rows_behind)))

    assert ids(items) == ["e1", *(f"b{n}" for n in range(rows_behind))]
    assert [line for line, _ in refusals(items)] == [3]


def test_a_stray_quote_among_quoted_rows_costs_its_own_line_only() -> None:
    quoted = '"{}","2026-11-24T12:00:00Z","openai","gpt-4.1","5","web"'
    broken = quoted.format("x").replace('"web"', '"web')

    items = table(quoted.format("e1"), broken, quoted.format("e2"), quoted.format("e3"))

    assert ids(items) == ["e1", "e2", "e3"]
    assert [line for line, _ in refusals(items)] == [3]


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    items = table(GOOD.format("e1").replace("web", '"we\nb"'), "bad", GOOD.format("e2"))

    assert ids(items) == ["e1", "e2"]
    assert [line for line, _ in refusals(items)] == [4]


@given(st.lists(st.sampled_from(["good", "short,row", 'x"y', '"open', "", '"a","b"c', ",,,,,", '"'])))
def test_no_good_row_is_lost_whatever_stands_beside_it(kinds: list[str]) -> None:
    rows = [GOOD.format(f"e{place}") if kind == "good" else kind for place, kind in enumerate(kinds)]

    assert set(ids(table(*rows))) >= {
        f"e{place}" for place, kind in enumerate(kinds) if kind == "good" and not _quoted_away(kinds, place)
    }


def _quoted_away(kinds: list[str], place: int) -> bool:
    """Two stray quotes can enclose rows between them as one legitimate cell; that cannot be told from intent."""
    return any(kind in ('"open', '"') for kind in kinds[:place]) and any('"' in kind for kind in kinds[place:])


def test_windows_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    text = "\ufeff" + "\r\n".join((HEADER, GOOD.format("e1"), "", GOOD.format("e2"))) + "\r\n"

    assert ids(list(csv_items(io.StringIO(text, newline="")))) == ["e1", "e2"]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "no column id, at, provider, model"),
        ("ID,at,provider,model", "no column id"),
        ("id at provider model", "no column id"),
        ("timestamp,cost", "no column id"),
        ("id,at,provider,model,id", "more than one column id"),
        ("id,at,provider,model,input_tokens,input_tokens", "more than one column input_tokens"),
    ],
)
def test_a_table_with_the_wrong_header_is_refused_as_a_whole(header: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        table(header=header)


def test_columns_that_are_not_known_are_left_out() -> None:
    ((_, event),) = table("a,2026-11-24T12:00:00Z,openai,gpt-4.1,secret", header="id,at,provider,model,prompt")

    assert "secret" not in repr(event)


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        ({"input_tokens": "1000.0"}, {"input_tokens": 1000}),
        ({"input_tokens": 1000.0}, {"input_tokens": 1000}),
        ({"input_tokens": float("nan")}, {"input_tokens": 0}),
        ({"input_tokens": Decimal(5)}, {"input_tokens": 5}),
        ({"input_tokens": None}, {"input_tokens": 0}),
        ({"id": 42}, {"id": "42"}),
        ({"id": UUID(int=1)}, {"id": "00000000-0000-0000-0000-000000000001"}),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}),
        ({"model": " gpt-4.1 "}, {"model": "gpt-4.1"}),
        ({"tags": [("plan", "gold")]}, {"tags": {"plan": "gold"}}),
        ({"tags": {"plan": "gold", "none": None}}, {"tags": {"plan": "gold"}}),
        ({"tags": "plan=gold"}, {"tags": {}}),
        ({"tags.plan": "gold", "team": 5}, {"tags": {"plan": "gold", "team": "5"}}),
    ],
)
def test_odd_cells_are_read_as_they_are_meant(cells: dict[str, Any], fields: dict[str, Any]) -> None:
    event = event_of(ROW | cells, 1)

    assert isinstance(event, UsageEvent)
    assert {name: getattr(event, name) for name in fields} == fields


@pytest.mark.parametrize(
    "cells",
    [
        {"input_tokens": 1.5},
        {"input_tokens": True},
        {"input_tokens": b"5"},
        {"id": b"x"},
        {"model": ["a"]},
        {"at": 10**30},
        {"input_tokens": 2**70},
    ],
)
def test_cells_of_a_type_that_makes_no_sense_are_refused(cells: dict[str, Any]) -> None:
    assert isinstance(event_of(ROW | cells, 1), Refused)


@given(st.dictionaries(st.sampled_from([*ROW, "input_tokens", "team", "tags", "cost_reported", "tags.x"]), st.one_of(
    st.text(max_size=12), st.integers(), st.floats(), st.binary(max_size=5), st.dates(), st.none(),
    st.lists(st.text(max_size=3), max_size=3),
)))  # fmt: skip
def test_any_cells_are_an_event_or_a_refusal(cells: dict[str, Any]) -> None:
    assert isinstance(event_of(ROW | cells, 1), UsageEvent | Refused)


def test_json_lines_count_blank_lines_and_refuse_one_by_one() -> None:
    good = b'{"id":"a","at":"2026-11-24T12:00:00Z","provider":"openai","model":"m"}\n'

    items = list(json_items([good, b"\n", b"{broken\n", b"[1]\n", good]))

    assert [line for line, item in items if isinstance(item, UsageEvent)] == [1, 5]
    assert [line for line, _ in refusals(items)] == [3, 4]


def test_what_is_written_by_a_csv_writer_is_read_back() -> None:
    written = io.StringIO(newline="")
    rows = [['q"uote', "2026-11-24T12:00:00Z", "a,b", "line\nbreak", "7", "ünï"]]
    csv.writer(written).writerows([HEADER.split(","), *rows])
    written.seek(0)

    ((_, event),) = csv_items(written)

    assert isinstance(event, UsageEvent)
    assert (event.id, event.provider, event.model, event.tags["team"]) == ('q"uote', "a,b", "line\nbreak", "ünï")


def test_a_mark_of_the_byte_order_does_not_cost_the_first_line() -> None:
    lines = [b'\xef\xbb\xbf{"id": "a", "at": "2026-11-02T09:14:03Z", "provider": "openai", "model": "gpt-5.1"}\n']
    ((_, event),) = json_items(lines)
    assert isinstance(event, UsageEvent)
