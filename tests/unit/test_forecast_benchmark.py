"""The benchmark reads tasks and writes forecasts in the published formats."""

import csv
import json
from datetime import date, timedelta

import pytest

from benchmarks.forecast import main

PRICES = {"large": [2.0, 0.5, 8.0], "small": [0.4, 0.1, 1.6]}


def a_task(asof_day: int = 10, plans: list[dict[str, str]] | None = None) -> dict[str, object]:
    """November 2025 of 1 000 requests a day, each 1 000 tokens in (half of them cached) and 100 out."""
    asof = date(2025, 11, asof_day)
    days = [asof - timedelta(days=back) for back in range(90)]
    cost = (500_000 * 2.0 + 500_000 * 0.5 + 100_000 * 8.0) / 1e6
    return {
        "series_id": "made_up",
        "window_start": "2025-11-01",
        "window_days": 30,
        "asof_day": asof_day,
        "asof_date": asof.isoformat(),
        "history": [[day.isoformat(), "large", 1000, 1_000_000, 500_000, 100_000, cost] for day in sorted(days)],
        "plans": plans or [],
        "prices": PRICES,
    }


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def forecast(*tasks: dict[str, object]) -> tuple[list[dict[str, str]], dict[str, object]]:
        source, target = tmp_path / "tasks.jsonl", tmp_path / "forecasts.csv"
        source.write_text("".join(json.dumps(task) + "\n" for task in tasks))
        monkeypatch.setattr("sys.argv", ["forecast", "--tasks", str(source), "--out", str(target)])
        assert main() == 0
        figures = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        with target.open(newline="") as lines:
            return list(csv.DictReader(lines)), figures

    return forecast


def test_every_task_becomes_a_row_with_its_keys(run):
    rows, figures = run(a_task(10), a_task(20))

    assert [(row["series_id"], row["window_start"], row["asof_day"]) for row in rows] == [
        ("made_up", "2025-11-01", "10"),
        ("made_up", "2025-11-01", "20"),
    ]
    assert figures["forecasts"] == 2


def test_the_numbers_are_dollars_and_in_order(run):
    ((row,), _) = run(a_task())

    low, middle, high = (float(row[name]) for name in ("p10", "p50", "p90"))
    assert 10 * 2.05 < low < middle < high
    assert middle == pytest.approx(30 * 2.05, rel=0.001)


def test_a_planned_switch_in_a_task_is_priced_in(run):
    plan = {"effective_date": "2025-11-21", "from_model": "large", "to_model": "small"}

    ((row,), _) = run(a_task(plans=[plan]))

    assert float(row["p50"]) == pytest.approx(20 * 2.05 + 10 * 0.41, rel=0.001)
