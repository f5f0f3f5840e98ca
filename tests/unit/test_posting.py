"""Posting: however a stream is split, ordered and repeated, the sums are the same; what cannot be booked is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.money import NANOS
from core.period import day_counter
from core.posting import Book, Posting, Row, add_up, daily_rows, hourly_rows, post, series_key
from core.rates import Band, Rate
from core.usage import UsageEvent
from tests.support.books import LATEST, NOON, an_event, classes

RATE = Rate("test", (Band(-1, classes(input_uncached=2 * NANOS, cache_read=NANOS // 2, output=8 * NANOS)),))
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns")]


def a_book(*events: UsageEvent, priced: bool = True) -> Book:
    """A book that knows these events' series, each a workload of its own."""
    book = Book()
    for number, key in enumerate(dict.fromkeys(series_key(event) for event in events), start=1):
        book.series[key] = (number, number + 1)
    for event in events:
        place = (book.series[series_key(event)][0], int(event.at.timestamp()) // 86_400)
        book.prices[place] = ((0, RATE, 7),) if priced else ()
    return book


def posted(events: Sequence[UsageEvent], book: Book | None = None, **fields: Any) -> Posting:
    return post(list(enumerate(events)), source_id=1, book=book or a_book(*events), latest=LATEST, **fields)


events_of_a_stream = st.lists(
    st.builds(
        an_event,
        id=st.integers(0, 30).map(str),
        at=st.integers(0, 90 * 86_400).map(lambda seconds: NOON - timedelta(seconds=seconds)),
        input_tokens=st.integers(0, 100_000),
        output_tokens=st.integers(0, 100_000),
        model=st.sampled_from(["a", "b"]),
        requests=st.sampled_from([1, 1, 5]),
    ),
    max_size=40,
    unique_by=lambda event: event.id,
)


@settings(max_examples=60)
@given(events_of_a_stream, st.sampled_from(ZONES), st.randoms(use_true_random=False))
def test_any_split_and_order_adds_up_to_the_same_sums(stream: list[UsageEvent], zone: ZoneInfo, random: Random) -> None:
    book, day_of = a_book(*stream), day_counter(zone)
    together = add_up(posted(stream, book).rows, day_of)

    shuffled = random.sample(stream, len(stream))
    rows: list[Row] = []
    while shuffled:
        size = random.randint(1, len(shuffled))
        rows += posted(shuffled[:size], book).rows
        shuffled = shuffled[size:]
    apart = add_up(rows, day_of)

    assert hourly_rows(apart) == hourly_rows(together)
    assert daily_rows(apart) == daily_rows(together)


@settings(max_examples=60)
@given(events_of_a_stream, st.sampled_from(ZONES))
def test_hours_and_days_hold_the_same_money_as_the_events(stream: list[UsageEvent], zone: ZoneInfo) -> None:
    rows = posted(stream).rows
    sums = add_up(rows, day_counter(zone))

    for column in range(1, 12):
        assert sum(row[2 + column] for row in hourly_rows(sums)) == sum(row[2 + column] for row in daily_rows(sums))
    assert sum(row[14] for row in daily_rows(sums)) == sum(row[15] or 0 for row in rows)
    assert sum(row[3] for row in hourly_rows(sums)) == sum(event.requests for event in stream)


@settings(max_examples=60)
@given(events_of_a_stream, st.randoms(use_true_random=False))
def test_an_event_repeated_in_a_batch_counts_once(stream: list[UsageEvent], random: Random) -> None:
    repeated = stream + random.sample(stream, random.randint(0, len(stream)))

    posting = posted(repeated)

    assert posting.rows == posted(stream).rows
    assert posting.duplicates == len(repeated) - len(stream)
    assert posting.conflicts == []


def test_the_first_of_two_contents_under_one_id_counts_and_the_second_is_told() -> None:
    first, second = an_event(id="x", output_tokens=1), an_event(id="x", output_tokens=2)

    posting = posted([first, second])

    assert [row[11] for row in posting.rows] == [1]
    assert posting.duplicates == 1
    assert [index for index, _ in posting.conflicts] == [1]


def test_a_half_hour_zone_cuts_its_day_inside_a_utc_hour() -> None:
    kolkata_midnight = datetime.fromisoformat("2026-11-24T18:30:00+00:00")
    events = [an_event(at=kolkata_midnight - timedelta(seconds=1)), an_event(at=kolkata_midnight)]

    sums = add_up(posted(events).rows, day_counter(ZoneInfo("Asia/Kolkata")))

    assert len(hourly_rows(sums)) == 1
    assert [row[0] for row in daily_rows(sums)] == [20_781, 20_782]
    assert [row[3] for row in daily_rows(sums)] == [1, 1]


def test_an_unpriced_event_has_no_cost_and_counts_its_requests() -> None:
    event = an_event(requests=3)
    posting = posted([event], a_book(event, priced=False))

    (row,) = hourly_rows(add_up(posting.rows, day_counter(ZONES[0])))

    assert posting.rows[0][15] is None
    assert (row[13], row[14]) == (3, 0)


def test_the_rate_of_the_second_of_the_day_prices_the_event() -> None:
    early, late = an_event(at=NOON), an_event(at=NOON + timedelta(hours=6))
    book = a_book(early, late)
    dear = Rate("peak", (Band(-1, classes(input_uncached=20 * NANOS)),))
    (place,) = book.prices
    book.prices[place] = ((0, RATE, 7), (18 * 3600, dear, 8))

    rows = posted([early, late], book).rows

    assert [row[16] for row in rows] == [7, 8]
    assert [row[15] for row in rows] == [2_800_000, 20_000_000]


def test_what_the_book_does_not_know_is_asked_for() -> None:
    event = an_event()
    assert set(posted([event], Book()).missing_series) == {series_key(event)}

    book = a_book(event)
    book.prices.clear()
    assert posted([event], book).missing_prices == {(1, 20_781)}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"input_tokens": 10**12}, "above $1,000,000"),
        ({"cost_reported": "a lot"}, "cost_reported"),
        ({"cost_reported": "NaN"}, "cost_reported"),
        ({"cost_reported": -1.0}, "cost_reported"),
        ({"cost_reported": "1e999999"}, "cost_reported"),
        ({"cost_reported": float("inf")}, "cost_reported"),
        ({"id": "a\x00b"}, "NUL"),
        ({"response_id": "\x00"}, "NUL"),
    ],
)
def test_what_cannot_be_booked_is_refused_and_the_rest_is_booked(fields: dict[str, Any], says: str) -> None:
    good = an_event()

    posting = posted([an_event(**fields), good])

    assert [row[1] for row in posting.rows] == [good.id]
    ((index, reason),) = posting.rejected
    assert index == 0
    assert says in reason


