"""Changes as people type them, and everything around them: what is read, and what is refused with a better line."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.command_changes import typed_change
from bot.slack.command_line import parse
from bot.slack.command_metric import read_days
from bot.slack.forecast_forms import Forecast, Metric, PlanCommand, WhatIf, Why
from core.errors import BudgetError
from core.scenario import CacheChange, Change, InputChange, ModelMove, OutputChange, VolumeChange

TODAY = date(2026, 11, 24)


def changes(text: str) -> tuple[Change, ...]:
    command = parse(f"whatif search {text}", today=TODAY)
    assert isinstance(command, WhatIf)
    return command.changes


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("volume=+20%", VolumeChange(1.2)),
        ("volume=20%", VolumeChange(1.2)),
        ("volume=−10%", VolumeChange(0.9)),
        ("volume=1.2x", VolumeChange(1.2)),
        ("volume=×1,5", VolumeChange(1.5)),
        ("volume=double", VolumeChange(2.0)),
        ("traffic=half", VolumeChange(0.5)),
        ("volume +20 %", VolumeChange(1.2)),
        ("volume=-100%", VolumeChange(0.0)),
        ("input=-10%", InputChange(0.9)),
        ("output=0.5x", OutputChange(0.5)),
        ("cache=+20pt", CacheChange(0.2)),
        ("cache=-5 points", CacheChange(-0.05)),
        ("cache=20pp", CacheChange(0.2)),
        ("move=gpt-4.1->gpt-4.1-mini:30%", ModelMove("gpt-4.1", "gpt-4.1-mini", 0.3)),
        ("move=gpt-4.1-&gt;gpt-4.1-mini:30%", ModelMove("gpt-4.1", "gpt-4.1-mini", 0.3)),
        ("move=gpt-4.1→gpt-4.1-mini:30", ModelMove("gpt-4.1", "gpt-4.1-mini", 0.3)),
        ("move=gpt-4.1—>gpt-4.1-mini 0.3", ModelMove("gpt-4.1", "gpt-4.1-mini", 0.3)),
        ("move gpt-4.1 to gpt-4.1-mini by 30%", ModelMove("gpt-4.1", "gpt-4.1-mini", 0.3)),
        ("move=gpt-4.1 -> gpt-4.1-mini", ModelMove("gpt-4.1", "gpt-4.1-mini", 1.0)),
        ("move=a->anthropic.claude-v2:0", ModelMove("a", "anthropic.claude-v2:0", 1.0)),
        ("move=a->anthropic.claude-v2:0:30%", ModelMove("a", "anthropic.claude-v2:0", 0.3)),
        ('move="gpt-4.1 (batch)->gpt-4.1:50%"', ModelMove("gpt-4.1 (batch)", "gpt-4.1", 0.5)),
    ],
)
def test_a_change_is_read_however_it_is_written(text: str, change: Change):
    (found,) = changes(text)
    assert type(found) is type(change)
    for name in change.__slots__:
        assert getattr(found, name) == pytest.approx(getattr(change, name))


def test_several_changes_keep_their_order():
    assert [type(change).__name__ for change in changes("output=-10% volume=2x move=a->b move=b->c:10%")] == [
        "OutputChange", "VolumeChange", "ModelMove", "ModelMove",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says", "correction"),
    [
        ("volume=20", "could be percent or times", "volume=+20%"),
        ("volume=20pt", "by percent, not by points", "volume=+20%"),
        ("cache=20%", "goes up by points", "cache=+20pt"),
        ("cache=+300pt", "more than all input", "cache=+20pt"),
        ("volume=-150%", "-100% is the lowest", "volume=-50%"),
        ("volume=5000000x", "is not between 0 and", "volume=+20%"),
        ("volume=lots", "is not a change I can read", "volume=+20%"),
        ("volume=", "nothing behind volume=", "volume=+20%"),
        ("volum=+20%", "Did you mean volume=?", "volume=+20%"),
        ("speed=+20%", "nothing that I can change", "volume=+20%"),
        ("move=gpt-4.1", "from which model to which", "move=gpt-4.1->gpt-4.1-mini:30%"),
        ("move=a->b:130%", "No more than 100%", "move=a->b"),
        ("move=a->a", "cannot move to itself", "move=gpt-4.1->gpt-4.1-mini:30%"),
        ("volume=+20% volume=+30%", "given twice", "volume=+20%"),
        ("", "Say what changes", "volume=+20%"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_line_that_can(text: str, says: str, correction: str):
    with pytest.raises(BudgetError) as refused:
        changes(text)
    assert says in refused.value.message
    assert refused.value.correction == f"/budget whatif search {correction}"


PARTS = st.sampled_from(
    ["volume", "cache", "move", "input", "output", "=", "+20%", "-10%", "20pt", "1.5x", "->", "→", "a", "gpt-4.1", ":30%", " ",
     "from=2026-12-01", "from=1", "Dec", "note=x", "search", "--share", "to", "-&gt;", '"', "−", "％", "NaN", "1e9", "0x1"]
)  # fmt: skip


@given(
    st.sampled_from(["whatif search ", "plan search ", "why ", "metric search ", "forecast "]),
    st.lists(PARTS, max_size=10),
)
def test_any_soup_of_parts_is_read_or_refused_with_a_line_that_works(command: str, parts: list[str]):
    try:
        parse(command + "".join(parts), today=TODAY)
    except BudgetError as refusal:
        assert refusal.message
        assert refusal.correction
        parse(refusal.correction, today=TODAY)


MADE = st.one_of(
    st.integers(-100, 5_000).map(lambda percent: VolumeChange(1 + percent / 100)),
    st.integers(-100, 5_000).map(lambda percent: InputChange(1 + percent / 100)),
    st.integers(-100, 100).map(lambda points: CacheChange(points / 100)),
    st.integers(0, 100).map(lambda percent: ModelMove("gpt-4.1", "claude:0", percent / 100)),
)


@given(MADE)
def test_a_change_that_is_typed_again_is_the_same(change: Change):
    (found,) = changes(typed_change(change))
    assert type(found) is type(change)
    for name in change.__slots__:
        assert getattr(found, name) == pytest.approx(getattr(change, name))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("forecast", Forecast()),
        ("forecast search --share", Forecast("search", share=True)),
        ("forecast --accuracy", Forecast(accuracy=True)),
        ("forecast search accuracy", Forecast("search", accuracy=True)),
        ("why search", Why("search")),
        ("why search vs=last month", None),
        ("why search against=plan", Why("search", "plan")),
        ("why vs=forecast@1 Nov", None),
        ("why search vs=forecast@2026-11-03", Why("search", "forecast", date(2026, 11, 3))),
        ("plan", PlanCommand()),
        ("plan search", PlanCommand("search")),
        ("plan search from=1 Dec volume=2x", PlanCommand("search", (VolumeChange(2.0),), date(2026, 12, 1))),
        ("plan search from=jan-2 volume=2x", PlanCommand("search", (VolumeChange(2.0),), date(2027, 1, 2))),
        ("metric search", Metric("search")),
        ("metric search unit=Ticket today=1,200", Metric("search", "ticket", {TODAY: 1200.0})),
        ("metric search unit=user yesterday=1.2k", Metric("search", "user", {date(2026, 11, 23): 1200.0})),
    ],
)
def test_a_line_about_the_forecast_is_read(text: str, command: object):
    if command is None:
        with pytest.raises(BudgetError):
            parse(text, today=TODAY)
        return
    assert parse(text, today=TODAY) == command


def test_a_plan_of_a_metric_holds_from_tomorrow_to_the_end_of_next_month():
    command = parse("metric search unit=ticket plan=1500", today=TODAY)
    assert isinstance(command, Metric)
    assert (min(command.planned), max(command.planned)) == (date(2026, 11, 25), date(2026, 12, 31))
    assert set(command.planned.values()) == {1500.0}


@pytest.mark.parametrize(
    "pasted",
    [
        "2026-11-01,1200\n2026-12-01,1500",
        "date;amount\n2026-11-01;1,200\n2026-12-01;1500;planned",
        "2026-11-01\t1200\t\n2026-12-01\t1.5k\tplanned",
    ],
)
def test_days_are_read_as_they_come_from_a_table(pasted: str):
    found = read_days(pasted, today=TODAY)
    assert found.actual == {date(2026, 11, 1): 1200.0}
    assert found.planned == {date(2026, 12, 1): 1500.0}


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("", "no day in it"),
        ("2026-11-01,lots", "Line 1"),
        ("2026-11-01,5\n2026-11-32,5", "Line 2"),
        ("2026-11-01,5\n2026-11-01,6", "a second time"),
        ("2026-11-01,0", "above 0"),
        ("2026-11-01,5,perhaps", "Line 1"),
        ("\n".join(["2026-11-01,5"] * 900), "at most 800"),
    ],
)
def test_days_that_cannot_be_read_are_named(pasted: str, says: str):
    with pytest.raises(BudgetError, match=says):
        read_days(pasted, today=TODAY)


@given(st.text(max_size=300))
def test_any_pasted_text_is_read_or_refused(pasted: str):
    try:
        read_days(pasted, today=TODAY)
    except BudgetError as refusal:
        assert refusal.message
