"""What the unattributed bucket is made of, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import ids
from bot.slack.listeners.workloads import carried
from bot.slack.views.trend import bar, fitting, trend_lines
from bot.slack.views.unattributed import unattributed_message
from core.unattributed import Bucket, Candidate, Misspelt, Sum, Week, candidates, proposed_name, weeks_of
from core.workload import make_rule, workload_name
from tests.support.books import labels
from tests.support.shown import interpreted, refused, words
from tests.support.standings import FARAH, HOSTILE, dollars


def a_sum(nanos: int, requests: int = 1, **tags: str) -> Sum:
    return Sum(labels(**tags), nanos, requests)


def test_the_label_that_explains_most_comes_first() -> None:
    found = candidates([a_sum(62, project="ranker"), a_sum(30, feature="search"), a_sum(8)])
    assert [(one.dimension, one.value, one.share) for one in found[:2]] == [
        ("project", "ranker", 0.62), ("feature", "search", 0.3),
    ]  # fmt: skip


def test_what_a_candidate_takes_is_not_counted_again() -> None:
    found = candidates([a_sum(60, feature="search", team="web"), a_sum(40, feature="chat", team="web")])
    assert sum(one.share for one in found) <= 1
    assert [one.value for one in found] == ["search", "chat"]


def test_a_label_that_everything_carries_explains_nothing() -> None:
    sums = [a_sum(50, environment="production", feature="a"), a_sum(50, environment="production", feature="b")]
    assert {one.dimension for one in candidates(sums)} == {"feature"}


def test_a_label_with_a_rule_already_is_not_proposed_again() -> None:
    sums = [a_sum(60, feature="search"), a_sum(40, feature="chat")]
    assert next(one.value for one in candidates(sums, rules=[make_rule({"feature": "Search"})])) == "chat"


def test_own_tags_are_named_as_rules_name_them() -> None:
    assert candidates([a_sum(1, plan="gold"), a_sum(1, plan="free")])[0].dimension == "tag.plan"


def test_usage_without_a_cost_is_weighed_by_its_requests() -> None:
    found = candidates([a_sum(0, 70, feature="search"), a_sum(0, 30, feature="chat")])
    assert found[0].share == 0.7


@given(
    st.lists(
        st.builds(
            lambda nanos, tags: Sum(labels(**tags), nanos, 1),
            st.integers(0, 1000),
            st.dictionaries(st.sampled_from(["feature", "team", "plan"]), st.sampled_from("abcd"), max_size=3),
        ),
        max_size=20,
    )
)
def test_candidates_never_take_more_than_there_is(sums: list[Sum]) -> None:
    found = candidates(sums)
    assert sum(one.nanos for one in found) <= sum(one.nanos for one in sums)
    assert sum(one.share for one in found) <= 1 + 1e-9
    for one in found:
        make_rule({one.dimension: one.value})


@given(st.text(max_size=80), st.sampled_from(["feature", "tag.plan", "model"]))
def test_a_proposed_name_can_be_kept(value: str, dimension: str) -> None:
    name = proposed_name(dimension, value)
    assert workload_name(name) == name != "unattributed"


def test_weeks_begin_on_monday_and_the_current_one_is_last() -> None:
    weeks = weeks_of([(date(2026, 11, 23), 1, 4), (date(2026, 11, 22), 2, 2)], today=date(2026, 11, 24), count=3)
    assert [(week.starts_on, week.share) for week in weeks] == [
        (date(2026, 11, 9), None), (date(2026, 11, 16), 1.0), (date(2026, 11, 23), 0.25),
    ]  # fmt: skip


def test_a_bar_is_full_only_for_the_whole_and_never_empty_for_a_part() -> None:
    assert (bar(0.001), bar(0.999), bar(1.0), bar(0.0)) == ("▰" + "▱" * 9, "▰" * 9 + "▱", "▰" * 10, "▱" * 10)
    assert trend_lines([(date(2026, 11, 16), 0.4), (date(2026, 11, 23), None)])[1].endswith("no spend · this week")


def test_small_shares_are_told_apart_by_bars_of_a_tenth() -> None:
    assert [fitting(parts) for parts in ([0.05, None, 0.07], [0.1, 0.2], [0.3], [0.9], [None])] == [
        0.1,
        0.25,
        0.5,
        1.0,
        1.0,
    ]
    lines = trend_lines([(date(2026, 11, 16), 0.05), (date(2026, 11, 23), 0.07)], whole=0.1)
    assert [line.count("▰") for line in lines] == [5, 7]


def a_bucket(*found: Candidate, nanos: int = dollars(412)) -> Bucket:
    weeks = (Week(date(2026, 11, 16), 1, 2), Week(date(2026, 11, 23), 1, 4))
    return Bucket(FARAH, "November 2026", nanos, 900, dollars(4120), weeks, found)


def test_the_bucket_has_its_owner_its_trend_and_a_button_per_candidate() -> None:
    one = Candidate("project", "ranker", 0.62, dollars(255), 560, "ranker")
    shown = unattributed_message(a_bucket(one), carry=carried)
    said = words(shown["blocks"])
    assert f"*$412* (10% of November 2026) is unattributed. <@{FARAH}> owns it." in said
    assert "62% of it is `project=ranker`, 560 requests ($255). Make it the workload *ranker*?" in said
    assert "▰▰▱▱▱▱▱▱▱▱ 25% · this week" in said
    button = next(block["accessory"] for block in shown["blocks"] if "accessory" in block)
    assert (button["action_id"], button["value"]) == (ids.PREVIEW_RULE, '["ranker",{"project":"ranker"}]')


def test_what_is_only_misspelt_leads_to_its_spellings() -> None:
    bucket = replace(a_bucket(), misspelt=(Misspelt("environment", dollars(103), 40),))
    shown = unattributed_message(bucket, carry=carried)
    said = words(shown["blocks"])
    assert "25% of it is only spelt otherwise in `environment`, 40 requests ($103)" in said
    assert "Beyond that no label stands out." in said
    assert not refused(shown)


def test_an_empty_bucket_is_good_news() -> None:
    assert "Nothing is unattributed" in unattributed_message(
        Bucket(FARAH, "November 2026", 0, 0, 5, (), ()), carry=carried
    )["text"]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_labels_break_nothing(typed: str) -> None:
    one = Candidate("feature", typed, 0.62, dollars(255), 560, proposed_name("feature", typed))
    shown = unattributed_message(a_bucket(one, one, one), carry=carried)
    assert not refused(shown)
    assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "\u202e"))
