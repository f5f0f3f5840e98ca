"""`/budget tags`: what looks alike, what is folded, and what Slack takes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.views.tags import (
    carried_merge,
    merge_preview_message,
    merged_message,
    tag_message,
    tags_message,
    taken_back_message,
)
from core.services.keep_tags import MergeOutcome
from core.tag_review import Alias, TagReview
from core.tags import Merge, ValueSum
from tests.support.shown import buttons, interpreted, refused, table, words
from tests.support.standings import HOSTILE, dollars

KEPT, OTHER = ValueSum("production", dollars(900), 9_000), ValueSum("prod", dollars(80), 800)


def a_tag(dimension: str = "environment", **changes: Any) -> TagReview:
    values: dict[str, Any] = {
        "values": (KEPT, OTHER), "many": ValueSum("(many)", 0, 0), "without": ValueSum("", dollars(20), 5),
        "merges": (Merge(dimension, KEPT, (OTHER,)),), "aliases": (Alias("prd", "production", 3, dollars(1)),),
    }  # fmt: skip
    return TagReview(dimension, **values | changes)


def test_a_proposal_says_what_it_is_worth_and_carries_it() -> None:
    shown = tag_message(a_tag())
    said = words(shown["blocks"])
    assert "2 values of `environment` with *$980*, 98% of all dollars." in said
    assert "`prod` (800 requests, $80) looks like `production` (9,000 requests, $900)." in said
    assert "`prd` counts as `production`; 3 requests ($1) of the last 30 days still carry it." in said
    action, value = buttons(shown)["Merge into production"]
    assert (action, json.loads(value)) == (ids.MERGE_TAGS, ["environment", ["prod"], "production"])


def test_folded_values_are_told_with_their_likely_cause() -> None:
    said = words(tag_message(a_tag(many=ValueSum("(many)", dollars(3), 42_000)))["blocks"])
    assert "*42,000 requests ($3) are folded into (many)*" in said
    assert "Most likely an id is sent as a tag" in said


def test_the_overview_names_what_wants_a_look() -> None:
    shown = tags_message([a_tag(), a_tag("team", merges=())])
    assert shown["text"] == "`environment` wants a look."
    assert table(shown)[1] == ["environment", "2", "1", "98%", "$980", "0"]
    (look,) = (block["accessory"] for block in shown["blocks"] if "accessory" in block)
    assert (look["action_id"], look["value"]) == (ids.SHOW_TAGS, "environment")
    assert "no value looks like another" in tags_message([a_tag(merges=())])["text"]


def test_a_button_carries_as_many_spellings_as_fit() -> None:
    value = carried_merge("environment", ["x" * 150 + str(place) for place in range(50)], "production")
    assert len(value) <= 2_000
    assert len(json.loads(value)[1]) > 5


def test_what_came_of_a_merge_is_said_with_its_past() -> None:
    with_past = merged_message(MergeOutcome("environment", ("prod",), "production", 3, 900, dollars(24)))
    assert "900 requests ($24) of the last 3 months were re-labelled" in words(with_past["blocks"])
    assert "Past usage keeps its label" in words(
        merged_message(MergeOutcome("environment", ("prod",), "production", 0, 0, 0))["blocks"]
    )


@pytest.mark.parametrize("typed", [*HOSTILE, "x" * 200])
def test_hostile_values_break_nothing_and_ping_nobody(typed: str) -> None:
    value = ValueSum(typed, dollars(1), 1)
    tag = a_tag(
        typed[:60],
        values=(value,) * 300,
        merges=(Merge(typed[:60], value, (value,) * 60),) * 30,
        aliases=(Alias(typed, typed, 1, 1),) * 30,
        many=value,
    )
    for shown in (
        tag_message(tag),
        tags_message([tag] * 120),
        merge_preview_message(typed[:60], typed, typed, tag),
        merged_message(MergeOutcome(typed[:60], (typed,) * 9, typed, 3, 1, 1)),
        taken_back_message(typed[:60], typed, typed),
    ):
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "\u202e"))
