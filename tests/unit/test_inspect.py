"""`outlay inspect`: what a developer sees of a payload."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli import inspect
from tests.support.payloads import FIXTURES, USAGE, span, spans

BATCH = FIXTURES / "litellm" / "generic_api_batch.as-sent.json"


@pytest.fixture
def run() -> Any:
    app = typer.Typer()
    inspect.add_to(app)
    app.callback()(lambda: None)

    def called(*arguments: object, sent: bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["inspect", *map(str, arguments)], input=sent)

    return called


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_event_is_one_json_object_with_price_quality_and_problems(run: Any) -> None:
    found = objects(run(BATCH, "--json"))
    chat, stream, claude = found[:3]
    assert len(found) == 8
    assert (chat["input_tokens"], chat["cache_read_tokens"], chat["cost_usd"]) == (2006, 1920, "0.003347500")
    assert (chat["quality"], chat["problems"], chat["at"]) == ("exact", [], "2026-11-23T15:21:41.423582Z")
    assert (stream["quality"], claude["cost_usd"], claude["cost_reported"]) == ("guessed", "0.031763000", "0.031763000")


def test_an_unpriced_model_costs_null_and_a_cache_hit_nothing(run: Any) -> None:
    found = objects(run(BATCH))
    assert (found[4]["cost_usd"], found[7]["cost_usd"]) == (None, "0.000000000")


def test_unknown_tokens_cost_null_rather_than_nothing(run: Any) -> None:
    missing = objects(run(FIXTURES / "otlp" / "otel-genai-openai.traces.pb", "--json"))[1]
    assert (missing["quality"], missing["cost_usd"]) == ("missing", None)


def test_packed_payloads_are_unpacked(run: Any, tmp_path: Path) -> None:
    assert len(objects(run(FIXTURES / "otlp" / "gzip-otel-genai-openai.traces.pb.gz"))) == 6
    packed = tmp_path / "batch.json.gz"
    packed.write_bytes(gzip.compress(BATCH.read_bytes()))
    assert objects(run(packed)) == objects(run(BATCH))


def test_a_cut_off_packed_file_is_refused(run: Any, tmp_path: Path) -> None:
    packed = tmp_path / "batch.json.gz"
    packed.write_bytes(gzip.compress(BATCH.read_bytes())[:200])
    result = run(packed)
    assert (result.exit_code, "cut off" in result.stderr) == (1, True)


def test_duplicates_show_as_one_call_and_say_so(run: Any) -> None:
    result = run(FIXTURES / "otlp" / "traceloop-anthropic.traces.pb", "--json")
    first = objects(result)[0]
    assert (len(objects(result)), len(first["merged"])) == (2, 1)
    assert "2 reports were of calls that others tell too; each call counts once" in result.stderr


def test_the_format_can_be_named(run: Any) -> None:
    assert len(objects(run(BATCH, "--format", "litellm"))) == 8
    result = run(BATCH, "--format", "excel")
    assert (result.exit_code, "litellm" in result.stderr) == (1, True)


def test_buckets_and_cost_lines_are_told_apart_from_events(run: Any) -> None:
    (bucket,) = objects(run(FIXTURES / "openai" / "usage_completions.page2.json"))
    line = objects(run(FIXTURES / "anthropic" / "analytics.cost.json"))[0]
    assert (bucket["record"], bucket["requests"], bucket["ends_at"]) == ("bucket", 50, "2026-11-05T00:00:00Z")
    assert (line["record"], line["cost_usd"], line["list_amount"]) == ("cost_line", "4.725000000", "5.250000000")


@pytest.mark.parametrize(
    ("name", "dollars"),
    [("openai/costs.by_line_item.json", 14.8875), ("focus/focus-1.2-llm-bill.csv", 17.704), ("others/aws_cur2_bedrock.csv", 10.725)],
)  # fmt: skip
def test_bills_sum_to_what_they_ask(run: Any, name: str, dollars: float) -> None:
    assert sum(float(line["billed_amount"]) for line in objects(run(FIXTURES / name))) == pytest.approx(dollars)


def test_usage_at_list_price_agrees_with_the_costs_of_the_same_day(run: Any) -> None:
    buckets = objects(run(FIXTURES / "openai" / "usage_completions.page1.json"))
    searches = objects(run(FIXTURES / "openai" / "usage_web_search_calls.json"))
    assert sum(float(item["cost_usd"]) for item in buckets + searches) == pytest.approx(14.8875)


def test_a_payload_may_come_from_standard_input(run: Any) -> None:
    assert len(objects(run("-", sent=BATCH.read_bytes()))) == 8


def test_a_plain_table_says_how_it_was_read(run: Any, tmp_path: Path) -> None:
    table = tmp_path / "usage.csv"
    table.write_text("time,model,tokens in\n2026-11-02T09:14:03Z,gpt-5.1,5\n")
    result = run(table, "--column", "input_tokens=tokens in")
    assert objects(result)[0]["input_tokens"] == 5
    assert "input_tokens" in result.stderr


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b"[1]"])
def test_what_is_no_payload_is_refused_in_one_sentence(run: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    result = run(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr and str(path) in result.stderr


def test_a_file_that_is_not_there_is_said(run: Any, tmp_path: Path) -> None:
    result = run(tmp_path / "nothing")
    assert (result.exit_code, "cannot be read" in result.stderr) == (1, True)


def test_on_a_terminal_it_is_a_table(run: Any) -> None:
    shown = inspect.table(objects(run(BATCH)) + objects(run(FIXTURES / "focus" / "focus-1.4-llm-bill.csv")))
    assert shown.row_count == 22
    assert [column.header for column in shown.columns][-1] == "problems"


def test_a_model_without_a_price_comes_with_the_command_that_sets_one(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    told = {"gen_ai__provider__name": "azure.ai.openai", "gen_ai__request__model": "our-deployment"}
    path.write_bytes(spans(span(**USAGE, **told)))
    result = run(path, "--json")
    assert "no list price is known for our-deployment of azure; set one: /budget price our-deployment" in result.stderr


def test_a_payload_without_calls_says_so(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_bytes(spans(span(gen_ai__operation__name=None, http__status_code=200)))
    assert "There is no model call in it." in run(path).stderr


def test_half_a_payload_says_that_it_ends_in_the_middle(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_bytes(spans(span(**USAGE))[:300])
    assert "it ends in the middle" in run(path).stderr
