"""Metrics: the dashboard and the alerts ask only for what exists, and labels cannot grow without bound."""

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
ALERTS = Path("docs/grafana/alerts.yaml").read_text(encoding="utf-8")
EXPRESSIONS = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
    *re.findall(r"^ +expr: (.+)$", ALERTS, re.MULTILINE),
]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def known_names() -> set[str]:
    found = {metric.name + suffix for metric in REGISTRY.collect() for suffix in SUFFIXES.get(metric.type, ("",))}
    return found | {"process_resident_memory_bytes", "process_cpu_seconds_total"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_exists(expression: str) -> None:
    asked = set(re.findall(r"\b(?:outlay|process)_[a-z_]+", expression))

    assert asked
    assert asked <= known_names()


def labels_of(name: str) -> set[str]:
    """The labels that a metric has, by the name under which Prometheus knows it."""
    collector = REGISTRY._names_to_collectors[name]
    return {*getattr(collector, "_labelnames", ()), "le"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_that_is_asked_for_is_one_of_its_metric(expression: str) -> None:
    own = {label for name in re.findall(r"\boutlay_[a-z_]+", expression) for label in labels_of(name)}

    by = {label for group in re.findall(r"by \(([a-z_, ]+)\)", expression) for label in group.split(", ")}
    assert by | set(re.findall(r"[{,]([a-z_]+)(?:=|!=|=~)", expression)) <= own


def test_no_label_is_one_that_prometheus_gives_itself() -> None:
    ours = {name for name in REGISTRY._names_to_collectors if name.startswith("outlay_")}

    assert not [name for name in ours if labels_of(name) & {"job", "instance"}]


def test_durations_are_in_seconds() -> None:
    ours = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("outlay_")]

    assert not [name for name in ours if re.search("(?:days|hours|minutes|ms|millis)$", name)]


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
