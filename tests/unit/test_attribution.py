"""Attribution: predictable precedence, no regard to case, and `unattributed` as an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attribution import Attribution, Labels, matches
from core.errors import OutOfRange, UnknownName
from core.workload import UNATTRIBUTED_ID, Rule, Workload, make_rule, workload_name
from tests.support.books import labels

VALUES = st.sampled_from(["search", "Support", "billing", "ß", "İ"])
TAGS = st.dictionaries(st.sampled_from(["feature", "team", "environment", "customer", "plan"]), VALUES, max_size=5)


def a_rule(number: int, workload_id: int, **pairs: str) -> Rule:
    return Rule(tuple(sorted(pairs.items())), workload_id, number)


def a_workload(number: int, name: str, *rules: Rule) -> Workload:
    return Workload(number, name, "U0ANA", rules)


def test_no_rule_is_unattributed() -> None:
    assert Attribution(()).workload_for(labels(feature="search")) == UNATTRIBUTED_ID


def test_the_rule_with_more_conditions_wins_over_an_older_one() -> None:
    books = Attribution([
        a_workload(2, "search", a_rule(1, 2, feature="search")),
        a_workload(3, "search-prod", a_rule(9, 3, feature="search", environment="production")),
    ])  # fmt: skip

    assert books.workload_for(labels(feature="search", environment="production")) == 3
    assert books.workload_for(labels(feature="search", environment="staging")) == 2


def test_of_two_equally_precise_rules_the_older_wins() -> None:
    rules = [a_workload(2, "a", a_rule(7, 2, team="web")), a_workload(3, "b", a_rule(4, 3, feature="search"))]

    assert Attribution(rules).workload_for(labels(team="web", feature="search")) == 3


def test_a_workload_named_by_the_event_wins_over_every_rule() -> None:
    rules = [a_workload(2, "search", a_rule(1, 2, feature="search")), a_workload(3, "chat")]

    assert Attribution(rules).workload_for(labels(workload=" Chat ", feature="search")) == 3


def test_a_workload_named_by_the_event_that_does_not_exist_leaves_it_to_the_rules() -> None:
    rules = [a_workload(2, "search", a_rule(1, 2, feature="search"))]

    assert Attribution(rules).workload_for(labels(workload="nobody", feature="search")) == 2


def test_the_name_unattributed_from_outside_is_the_bucket_itself() -> None:
    rules = [a_workload(UNATTRIBUTED_ID, "unattributed"), a_workload(2, "search", a_rule(1, 2, feature="search"))]

    assert Attribution(rules).workload_for(labels(workload="unattributed", feature="search")) == UNATTRIBUTED_ID


def test_case_makes_no_difference() -> None:
    assert matches(a_rule(1, 2, feature="Search"), labels(feature="SEARCH"))
    assert matches(a_rule(1, 2, model="GPT-4.1"), labels())


def test_a_model_and_a_provider_can_be_matched() -> None:
    assert matches(a_rule(1, 2, provider="openai", model="gpt-4.1"), labels())
    assert not matches(a_rule(1, 2, provider="anthropic"), labels())


def test_a_tag_of_ones_own_is_matched_by_its_name() -> None:
    assert matches(make_rule({"tag.plan": "gold"}), labels(plan="gold"))
    assert not matches(make_rule({"tag.plan": "gold"}), labels(plan="silver"))


@given(st.lists(st.tuples(st.integers(2, 5), TAGS.filter(bool)), max_size=12), TAGS, st.randoms(use_true_random=False))
def test_the_answer_is_the_most_precise_oldest_match_in_whatever_order_rules_are_given(
    given_rules: list[tuple[int, dict[str, str]]], tags: dict[str, str], random: object
) -> None:
    rules = [
        Rule(make_rule({_named(k): v for k, v in pairs.items()}).conditions, owner, n)
        for n, (owner, pairs) in enumerate(given_rules, 1)
    ]
    workloads = [a_workload(n, f"w{n}", *(rule for rule in rules if rule.workload_id == n)) for n in range(2, 6)]
    random.shuffle(workloads)  # type: ignore[attr-defined]
    seen = labels(**tags)

    expected = min(
        (rule for rule in rules if matches(rule, seen)), key=lambda r: (-len(r.conditions), r.id), default=None
    )

    assert Attribution(workloads).rule_for(seen) == expected


def _named(tag: str) -> str:
    return tag if tag != "plan" else "tag.plan"


@pytest.mark.parametrize(
    "pairs",
    [{}, {"feature": ""}, {"feature": "  "}, {"feature": "x" * 201}, {"feature": "a\u202eb"}, {"feature": "a\nb"},
     {f"tag.t{n}": "v" for n in range(9)}],
)  # fmt: skip
def test_a_rule_that_cannot_match_or_be_read_is_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(OutOfRange):
        make_rule(pairs)


@pytest.mark.parametrize("dimension", ["faeture", "tag.", "tag.<!here>", "cost", ""])
def test_an_unknown_dimension_is_refused_with_the_known_ones(dimension: str) -> None:
    with pytest.raises(UnknownName, match="feature"):
        make_rule({dimension: "x"})


@pytest.mark.parametrize(
    ("typed", "kept"), [("Search Bot", "search-bot"), (" a ", "a"), ("ｓｅａｒｃｈ", "search"), ("x_1.2-b", "x_1.2-b")]
)
def test_names_are_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert workload_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-a",
        "a-",
        "<!channel>",
        "a\u200bb",
        "sеarch",
        "a\u202eb",
        "@U0ANA",
        "x" * 61,
        "a/b",
        "search\x00",
        "😀",
        "..",
        "`rm`",
    ],
)
def test_names_that_ping_hide_or_look_alike_are_refused(typed: str) -> None:
    with pytest.raises(OutOfRange, match="workload's name"):
        workload_name(typed)


def test_labels_answer_for_tags_model_and_provider() -> None:
    seen = Labels("openai", "gpt-4.1", "standard", None, (("feature", "search"),))

    assert [seen.value(name) for name in ("model", "provider", "feature", "tag.feature", "team")] == [
        "gpt-4.1", "openai", "search", "search", None,
    ]  # fmt: skip
