"""Rules: explained, removed, restored and re-applied, in words."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.slack import ids
from bot.slack.views.rules import (
    explanation_message,
    reattributed_message,
    reattribution_message,
    removal_message,
    removed_message,
    restored_message,
    rules_message,
)
from core.moves import Shift
from core.period import Cycle
from core.services.manage_workloads import RuleOutcome
from core.services.preview_rules import Explanation, Removal, RuleStanding
from core.services.reattribute_usage import Reattribution
from core.workload import Rule, Workload, make_rule
from tests.support.shown import buttons, interpreted, refused, words
from tests.support.standings import ANA, HOSTILE, a_catch, dollars

RULE = Rule(make_rule({"feature": "search"}).conditions, 2, 7)
PRECISE = Rule(make_rule({"feature": "search", "environment": "production"}).conditions, 3, 9)
SEARCH = Workload(2, "search", ANA, (RULE,))
SHIFT = Shift("chat", "search", 900, dollars(240))


def menu(message) -> list[tuple[str, str]]:
    found = next(block["accessory"] for block in message["blocks"] if "accessory" in block)
    assert found["action_id"] == ids.RULE_MENU
    return [(one["text"]["text"], one["value"]) for one in found["options"]]


def test_a_rule_shows_what_it_caught_and_what_still_counts_elsewhere():
    shown = rules_message(SEARCH, a_catch(), (RuleStanding(RULE, 1_000, dollars(300), (SHIFT,)),))
    said = words(shown["blocks"])
    assert "1. `feature=search`\n1,000 requests ($300) in 30 days · 900 requests ($240) of it count to *chat*" in said
    assert menu(shown) == [("Re-attribute…", "move:7"), ("Remove…", "remove:7")]


def test_a_rule_with_everything_in_its_place_offers_no_move():
    shown = rules_message(SEARCH, a_catch(), (RuleStanding(RULE, 1_000, dollars(300)),))
    assert menu(shown) == [("Remove…", "remove:7")]


def a_removal(requests: int = 900, *shifts: Shift) -> Removal:
    return Removal(SEARCH, RULE, date(2026, 10, 26), requests, dollars(requests), shifts)


def test_a_removal_says_where_usage_would_go_before_anything_happens():
    shown = removal_message(a_removal(900, Shift("search", "unattributed", 900, dollars(240))))
    said = words(shown["blocks"])
    assert "Since 26 Oct 2026 it decided on 900 requests ($900). It is still there." in said
    assert "Usage like that would go:\n• 900 requests ($240) from *search* to *unattributed*" in said
    action, value = buttons(shown)["Remove rule"]
    assert (action, json.loads(value)) == (ids.REMOVE_RULE, [7, "search", {"feature": "search"}])


def test_a_removal_that_changes_nothing_says_so():
    assert "decided on nothing" in removal_message(a_removal(0))["text"]
    assert "Another rule of *search* matches all of that" in removal_message(a_removal(5))["text"]


def test_a_removed_rule_has_a_way_back():
    shown = removed_message("search", RULE, pairs="x")
    assert buttons(shown) == {
        "Undo": (ids.RESTORE_RULE, '[7,"search",{"feature":"search"}]'),
        "Re-attribute past usage…": (ids.PREVIEW_MOVE, "x"),
    }
    again = Rule(RULE.conditions, 2, 12)
    assert "in its old place" in restored_message(RuleOutcome(SEARCH, RULE, False, 0, 0), 7)["text"]
    assert "the youngest of its equals" in restored_message(RuleOutcome(SEARCH, again, False, 0, 0), 7)["text"]


def test_a_reattribution_offers_only_periods_in_which_something_moves():
    november, september = Cycle(2026, 11), Cycle(2026, 9)
    shown = reattribution_message(
        (Reattribution(RULE, november, ()), Reattribution(RULE, september, (SHIFT,))), pairs="x"
    )
    assert buttons(shown) == {"Last 3 months": (ids.MOVE_USAGE_BACK, "x")}
    assert "They move:\n• 900 requests ($240) from *chat* to *search*" in words(shown["blocks"])
    none = reattribution_message((Reattribution(RULE, november, ()),) * 2, pairs="x")
    assert "nothing to re-attribute" in none["text"]
    done = reattributed_message(Reattribution(RULE, september, (SHIFT,)))
    assert "Re-attributed 900 requests ($240) since September 2026." in done["text"]


def an_explanation(**changes) -> Explanation:
    values = {
        "asked": (("feature", "search"),), "workload": "search", "decides": RULE, "is_named": False,
        "others": (), "nearly": (),
    }  # fmt: skip
    return Explanation(**values | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "The rule `feature=search` decides: it is the only one that matches."),
        ({"decides": PRECISE, "others": ((RULE, "search"),)}, "it has the most conditions"),
        ({"others": ((Rule(RULE.conditions, 4, 8), "other"),)}, "it is the oldest of those with the most conditions"),
        ({"decides": PRECISE, "others": ((RULE, "search"),)}, "→ *search* matches too, but has fewer conditions"),
        ({"others": ((Rule(RULE.conditions, 4, 8), "other"),)}, "→ *other* matches too, but is younger"),
        ({"decides": None, "is_named": True}, "that goes before every rule"),
        ({"decides": None, "is_named": True, "others": ((RULE, "search"),)}, "but the name goes first"),
        ({"decides": None, "workload": "unattributed"}, "No rule matches."),
        (
            {"nearly": ((PRECISE, "live"),)},
            "With more labels these could match: `environment=production feature=search`",
        ),
    ],
)
def test_an_explanation_says_who_wins_and_why(changes, said):
    assert said in words(explanation_message(an_explanation(**changes))["blocks"])


@pytest.mark.parametrize("typed", [*HOSTILE, "x" * 200])
def test_hostile_rules_break_nothing_and_ping_nobody(typed: str):
    rule = Rule((("feature", typed),) * 8, 2, 7)
    workload = Workload(2, typed, typed, (rule,) * 50)
    shift = Shift(typed, typed, 1, 1)
    rules = [(rule, typed)] * 9
    for shown in (
        rules_message(workload, a_catch(examples=(typed,) * 5), (RuleStanding(rule, 1, 1, (shift,) * 9),) * 50),
        removal_message(Removal(workload, Rule((("feature", typed),), 2, 7), date(2026, 10, 26), 1, 1, (shift,) * 20)),
        removed_message(typed, Rule((("feature", typed),), 2, 7), pairs="x"),
        restored_message(RuleOutcome(workload, rule, False, 0, 0), 7),
        reattribution_message((Reattribution(rule, Cycle(2026, 11), (shift,) * 20),) * 2, pairs="x"),
        reattributed_message(Reattribution(rule, Cycle(2026, 11), (shift,) * 20)),
        explanation_message(
            an_explanation(
                asked=(("feature", typed),), workload=typed, decides=rule, others=tuple(rules), nearly=tuple(rules)
            )
        ),
    ):
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "\u202e"))
