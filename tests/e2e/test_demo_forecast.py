"""The demo's forecast: there from the first minute, with a past to be judged by, and a digest when a Monday passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from sandbox.people import text_of
from tests.support.demo import RunningDemo, filled, running_demo
from tests.support.shown import refused, table

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    past = filled(tmp_path_factory.getbasetemp())
    with running_demo(past.copy_to(tmp_path_factory.mktemp("demo-forecast") / "state")) as running:
        yield running


async def test_the_forecast_stands_from_the_first_minute(demo: RunningDemo):
    shown = await demo.person("ana", channel="C0SEARCH").types("/budget forecast search-answers")
    assert "chance to pass $11,000" in shown.text
    assert "foretold afterwards" in shown.text
    assert refused(shown.message) == []


async def test_why_compares_with_the_plan_of_the_first(demo: RunningDemo):
    shown = await demo.person("ana").types("/budget why search-answers")
    assert "of the plan that the envelope was set with" in shown.text
    assert "customer" in shown.text
    assert not any(
        row[0] == "Price" and abs(float(row[2].strip("+−").replace("$", "").replace(",", ""))) > 0.01
        for row in table(shown.message)[1:]
    )


async def test_the_score_says_that_it_was_made_afterwards(demo: RunningDemo):
    shown = await demo.person("farah").types("/budget forecast --accuracy")
    assert "were made afterwards from history" in shown.text
    assert "That is the FinOps level" in shown.text


async def test_what_if_on_the_tour_is_one_line(demo: RunningDemo):
    line = "/budget whatif search-answers move=gpt-4.1->gpt-4.1-mini:30% cache=+10pt"
    shown = await demo.person("ana", channel="C0SEARCH").types(line)
    assert "This saves" in shown.text
    assert "tokenizers differ" in shown.text


async def test_a_monday_that_passes_brings_each_channel_one_digest(demo: RunningDemo):
    moved = await demo.moves_clock("1w")
    assert moved["ok"]
    # Usage of all seven days arrived, not only of the one that a sender's clock may be ahead.
    status = text_of((await demo.person("ana").types("/budget status")).message)
    assert f"Usage counted up to {datetime.fromisoformat(moved['now']):%-d} " in status
    posted = await demo.person("ana", channel="C0SEARCH").sees("AI budget · week of", channel="C0SEARCH")
    assert "search-answers" in text_of(posted)
    assert refused(posted) == []
    await demo.person("ben", channel="C0SUPPORT").sees("AI budget · week of", channel="C0SUPPORT")
