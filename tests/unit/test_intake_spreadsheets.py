"""Exports that went through a spreadsheet: other delimiters, decimal commas, retyped names."""

from __future__ import annotations

import pytest

from core.errors import Unreadable
from core.intake import openai, openai_export
from core.intake.columns import propose, rows, sample_of
from core.intake.detect import Format, detect, read_any
from core.intake.record import Record
from core.intake.tables import table_rows
from core.intake.tabular import csv_items
from core.usage import UsageEvent
from tests.support.payloads import NOW

COST = (
    "start_time,end_time,amount_value,amount_currency,line_item\n"
    '1793750400,1793836800,0.8958740000000000,usd,"gpt-5.1, input_tokens"\n'
)


def cells_of(*lines: str) -> list[dict[str, str]]:
    return [row for _, row in table_rows(lines) if not isinstance(row, str)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (("a;b", "1.234,56;12.000", "2;3"), [{"a": "1234.56", "b": "12000"}, {"a": "2", "b": "3"}]),
        (("a;b", "0,895874;12.000"), [{"a": "0.895874", "b": "12000"}]),
        (("a;b", "x;12.000"), [{"a": "x", "b": "12000"}]),
        (("a\tb", "0,5\t1.000,25"), [{"a": "0.5", "b": "1000.25"}]),
        (('a,b', '"0,5",x'), [{"a": "0.5", "b": "x"}]),
        (("a;b", "12.5;12.000"), [{"a": "12.5", "b": "12.000"}]),
        (("a,b", "12.000,1"), [{"a": "12.000", "b": "1"}]),
        (('a,b', '"1,234",0.5'), [{"a": "1,234", "b": "0.5"}]),
        (("a;b", "gpt-4,1;2,5"), [{"a": "gpt-4,1", "b": "2.5"}]),
    ],
)  # fmt: skip
def test_a_decimal_comma_is_told_from_the_numbers_of_the_table(
    written: tuple[str, ...], read: list[dict[str, str]]
) -> None:
    assert cells_of(*written) == read


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + COST.replace("\n", "\r\n"),
        "start_time;end_time;amount_value;amount_currency;line_item\n1793750400;1793836800;0,895874;usd;gpt-5.1, input_tokens\n",
        "Start Time\tEnd Time\tAmount Value\tAmount Currency\tLine Item\n1793750400\t1793836800\t0.895874\tusd\tgpt-5.1, input_tokens\n",
        COST.replace("start_time,end_time", "start_time_iso,end_time_iso").replace(
            "1793750400,1793836800", "2026-11-04T00:00:00+00:00,2026-11-05T00:00:00+00:00"),
    ],
)  # fmt: skip
def test_openais_cost_export_is_known_however_it_was_saved(text: str) -> None:
    body = text.encode()
    (line,) = read_any(body, detect(body), received_at=NOW).costs
    assert (line.billed_nanos, line.token_class, line.starts_at.day) == (895_874_000, "input_uncached", 4)


def test_utf_16_names_the_way_out() -> None:
    with pytest.raises(Unreadable, match="UTF-8"):
        detect(COST.encode("utf-16"))


def test_a_table_of_usage_with_decimal_commas_counts_what_it_says() -> None:
    lines = [
        "Zeit;model;prompt_tokens;completion_tokens;cost_usd\n",
        "2026-11-02T09:14:03Z;gpt-5.1;12.000;1.500;0,03\n",
    ]
    header, sample = sample_of(lines)
    mapping = propose([*header], sample)
    assert mapping.lacking == ("at",)
    header[0] = "at"
    lines[0] = lines[0].replace("Zeit", "at")
    (_, found), = rows(lines, propose(header, sample_of(lines)[1]))  # fmt: skip
    assert isinstance(found, Record)
    event = found.event
    assert (event.input_tokens, event.output_tokens, event.cost_reported) == (12_000, 1_500, "0.030000000")


def test_outlays_own_columns_may_be_divided_by_semicolons() -> None:
    text = "id;at;provider;model;input_tokens;team\nr-1;2026-11-02T09:14:03Z;openai;gpt-5.1;2006;search\n"
    assert detect(text.encode()) is Format.NATIVE
    (_, event), = csv_items(text.splitlines(keepends=True))  # fmt: skip
    assert isinstance(event, UsageEvent)
    assert (event.id, event.input_tokens, event.tags) == ("r-1", 2006, {"team": "search"})


@pytest.mark.parametrize(
    ("described", "read"),
    [
        ("gpt-5.1, uncached_input_tokens", ("gpt-5.1", "input_uncached", "standard")),
        ("gpt-5.1, input (uncached)", ("gpt-5.1", "input_uncached", "standard")),
        ("gpt-5.1, cached input", ("gpt-5.1", "cache_read", "standard")),
        ("gpt-5.1 batch, output", ("gpt-5.1", "output", "batch")),
        ("gpt-6-sol, cache write 12h", ("gpt-6-sol", "cache_write_1h", "standard")),
        ("gpt-6-sol, cache_write_30m_tokens", ("gpt-6-sol", "cache_write", "standard")),
    ],
)
def test_a_line_item_says_model_class_and_tier(described: str, read: tuple[str, str, str]) -> None:
    assert openai.line_item(described) == read


def test_buckets_of_one_hour_that_differ_in_a_rarer_group_stay_two() -> None:
    page = (
        b'{"data": [{"start_time": 1793750400, "end_time": 1793836800, "results": ['
        b'{"object": "organization.usage.images.result", "images": 3, "size": "1024x1024"},'
        b'{"object": "organization.usage.images.result", "images": 5, "size": "512x512"}]}]}'
    )
    assert len({bucket.event.id for bucket in openai.read(page).buckets}) == 2


def test_uncached_audio_of_a_bucket_is_not_made_larger_by_what_was_cached() -> None:
    lines = [
        "start_time,end_time,model,input_tokens,input_cached_tokens,input_audio_tokens,input_cached_audio_tokens\n",
        "1793750400,1793836800,gpt-4o-audio-preview,2000.0,1000.0,700.0,800.0\n",
    ]
    assert openai_export.read(lines).buckets[0].event.input_audio_tokens == 700
