"""`outlay reconcile`: files in, a comparison out, nothing stored; and what is said of files that are no invoice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.app import app

FIXTURES = Path(__file__).parents[1] / "fixtures" / "intake"
OPENAI = FIXTURES / "openai"
EVENT = {
    "id": "r-1", "at": "2026-10-05T09:14:03Z", "provider": "openai", "model": "gpt-4.1", "input_tokens": 1_000_000,
}  # fmt: skip


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["reconcile", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    path = tmp_path / "usage.jsonl"
    path.write_text(json.dumps(EVENT) + "\n")
    return path


def reconciled(tmp_path: Path, usage: Path, bill: str | bytes, *, provider: str = "openai") -> tuple[int, str, str]:
    path = tmp_path / "bill.csv"
    path.write_bytes(bill if isinstance(bill, bytes) else bill.encode())
    return run("--usage", usage, "--invoice", path, "--provider", provider, "--month", "2026-10", "--json")


def test_openais_usage_and_costs_of_one_day_agree_to_the_nano():
    code, out, _ = run(
        "--usage", OPENAI / "usage_completions.page1.json", OPENAI / "usage_web_search_calls.json",
        "--invoice", OPENAI / "costs.by_line_item.json", "--provider", "openai", "--month", "2026-11", "--json",
    )  # fmt: skip
    found = json.loads(out)
    assert code == 0
    assert (found["estimate_usd"], found["invoice_usd"]) == ("14.887500000", "14.887500000")
    assert (found["gap_usd"], found["causes"], found["unexplained_usd"]) == ("0.000000000", [], "0.000000000")


def test_a_person_reads_a_table_and_how_to_get_the_rest(tmp_path: Path, usage: Path):
    bill = tmp_path / "bill.csv"
    bill.write_text("date,model,token_type,amount\n2026-10-05,gpt-4.1,input,2.00\n")
    code, out, _ = run("--usage", usage, "--invoice", bill, "--provider", "openai", "--month", "2026-10")
    assert code == 0
    assert "October 2026" in out and "estimate" in out and "--json" in out


def test_a_packed_bill_is_read_too(tmp_path: Path, usage: Path):
    packed = gzip.compress(b"date,model,token_type,amount\n2026-10-05,gpt-4.1,input,2.00\n")
    code, out, _ = reconciled(tmp_path, usage, packed)
    assert (code, json.loads(out)["gap_usd"]) == (0, "0.000000000")


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        ("", "is empty"),
        ("date,model,amount\n2026-09-05,gpt-4.1,2.00\n", "is for 2026-09, not for 2026-10"),
        ("date,provider,amount\n2026-10-05,anthropic,2.00\n", "is from anthropic, not from openai"),
        ("date,currency,amount\n2026-10-05,EUR,2.00\n2026-10-06,USD,2.00\n", "mixes currencies"),
        ("date,currency,amount\n2026-10-05,EUR,2.00\n", "is in EUR"),
        ("date,model,amount\n2026-10-05,gpt-4.1,=1+1\n2026-10-05,gpt-4.1,2.00\n", "Line 2 of bill.csv cannot be read: “=1+1”"),
        ('date,model,amount\n2026-10-05,"gpt-4.1,2.00\n2026-10-05,gpt-4.1,2.00\n', "cannot be read"),
        ("date,model,amount\n2026-10-05,gpt-4.1,2.00\nTotal,,3.00\n", "1.000000000 is missing"),
        ("date,model,amount\n2026-10-05,gpt-4.1,2.00,7,8\n", "5 cells where the header has 3"),
        ("id,model,tokens_in\n1,gpt-4.1,2\n", "The table is no bill"),
        (b"PK\x03\x04workbook", "Save the sheet as CSV"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"\x1f\x8b\x08broken", "damaged"),
        (b"date,model,amount\n2026-10-05,gpt-\xff,2.00\n", "not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_invoice_of_that_month_is_refused_with_the_reason(
    tmp_path: Path, usage: Path, bill: str | bytes, said: str
):
    code, out, err = reconciled(tmp_path, usage, bill)
    assert (code, out) == (2, "")
    assert said in err


def test_usage_of_another_month_is_refused(tmp_path: Path):
    path = tmp_path / "usage.jsonl"
    path.write_text(json.dumps({**EVENT, "at": "2026-08-05T00:00:00Z"}) + "\n")
    code, _, err = reconciled(tmp_path, path, "date,model,amount\n2026-10-05,gpt-4.1,2.00\n")
    assert code == 2
    assert "holds nothing of openai in 2026-10" in err
