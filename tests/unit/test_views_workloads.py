"""`/budget workload …`: lists, previews and what was added."""

from __future__ import annotations

import pytest

from bot.slack import ids
from bot.slack.views.rules import rule_added_message, rules_message
from bot.slack.views.workloads import catch_message, listing_message
from core.moves import Shift
from core.services.manage_workloads import RuleOutcome, WorkloadListing
from core.services.preview_rules import RuleStanding
from core.workload import Rule, Workload
from tests.support.shown import buttons, interpreted, refused, table, words
from tests.support.standings import ANA, FARAH, HOSTILE, MADRID, a_catch, dollars

RULE = Rule((("environment", "production"), ("feature", "search")))
SEARCH = Workload(2, "search-answers", ANA, (RULE,))


def a_listing(name: str = "search-answers", *rules: Rule, has_envelope: bool = True) -> WorkloadListing:
    return WorkloadListing(name, ANA, rules or (RULE,), dollars(3210), 120_400, has_envelope)


def test_the_list_names_owner_rules_and_spend():
    shown = listing_message([a_listing(), a_listing("evals", has_envelope=False)], reader=MADRID)
    assert shown["text"] == "2 workloads, 1 without an envelope."
    assert table(shown)[1] == [
        "search-answers", "<@U0ANA>", "environment=production feature=search", "$3,210", "120,400", "yes",
    ]  # fmt: skip


def test_several_rules_are_counted():
    assert table(listing_message([a_listing("evals", RULE, RULE, RULE)], reader=MADRID))[1][2].endswith("(+2 more)")


def test_unattributed_needs_no_rule_and_counts_as_nobodys_missing_envelope():
    one = WorkloadListing("unattributed", FARAH, (), dollars(12), 30, False)
    shown = listing_message([a_listing(), one], reader=MADRID)
    assert shown["text"] == "1 workload, with an envelope."
    assert table(shown)[2][2] == "whatever no rule matches"


def test_an_empty_list_shows_the_line_to_start_with():
    shown = listing_message([], reader=MADRID)
    assert "/budget workload add" in words(shown["blocks"])
    assert not refused(shown)


@pytest.mark.parametrize("count", [1, 100, 101, 1000])
def test_slack_takes_a_list_of_any_length_and_what_is_left_out_is_counted(count: int):
    long = Rule((("feature", "x" * 150),))
    shown = listing_message([a_listing(f"workload-{place}", long) for place in range(count)], reader=MADRID)
    assert not refused(shown)
    rows = len(table(shown)) - 1
    assert rows == count or f"{count - rows:,} smaller workload" in words(shown["blocks"])


def test_a_preview_says_what_would_be_caught_and_that_nothing_was_added():
    shown = catch_message("search-answers", {"feature": "search", "team": "a b"}, a_catch(), private="x")
    said = words(shown["blocks"])
    assert 'feature=search team="a b"' in said
    assert "Since 25 Oct 2026 it matches 1,204 requests worth *$310*. Nothing has been added yet." in said
    assert "104 requests ($10) count to *chat* now" in said
    assert "• 900 requests ($240) of this month sit in unattributed and can be moved" in said


def test_the_preview_offers_to_move_only_where_there_is_something_to_move():
    both = catch_message("search-answers", {"feature": "search"}, a_catch(), private="x")
    one = catch_message("search-answers", {"feature": "search"}, a_catch(unattributed_requests=0), private="x")
    none = catch_message(
        "search-answers", {"feature": "search"}, a_catch(unattributed_requests=0, moves=(("chat", 3, 4),)), private="x"
    )
    assert buttons(both) == {
        "Add rule": (ids.ADD_RULE, "x"),
        "Add and re-attribute this cycle": (ids.ADD_RULE_AND_MOVE, "x"),
        "Add and re-attribute 3 months": (ids.ADD_RULE_AND_MOVE_BACK, "x"),
    }
    assert list(buttons(one)) == ["Add rule", "Add and re-attribute 3 months"]
    assert list(buttons(none)) == ["Add rule"]


def test_moving_past_usage_asks_once_more():
    shown = catch_message("search-answers", {"feature": "search"}, a_catch(), private="x")
    confirm = shown["blocks"][-1]["elements"][1]["confirm"]
    assert "900 requests ($240) of this month move from unattributed to search-answers." in confirm["text"]["text"]


def test_a_rule_that_matches_nothing_is_questioned():
    nothing = a_catch(requests=0, spent_nanos=0, moves=(), examples=(), unattributed_requests=0, unattributed_nanos=0)
    shown = catch_message("search-answers", {"feature": "serch"}, nothing, private="x")
    assert "It matches no usage since 25 Oct 2026." in shown["text"]
    assert not refused(shown)


def test_requests_without_a_cost_are_not_called_worth_nothing():
    shown = catch_message("ranker", {"model": "acme-ft"}, a_catch(spent_nanos=0), private="x")
    assert "it matches 1,204 requests without a cost (is their model priced?" in shown["text"]


def test_rules_are_listed_as_they_are_typed():
    said = words(rules_message(SEARCH, a_catch(), (RuleStanding(RULE, 90, dollars(4)),))["blocks"])
    assert "*search-answers* has 1 rule." in said
    assert "1. `environment=production feature=search`" in said


def test_the_answer_says_what_moved():
    moved = rule_added_message(RuleOutcome(SEARCH, RULE, True, 900, dollars(240)))
    kept = rule_added_message(RuleOutcome(SEARCH, RULE, False, 0, 0))
    assert "is a workload now" in moved["text"] and "has another rule" in kept["text"]
    assert "900 requests ($240) of this month moved here from unattributed." in words(moved["blocks"])
    assert "nothing was moved" in words(kept["blocks"])


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_value_breaks_nothing_and_pings_nobody(typed: str):
    rule = Rule((("feature", typed),))
    catch = a_catch(moves=((typed, 1, 1),), examples=(f"feature={typed}",))
    for shown in (
        listing_message([WorkloadListing(typed, typed, (rule,), 0, 0, False)], reader=MADRID),
        catch_message(typed, {"feature": typed}, catch, private="x"),
        rules_message(
            Workload(2, typed, typed, (rule,)), catch, (RuleStanding(rule, 1, 1, (Shift(typed, typed, 1, 1),)),)
        ),
        rule_added_message(RuleOutcome(Workload(2, typed, None, (rule,)), rule, True, 1, 1)),
    ):
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "\u202e"))
