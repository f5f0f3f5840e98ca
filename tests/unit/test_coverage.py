"""Coverage: what the books know of the provider's own count, what is outside, and what may count twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.coverage import SUSPICIOUS_TOKENS, Dimension, Reading, Tally, compare, family

MONDAY = date(2026, 11, 2)


def a_reading(tokens: int = 1_000_000, **changes: Any) -> Reading:
    tally = Tally(changes.pop("requests", 100), tokens, changes.pop("nanos", tokens * 1_000))
    values = {"day": MONDAY, "project": "proj_a", "api_key": "key_a", "model": "gpt-5.1", "tally": tally}
    return Reading(**values | changes)


def test_books_that_know_everything_cover_everything():
    found = compare([a_reading()], [a_reading()])

    assert (found.token_share, found.request_share, found.dollar_share) == (1.0, 1.0, 1.0)
    assert found.doubts == ()
    assert all(split.outside() == () for split in found.splits)


def test_a_key_that_no_event_has_is_outside():
    found = compare([a_reading(), a_reading(400_000, api_key="key_lab")], [a_reading()])

    (gap,) = found.split(Dimension.API_KEY).outside()
    assert (gap.value, gap.least_tokens, gap.most_tokens, gap.most_nanos) == ("key_lab", 400_000, 400_000, 400_000_000)
    assert found.token_share == pytest.approx(1_000 / 1_400)


def test_events_without_a_key_may_belong_to_any_key():
    theirs = [a_reading(), a_reading(400_000, api_key="key_lab")]

    found = compare(theirs, [a_reading(900_000), a_reading(300_000, api_key=None)])

    gaps = found.split(Dimension.API_KEY).outside()
    assert [(gap.value, gap.least_tokens, gap.most_tokens) for gap in gaps] == [
        ("key_lab", 100_000, 400_000), ("key_a", 0, 100_000),
    ]  # fmt: skip


def test_a_gateways_own_name_for_a_key_is_no_key_of_the_provider():
    found = compare([a_reading()], [a_reading(api_key="team-search-virtual-key")])

    (gap,) = found.split(Dimension.API_KEY).outside()
    assert (gap.value, gap.least_tokens) == ("key_a", 0)
    assert found.doubts == ()


def test_what_the_provider_places_nowhere_is_told_as_such():
    found = compare([a_reading(), a_reading(50_000, api_key=None)], [a_reading()])

    (gap,) = found.split(Dimension.API_KEY).outside()
    assert (gap.value, gap.least_tokens) == (None, 50_000)


def test_everything_twice_is_said_to_be_twice():
    found = compare([a_reading()], [a_reading(), a_reading()])

    assert {(doubt.dimension, doubt.value, doubt.times) for doubt in found.doubts} == {
        (Dimension.PROJECT, "proj_a", 2), (Dimension.API_KEY, "key_a", 2), (Dimension.MODEL, "gpt-5.1", 2),
    }  # fmt: skip
    assert found.token_share == 1.0


def test_a_part_that_counts_twice_is_suspected_without_a_number():
    found = compare([a_reading()], [a_reading(1_400_000)])

    assert {(doubt.times, doubt.ratio) for doubt in found.doubts} == {(None, 1.4)}


def test_a_model_that_the_provider_never_served_is_doubted():
    found = compare([a_reading()], [a_reading(), a_reading(model="my-local-llama")])

    assert [
        (doubt.value, doubt.ratio, doubt.times) for doubt in found.doubts if doubt.dimension is Dimension.MODEL
    ] == [("my-local-llama", None, None)]


def test_a_little_more_is_no_suspicion():
    assert compare([a_reading()], [a_reading(1_040_000)]).doubts == ()
    assert compare([a_reading(5)], [a_reading(SUSPICIOUS_TOKENS)]).doubts == ()


def test_one_model_twice_does_not_hide_that_another_is_missing():
    theirs = [a_reading(), a_reading(model="gpt-6-sol")]

    found = compare(theirs, [a_reading(), a_reading()])

    assert found.theirs.tokens == found.ours.tokens
    assert found.token_share == 0.5


def test_aliases_and_dated_names_are_one_model():
    found = compare([a_reading(model="claude-sonnet-4-5-20250929")], [a_reading(model="claude-sonnet-4-5")])

    assert found.token_share == 1.0


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gpt-5.1-2025-11-13", "gpt-5.1"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("GPT-4.1", "gpt-4.1"),
        ("text-embedding-3-small", "text-embedding-3-small"),
    ],
)
def test_a_models_family_is_its_name_without_the_release_date(name: str, plain: str):
    assert family(name) == plain


def test_charges_without_tokens_are_outside_too():
    fee = a_reading(0, api_key="key_images", model=None, requests=None, nanos=7_000)

    found = compare([a_reading(), fee], [a_reading()])

    (gap,) = found.split(Dimension.API_KEY).outside()
    assert (gap.value, gap.most_tokens, gap.most_nanos) == ("key_images", 0, 7_000)


def test_requests_that_are_not_told_have_no_share():
    assert compare([a_reading(requests=None)], [a_reading()]).request_share is None


def test_no_tokens_at_the_provider_is_no_share_at_all():
    assert compare([], [a_reading()]).token_share is None
    assert compare([], []).token_share is None


readings = st.lists(
    st.builds(
        Reading,
        day=st.dates(date(2026, 11, 1), date(2026, 11, 4)),
        project=st.none() | st.sampled_from(["proj_a", "proj_b"]),
        api_key=st.none() | st.sampled_from(["key_a", "key_b", "key_c"]),
        model=st.none() | st.sampled_from(["gpt-5.1", "gpt-5.1-2025-11-13", "gpt-6-sol"]),
        tally=st.builds(
            Tally,
            requests=st.none() | st.integers(0, 10**6),
            tokens=st.integers(0, 10**12),
            nanos=st.none() | st.integers(-(10**9), 10**15),
        ),
    ),
    max_size=20,
)


@given(readings, readings)
def test_nothing_is_lost_or_invented_in_any_split(theirs: Sequence[Reading], ours: Sequence[Reading]):
    found = compare(theirs, ours)

    for split in found.splits:
        assert sum(line.theirs.tokens for line in split.lines) == found.theirs.tokens
        assert sum(line.ours.tokens for line in split.lines) + split.unplaced.tokens == found.ours.tokens
        for line in split.lines:
            assert line.seen_tokens + line.outside_tokens == line.theirs.tokens
            assert line.seen_tokens + line.excess_tokens == line.ours.tokens
        for gap in split.outside():
            assert 0 <= gap.least_tokens <= gap.most_tokens


@given(readings, readings)
def test_shares_stay_between_nothing_and_everything(theirs: Sequence[Reading], ours: Sequence[Reading]):
    found = compare(theirs, ours)

    assert found.token_share is None or 0 <= found.token_share <= 1
    assert found.seen_tokens <= min(found.theirs.tokens, found.ours.tokens)


@given(readings, readings, st.randoms())
def test_the_order_of_readings_does_not_matter(theirs: list[Reading], ours: list[Reading], order: Any):
    shuffled, also = list(theirs), list(ours)
    order.shuffle(shuffled)
    order.shuffle(also)

    assert compare(shuffled, also) == compare(theirs, ours)


@given(readings, st.integers(1, 10**6))
def test_readings_may_come_in_parts(theirs: list[Reading], part: int):
    parts = [
        reading._replace(tally=tally)
        for reading in theirs
        for tally in (
            Tally(reading.tally.requests, reading.tally.tokens - min(part, reading.tally.tokens), reading.tally.nanos),
            Tally(None, min(part, reading.tally.tokens), None),
        )
    ]

    assert compare(parts, theirs) == compare(theirs, theirs)


@given(readings)
def test_a_provider_against_itself_leaves_nothing_surely_outside(theirs: list[Reading]):
    found = compare(theirs, theirs)

    assert found.doubts == ()
    assert all(gap.least_tokens == 0 for split in found.splits for gap in split.outside())


@given(readings, readings, readings)
def test_knowing_more_never_lowers_coverage(theirs: list[Reading], ours: list[Reading], more: list[Reading]):
    assert compare(theirs, ours + more).seen_tokens >= compare(theirs, ours).seen_tokens


@given(readings, st.integers(2, 5))
def test_counting_everything_several_times_is_always_suspected(theirs: list[Reading], times: int):
    found = compare(theirs, theirs * times)

    for line in found.split(Dimension.MODEL).lines:
        if line.value is not None and line.theirs.tokens * (times - 1) >= SUSPICIOUS_TOKENS:
            assert any(
                doubt.value == line.value and doubt.times == times
                for doubt in found.doubts
                if doubt.dimension is Dimension.MODEL
            )
