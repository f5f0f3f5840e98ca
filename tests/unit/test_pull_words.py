"""What `outlay pull` tells a person about the books."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.cli.pull import described
from core.coverage import Reading, Tally, compare
from core.services.pull_usage import Pulled
from core.services.read_coverage import ReadCoverage

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 21)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def reading(tokens: int, *, key: str | None = "key_a", model: str = "gpt-5.1", nanos: int | None = None) -> Reading:
    return Reading(FIRST, None, key, model, Tally(1, tokens, nanos))


def told(theirs: list[Reading], ours: list[Reading]) -> str:
    return "\n".join(described("openai", (), ReadCoverage("openai", FIRST, LAST, True, compare(theirs, ours))))


def test_full_coverage_is_one_sentence_and_the_dollars():
    assert told([reading(5_000, nanos=10**9)], [reading(5_000, nanos=10**9)]) == (
        "2026-11-01 to 2026-11-21: the books know 100.0% of openai's 5,000 tokens.\n"
        "  openai charged $1; the books say $1."
    )


def test_a_gap_that_may_be_smaller_is_told_as_a_range():
    lines = told([reading(5_000), reading(3_000, key="key_lab")], [reading(5_000), reading(1_000, key=None)])

    assert "  outside the books: API key key_lab: 2,000 to 3,000 tokens" in lines.splitlines()


def test_keys_that_unlabelled_events_may_belong_to_are_told_in_one_line():
    theirs = [reading(5_000), reading(3_000, key="key_b"), reading(2_000, key="key_c")]

    lines = told(theirs, [reading(10_000, key=None)])

    assert (
        "  3 more may be outside: events without openai's API key id leave open which API keys they belong to" in lines
    )
    assert "outside the books" not in lines


def test_what_the_provider_places_nowhere_is_no_key():
    assert "  outside the books: no API key: 3,000 tokens" in told(
        [reading(5_000), reading(3_000, key=None)], [reading(5_000)]
    )


def test_a_double_says_how_often_everything_counts():
    assert "model gpt-5.1: the books have 2.00 times what openai counted; everything seems to count 2 times" in told(
        [reading(50_000)], [reading(100_000)]
    )


def test_a_part_that_may_count_twice_is_no_more_than_that():
    assert "the books have 1.30 times what openai counted; some of it may count twice" in told(
        [reading(100_000)], [reading(130_000)]
    )


def test_a_model_that_the_provider_does_not_know_is_told():
    lines = told([reading(50_000)], [reading(50_000), reading(20_000, key=None, model="llama")])

    assert "  doubtful: model llama: 20,000 tokens in the books, of which openai knows nothing" in lines


def test_a_report_that_could_not_be_read_says_why():
    failed = Pulled("costs", AT, AT, problem="OpenAI answered 500.", is_whole=False)

    assert described("openai", (failed,), None) == [
        "openai/costs: nothing read",
        "  OpenAI answered 500.",
        "Nothing to compare yet: days are compared once they can no longer grow.",
    ]
