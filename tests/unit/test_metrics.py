"""Metrics: the dashboard asks only for what exists, and labels cannot grow without bound."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import bot.service  # noqa: F401 - registers every metric
from bot.log_lines import CountEvents
from bot.web import metrics

DASHBOARD = json.loads(Path("docs/grafana/outlay.json").read_text(encoding="utf-8"))
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def known_names() -> set[str]:
    found = {metric.name + suffix for metric in REGISTRY.collect() for suffix in SUFFIXES.get(metric.type, ("",))}
    return found | {"process_resident_memory_bytes", "process_cpu_seconds_total"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_of_the_dashboard_exists(expression: str) -> None:
    asked = set(re.findall(r"\b(?:outlay|process)_[a-z_]+", expression))

    assert asked
    assert asked <= known_names()


def test_every_label_of_the_dashboard_is_one_of_its_metric() -> None:
    labels = {
        "decision",
        "event",
        "job",
        "kind",
        "scope",
        "level",
        "outcome",
        "pool",
        "reason",
        "source",
        "state",
        "call",
        "le",
    }

    used = {
        label
        for expression in EXPRESSIONS
        for group in re.findall(r"by \(([a-z_, ]+)\)", expression)
        for label in group.split(", ")
    }

    assert used <= labels


def test_panels_do_not_overlap() -> None:
    taken = [
        (panel["gridPos"]["x"] + across, panel["gridPos"]["y"] + down)
        for panel in DASHBOARD["panels"]
        for across in range(panel["gridPos"]["w"])
        for down in range(panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))


def test_a_thousand_sources_are_fifty_labels_and_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_sources", set())

    labels = {metrics.bounded(f"source-{number}") for number in range(1_000)}

    assert len(labels) == 51
    assert metrics.bounded("source-0") == "source-0"


def test_log_events_are_counted_by_name_and_free_text_is_not() -> None:
    counter = CountEvents()

    for number, text in enumerate(
        ("notice_delivered", "something happened to " + "x" * 50, *(f"name_{n}_a" for n in range(500)))
    ):
        counter.emit(logging.LogRecord("bot.delivery", logging.INFO, "", number, text, (), None))

    names = {
        sample.labels["event"]
        for metric in REGISTRY.collect()
        if metric.name == "outlay_logged"
        for sample in metric.samples
    }
    assert {"notice_delivered", "other"} <= names
    assert not any(" " in name for name in names)
    assert len(names) <= 210
