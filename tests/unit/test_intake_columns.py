"""Plain tables: which column is proposed for what, and how rows are read by it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import UnknownName, Unreadable
from core.intake import columns
from core.intake.columns import described, propose
from core.intake.record import Record
from core.intake.tabular import Refused
from core.usage import Quality

TABLE = """Timestamp,Model Name,Prompt Tokens,Completion Tokens,Cached Tokens,Cost (USD),Squad,Colour
2026-11-02T09:14:03Z,gpt-5.1,"2,006",300,1920,$0.0033475,search,red
2026-11-02 10:00:00,claude-sonnet-4-5,500,20,0,,support,blue
""".splitlines(keepends=True)


def mapping(lines: list[str] = TABLE, *changes: str) -> columns.ColumnMapping:
    header, sample = columns.sample_of(lines)
    return columns.with_changes(columns.propose(header, sample), changes, header)


def rows(lines: list[str] = TABLE, *changes: str) -> list[Record | Refused]:
    return [found for _, found in columns.rows(lines, mapping(lines, *changes))]


def one(line: str, header: str = "time,model,input_tokens,output_tokens\n") -> Record | Refused:
    (found,) = rows([header, line])
    return found


def test_known_columns_are_found_by_their_usual_names() -> None:
    found = mapping()
    assert found.fields == {"at": "Timestamp", "model": "Model Name", "input_tokens": "Prompt Tokens",
                            "output_tokens": "Completion Tokens", "cache_read_tokens": "Cached Tokens",
                            "cost_reported": "Cost (USD)"}  # fmt: skip
    assert (found.tags, found.unused, found.lacking) == ({"team": "Squad"}, ("Colour",), ())


@pytest.mark.parametrize("column", ["inputTokens", "INPUT-TOKENS", "input tokens", "promptTokens", "input_tokns"])
def test_spellings_do_not_matter(column: str) -> None:
    assert columns.propose(["time", "model", column]).fields["input_tokens"] == column


def test_the_proposal_can_be_read_by_a_person() -> None:
    lines = columns.described(mapping())
    assert "input_tokens           ← Prompt Tokens" in lines
    assert "left out: Colour" in lines
    assert any("made from the row" in line for line in lines)


def test_rows_are_read_with_grouped_digits_money_and_a_provider_by_model() -> None:
    first, second = rows()
    assert isinstance(first, Record) and isinstance(second, Record)
    assert (first.event.input_tokens, first.event.cache_read_tokens, first.event.cost_reported) == (
        2006,
        1920,
        "0.003347500",
    )
    assert (first.event.provider, second.event.provider) == ("openai", "anthropic")
    assert (first.event.tags, first.quality) == ({"team": "search"}, Quality.EXACT)


def test_a_table_whose_input_lacks_the_cached_tokens_is_noticed_from_its_rows() -> None:
    table = ["time,model,input,output,cache_read_tokens\n", "1793620833,claude-sonnet-4-5,21,350,5000\n",
             "1793620834,claude-sonnet-4-5,8000,350,100\n"]  # fmt: skip
    assert mapping(table).excludes_cache
    found = rows(table)
    assert [record.event.input_tokens for record in found if isinstance(record, Record)] == [5021, 8100]


def test_a_correction_moves_a_column() -> None:
    changed = mapping(TABLE, "feature=Colour", "team=", "customer=Squad")
    assert changed.tags == {"feature": "Colour", "customer": "Squad"}


def test_a_correction_to_a_column_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UnknownName, match="Prompt Tokens"):
        mapping(TABLE, "input_tokens=Promt")


def test_a_correction_that_is_none_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="input_tokens=prompt_tokens"):
        mapping(TABLE, "nonsense")


def test_a_table_without_time_is_not_read_but_says_what_is_missing() -> None:
    lines = ["model,input_tokens\n", "gpt-5.1,5\n"]
    assert "missing: a column for at; name it with at=COLUMN" in columns.described(mapping(lines))
    with pytest.raises(Unreadable, match="at"):
        rows(lines)


@pytest.mark.parametrize("told", ["2026-11-02T12:00:33Z", "1793620833", "1793620833000", "2026-11-02T13:00:33+01:00"])
def test_times_come_in_several_forms(told: str) -> None:
    found = one(f"{told},gpt-5.1,5,1\n")
    assert isinstance(found, Record)
    assert found.event.at.isoformat() == "2026-11-02T12:00:33+00:00"


def test_a_time_that_could_mean_two_days_is_refused() -> None:
    found = one("02/11/2026,gpt-5.1,5,1\n")
    assert isinstance(found, Refused)
    assert "is no time" in found.reason


def test_rows_without_id_get_one_that_is_the_same_every_time_and_differs_for_equal_rows() -> None:
    lines = ["time,model,input_tokens\n", "1793620833,gpt-5.1,5\n", "1793620833,gpt-5.1,5\n"]
    first, again = rows(lines), rows(lines)
    keys = [record.source_key for record in first if isinstance(record, Record)]
    assert keys == [record.source_key for record in again if isinstance(record, Record)]
    assert len(set(keys)) == 2


def test_no_column_for_cached_tokens_makes_the_rows_partial() -> None:
    found = one("1793620833,gpt-5.1,5,1\n")
    assert isinstance(found, Record)
    assert found.quality is Quality.PARTIAL


def test_a_row_without_tokens_is_missing_not_free() -> None:
    found = one("1793620833,gpt-5.1,,\n")
    assert isinstance(found, Record)
    assert found.quality is Quality.MISSING


def test_a_row_with_too_many_cells_costs_no_other() -> None:
    found = rows(["time,model,input_tokens\n", "1793620833,gpt-5.1,5,9,9\n", "1793620833,gpt-5.1,5\n"])
    assert [type(item) for item in found] == [Refused, Record]


def test_a_column_of_prompts_is_not_taken_for_counts_by_its_name() -> None:
    header = ["time", "model", "input", "output", "prompt_tokens"]
    sample = [{"time": "x", "model": "m", "input": "What is a cache?", "output": "A store.", "prompt_tokens": "5"}]
    mapping = propose(header, sample)
    assert mapping.fields["input_tokens"] == "prompt_tokens"
    assert "output_tokens" not in mapping.fields
    assert mapping.unused == ("input", "output")


def test_a_table_without_tokens_says_so_before_it_is_imported() -> None:
    assert any("a column with tokens" in line for line in described(propose(["time", "model", "cost"])))


def test_a_word_in_the_place_of_a_count_is_said_but_not_repeated() -> None:
    lines = ["at,model,input_tokens,output_tokens\n", "2026-11-02,gpt-5.1,five,6\n", "2026-11-02,gpt-5.1,5,6\n"]
    first, _ = rows(lines)
    assert isinstance(first, Record)
    assert (first.quality, first.problems) == (
        Quality.REPAIRED,
        ("the input count is not a number of tokens; left out",),
    )


@pytest.mark.parametrize(
    "day", ["02.11.2026 09:14", "2.11.2026, 9:14", "2026/11/02 09:14:00", "2026/11/2 9:14", "2026-11-02 09:14:00 UTC"]
)
def test_a_day_that_can_be_read_in_one_way_only_is_read(day: str) -> None:
    lines = ["at;model;input_tokens;output_tokens\n", f"{day};gpt-5.1;5;6\n"]
    (record,) = rows(lines)
    assert isinstance(record, Record)
    assert record.event.at == datetime(2026, 11, 2, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize("day", ["11/02/2026 9:14 AM", "31.02.2026", "02-11-26", "45598.4"])
def test_a_day_that_can_be_read_in_two_ways_is_refused_with_the_way_to_write_it(day: str) -> None:
    lines = ["at;model;input_tokens;output_tokens\n", f"{day};gpt-5.1;5;6\n"]
    (refused,) = rows(lines)
    assert isinstance(refused, Refused)
    assert "write it as 2026-11-02T09:14:03Z" in refused.reason


def test_a_table_that_lacks_a_column_names_those_that_it_has() -> None:
    lines = ["when,model,prompt_tokens\n", "2026-11-02,gpt-5.1,5\n"]
    with pytest.raises(Unreadable, match=r"--column at=COLUMN\. Its columns are: model, prompt_tokens, when"):
        rows(lines)
