"""What `/budget sources` says of a provider's own reports."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.views.coverage import coverage_lines
from core.coverage import Reading, Tally, compare
from core.services.read_coverage import ReadCoverage
from tests.support.standings import HOSTILE

DAY = date(2026, 11, 20)


def reading(tokens: int, *, key: str | None = "key_search", nanos: int | None = None) -> Reading:
    return Reading(DAY, "proj", key, "gpt-5.1", Tally(10, tokens, nanos))


def said(theirs: list[Reading], ours: list[Reading], *, has_costs: bool = False) -> str:
    found = ReadCoverage("openai", date(2026, 11, 1), DAY, has_costs, compare(theirs, ours))
    return "\n".join(coverage_lines(found))


def test_full_coverage_is_one_sentence_without_a_next_step() -> None:
    told = said([reading(1_000_000)], [reading(1_000_000)])
    assert told == "• The books know *100%* of the 1,000,000 tokens that OpenAI counted, 1 Nov 2026 to 20 Nov 2026."


def test_a_key_outside_the_books_is_named_with_tokens_dollars_and_the_way_out() -> None:
    theirs = [reading(600_000, nanos=6 * 10**9), reading(400_000, key="key_ranker", nanos=4 * 10**9)]
    told = said(theirs, [reading(600_000, nanos=6 * 10**9)], has_costs=True)

    assert "know *60%* of the 1,000,000 tokens" in told
    assert "it charged $10, the books say $6" in told
    assert "◦ outside: API key `key_ranker`, 400,000 tokens, up to $4" in told
    assert "until a source counts it" in told


def test_unplaced_usage_makes_it_at_least_so_much() -> None:
    theirs = [reading(600_000), reading(400_000, key="key_ranker")]
    told = said(theirs, [reading(500_000), reading(100_000, key=None)])
    assert "API key `key_ranker`, at least 300,000 tokens" in told


def test_counting_twice_is_doubted_aloud() -> None:
    told = said([reading(100_000)], [reading(200_000)])
    assert "the books have 2.00 times what OpenAI counted; everything seems to count 2 times" in told


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_key_with_any_name_pings_nobody(typed: str) -> None:
    told = said([reading(400_000, key=typed)], [])
    assert "<!" not in told and "<@" not in told
