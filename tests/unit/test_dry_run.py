"""A ladder that only reports is held against what really came, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime

from core.degradation import Degradation, Room
from core.dry_run import DryRun, dry_run_of, dry_run_words
from core.ladder_effect import ModelDay
from core.money import NANOS
from core.rates import Band, Rate
from core.usage import TokenClasses

SINCE = datetime(2026, 11, 24, 13, tzinfo=UTC)
SMALL = Rate("test", (Band(-1, TokenClasses(input_uncached=NANOS)),))
"""A dollar a million input tokens."""
ROOM = Room(90 * NANOS, 95 * NANOS, 100 * NANOS)


def an_hour(dollars: int, requests: int = 10, model: str = "large", tokens: int = 1_000_000) -> list[ModelDay]:
    return [ModelDay(model, requests, TokenClasses(input_uncached=tokens), dollars * NANOS)]


def tried(text: str, *hours: list[ModelDay], spent: int = 94) -> DryRun:
    rate = SMALL if "small" in text else None
    return dry_run_of(hours, Degradation.parse(text), ROOM, rate, since=SINCE, spent_nanos=spent * NANOS)


def test_what_would_have_been_cheaper_counts_as_swapped_and_the_difference_as_saved() -> None:
    run = tried("small,dry-run", an_hour(2), an_hour(1, model="small"), an_hour(0, model="free"))

    assert (run.requests, run.swapped, run.saved_nanos, run.spent_nanos) == (30, 10, NANOS, 3 * NANOS)


def test_the_throttle_counts_from_where_it_would_have_stood() -> None:
    """94 dollars are spent after the third hour of 2: the first two began before 92, the last at 92, all before 95."""
    assert tried("throttle=1/min,dry-run", *[an_hour(2, requests=90)] * 3, spent=94).held_back == 0
    run = tried("throttle=1/min,dry-run", *[an_hour(2, requests=90)] * 3, spent=99)

    assert (run.held_back, run.saved_nanos) == (60, 2 * (2 * NANOS * 30 // 90))


def test_the_report_says_requests_and_dollars() -> None:
    assert dry_run_words(tried("small,throttle=1/min,dry-run", an_hour(2))) == (
        "the ladder would have sent 10 of 10 requests to small, held back at least 0 and saved $1 of $2."
    )
    assert "held back at least 30 of 90 requests and saved" in dry_run_words(
        tried("throttle=1/min,dry-run", an_hour(2, requests=90), spent=99)
    )
    assert "no request came yet" in dry_run_words(tried("small,dry-run"))