def test_a_good_event_after_a_refused_one_with_its_id_is_booked() -> None:
    refused, good = an_event(id="x", input_tokens=10**12), an_event(id="x")

    posting = posted([refused, good])

    assert len(posting.rows) == 1
    assert posting.duplicates == 0


@pytest.mark.parametrize(
    "fields", [{"model": "a\x00"}, {"tags": {"team\x00": "x"}}, {"tags": {"team": "\x00"}}, {"workload": "\x00"}]
)
def test_a_label_with_a_nul_is_refused_before_it_is_kept(fields: dict[str, Any]) -> None:
    posting = posted([an_event(**fields)], Book())

    assert posting.missing_series == {}
    assert "NUL" in posting.rejected[0][1]


def test_a_batch_beyond_a_billion_dollars_is_cut_off_before_sums_overflow() -> None:
    events = [an_event(input_tokens=499_999_999_999, output_tokens=0) for _ in range(1500)]

    posting = posted(events)

    assert len(posting.rows) == 1000
    assert len(posting.rejected) == 500
    assert sum(row[15] for row in posting.rows) < 2**62


@pytest.mark.parametrize(
    ("reported", "nanos"), [("0.01", 10_000_000), (0.01, 10_000_000), ("1e-3", 1_000_000), (0, 0), (None, None)]
)
def test_a_reported_cost_is_kept_beside_ours(reported: Any, nanos: int | None) -> None:
    assert posted([an_event(cost_reported=reported)]).rows[0][17] == nanos
