"""Aliases and merges: laws of spellings, and what is never proposed to be one value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BudgetError, NameTaken, OutOfRange
from core.tag_review import review
from core.tags import MANY, NO_ALIASES, Aliases, ValueSum, is_near, proposed_merges
from tests.support.books import labels

VALUES = st.sampled_from(["prod", "Prod", "production", "live", "staging", "stg", "dev"])
PAIRS = st.lists(st.tuples(st.sampled_from(["environment", "plan"]), VALUES, VALUES), max_size=8)
TAGS = st.dictionaries(st.sampled_from(["environment", "plan", "team"]), VALUES, max_size=3).map(
    lambda tags: tuple(sorted(tags.items()))
)


def with_all(pairs: list[tuple[str, str, str]]) -> Aliases:
    """The aliases that are left when every pair is tried in turn and impossible ones are refused."""
    aliases = NO_ALIASES
    for dimension, value, canonical in pairs:
        try:
            aliases = aliases.with_pair(dimension, value, canonical)
        except BudgetError:
            continue
    return aliases


@given(PAIRS, TAGS)
def test_applying_aliases_twice_changes_nothing_more(pairs, tags) -> None:
    aliases = with_all(pairs)
    assert aliases.tags(aliases.tags(tags)) == aliases.tags(tags)


@given(PAIRS, TAGS)
def test_aliases_keep_names_and_order(pairs, tags) -> None:
    assert [name for name, _ in with_all(pairs).tags(tags)] == [name for name, _ in tags]


@given(PAIRS, st.sampled_from(["environment", "plan"]), VALUES, VALUES)
def test_a_new_alias_holds_at_once_for_any_case(pairs, dimension, value, canonical) -> None:
    before = with_all(pairs)
    try:
        after = before.with_pair(dimension, value, canonical)
    except BudgetError:
        return
    assert after.value(dimension, value.upper()) == after.value(dimension, canonical)


@given(PAIRS, VALUES)
def test_what_is_taken_back_is_itself_again(pairs, value) -> None:
    assert with_all(pairs).without("environment", value).value("environment", value) == value


def test_a_chain_leads_to_its_end_and_a_circle_is_refused() -> None:
    aliases = NO_ALIASES.with_pair("environment", "prd", "prod").with_pair("environment", "prod", "production")
    assert aliases.value("environment", "PRD") == "production"
    assert aliases.value("tag.environment", "prd") == "production"
    assert aliases.value("team", "prd") == "prd"
    with pytest.raises(NameTaken):
        aliases.with_pair("environment", "production", "prd")
    with pytest.raises(OutOfRange):
        aliases.with_pair("environment", "x", "x")
    with pytest.raises(OutOfRange):
        aliases.with_pair("environment", MANY, "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("prod", "production"), ("production", "prodution"), ("Production", "production"), ("stg", "staging"),
        ("doc-summaries", "doc_summaries"), ("search answers", "search-answers"), ("support", "suport"),
        ("search", "serach"), ("eu-prod", "eu-production"), ("checkout-2", "chekcout-2"),
    ],
)  # fmt: skip
def test_spellings_of_one_value_are_near(one: str, other: str) -> None:
    assert is_near(one, other) and is_near(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("us", "uk"), ("eu-west", "eu-east"), ("v1", "v2"), ("team-a", "team-b"), ("customer-1001", "customer-1010"),
        ("search", "search-answers"), ("gpt4.1", "gpt41"), ("ranker", "banker"), ("de", "dev"), ("prod", "prod"),
        ("test1", "test11"), ("A1", "A-1-1"),
    ],
)  # fmt: skip
def test_short_codes_and_other_numbers_are_never_near(one: str, other: str) -> None:
    assert not is_near(one, other) and not is_near(other, one)


@given(st.text(max_size=12), st.text(max_size=12))
def test_nearness_goes_both_ways_and_never_joins_different_numbers(one: str, other: str) -> None:
    assert is_near(one, other) == is_near(other, one)
    digits = [list("".join(c if c.isdigit() else " " for c in text).split()) for text in (one, other)]
    if digits[0] != digits[1]:
        assert not is_near(one, other)


@given(st.lists(st.tuples(VALUES, st.integers(0, 50), st.integers(1, 50)), unique_by=lambda one: one[0]))
def test_every_value_is_in_one_proposal_at_most_and_the_most_used_stays(sums) -> None:
    values = [ValueSum(*one) for one in sums]
    merges = proposed_merges("environment", values)
    joined = [one for merge in merges for one in (merge.kept, *merge.others)]
    assert len({one.value for one in joined}) == len(joined)
    for merge in merges:
        assert all(merge.kept.requests >= one.requests for one in merge.others)


@given(st.lists(st.tuples(VALUES, st.integers(0, 50), st.integers(1, 50))), PAIRS)
def test_merging_what_is_proposed_keeps_the_total_and_leaves_nothing_to_merge(sums, pairs) -> None:
    rows = [(labels(environment=value), nanos, requests) for value, nanos, requests in sums]
    aliases = with_all(pairs)
    before = review("environment", rows, aliases)
    for merge in before.merges:
        for other in merge.others:
            aliases = aliases.with_pair("environment", other.value, merge.kept.value)
    after = review("environment", rows, aliases)
    assert not after.merges
    assert after.nanos == before.nanos == sum(nanos for _, nanos, _ in rows)


def test_prod_production_and_a_typo_are_one_proposal_with_what_they_are_worth() -> None:
    found = review(
        "environment",
        [(labels(environment=value), nanos, requests) for value, nanos, requests in
         (("production", 900, 90), ("prod", 80, 8), ("prodution", 2, 1), ("staging", 10, 5))],
        NO_ALIASES,
    )  # fmt: skip
    (merge,) = found.merges
    assert merge.kept.value == "production"
    assert [(one.value, one.nanos, one.requests) for one in merge.others] == [("prod", 80, 8), ("prodution", 2, 1)]


def test_folded_values_are_told_apart_from_real_ones() -> None:
    found = review(
        "customer", [(labels(customer=MANY), 7, 3), (labels(customer="acme"), 1, 1), (labels(), 2, 2)], NO_ALIASES
    )
    assert [one.value for one in found.values] == ["acme"]
    assert (found.many.requests, found.without.nanos, found.coverage) == (3, 2, 0.8)


@given(st.lists(st.text("abcdeprod-_ 12", min_size=1, max_size=14), unique=True, max_size=12))
def test_looking_only_at_close_pairs_misses_none(values: list[str]) -> None:
    merges = proposed_merges("feature", [ValueSum(value, 1, 1) for value in values])
    joined = {one.value for merge in merges for one in (merge.kept, *merge.others)}
    for one in values:
        same_start = [other for other in values if other[0].casefold() == one[0].casefold()]
        if any(is_near(one, other) for other in same_start):
            assert one in joined
