"""The demo company's usage is reproducible, in order, well-formed and laid on real days."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.usage import events, runaway
from sandbox.usage_series import profiles, token_shapes, volumes
from sandbox.usage_streams import STREAMS

ANCHOR = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)
TOKEN_KEYS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)
EVENT_KEYS = {"id", "at", "provider", "model", "requests", *TOKEN_KEYS, "tags", "tier"}
TAG_KEYS = {"feature", "team", "environment", "customer", "project"}

Event = dict[str, Any]


@cache
def whole_span() -> list[Event]:
    return list(events(NOW - timedelta(days=120), NOW + timedelta(days=60), anchor=ANCHOR))


@cache
def month_of(anchor: date) -> list[Event]:
    first = datetime(anchor.year, anchor.month, 1, tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    return list(events(first, following, anchor=anchor))


def test_the_same_range_gives_the_same_events():
    again = list(events(*MONTH, anchor=ANCHOR))

    assert again == month_of(ANCHOR)


def test_another_process_gives_the_same_events():
    script = (
        "import json; from datetime import *; from sandbox.usage import events;"
        "start = datetime(2026, 11, 1, tzinfo=UTC);"
        "found = list(events(start, start + timedelta(days=2), anchor=date(2026, 11, 17)));"
        "print(json.dumps(found))"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    printed = subprocess.run(command, capture_output=True, check=True, text=True, cwd=root).stdout

    start = MONTH[0]
    assert json.loads(printed) == list(events(start, start + timedelta(days=2), anchor=ANCHOR))


def of_company(start: datetime, end: datetime) -> Iterable[Event]:
    return events(start, end, anchor=ANCHOR)


SPLIT = (datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC))


@cache
def undivided(source: Callable[[datetime, datetime], Iterable[Event]]) -> list[Event]:
    return list(source(*SPLIT))


@pytest.mark.parametrize("source", [of_company, runaway], ids=["events", "runaway"])
@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(
        st.datetimes(datetime(2026, 11, 9), datetime(2026, 11, 12), timezones=st.just(UTC)), min_size=1, max_size=4
    )
)
def test_a_split_range_gives_the_events_of_the_whole(
    source: Callable[[datetime, datetime], Iterable[Event]], cuts: list[datetime]
):
    edges = [SPLIT[0], *sorted(cuts), SPLIT[1]]

    parts = [event for a, b in pairwise(edges) for event in source(a, b)]

    assert parts == undivided(source)


def test_a_cut_on_the_second_of_an_event_puts_it_into_the_later_part():
    event = next(events(*MONTH, anchor=ANCHOR))
    at = datetime.fromisoformat(event["at"])

    assert event not in list(events(at - HOUR, at, anchor=ANCHOR))
    assert event in list(events(at, at + HOUR, anchor=ANCHOR))


def test_a_range_in_another_time_zone_is_the_same_range():
    zone = datetime.fromisoformat("2026-11-09T00:30:00+09:00")

    assert list(events(zone, zone + HOUR, anchor=ANCHOR)) == list(
        events(zone.astimezone(UTC), zone.astimezone(UTC) + HOUR, anchor=ANCHOR)
    )


def test_an_empty_or_backward_range_has_no_events():
    assert list(events(NOW, NOW, anchor=ANCHOR)) == []
    assert list(events(NOW, NOW - HOUR, anchor=ANCHOR)) == []


def test_a_range_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        next(events(datetime(2026, 11, 1), NOW, anchor=ANCHOR))


def test_events_come_in_time_order_and_inside_the_range():
    instants = [datetime.fromisoformat(event["at"]) for event in whole_span()]

    assert instants == sorted(instants)
    assert NOW - timedelta(days=120) <= instants[0]
    assert instants[-1] < NOW + timedelta(days=60)


def test_ids_are_unique_even_with_a_runaway():
    found = [*whole_span(), *runaway(NOW, NOW + timedelta(days=1))]

    assert max(Counter(event["id"] for event in found).values()) == 1


def test_events_carry_the_fields_of_the_intake_and_no_other():
    for event in [*month_of(ANCHOR), *runaway(NOW, NOW + HOUR)]:
        assert set(event) == EVENT_KEYS
        assert set(event["tags"]) <= TAG_KEYS
        assert event["at"].endswith("Z")


def test_token_subsets_fit_into_their_totals():
    for event in [*whole_span(), *runaway(NOW, NOW + HOUR)]:
        assert all(type(event[key]) is int and event[key] >= 0 for key in TOKEN_KEYS)
        assert event["requests"] > 0
        assert event["input_tokens"] > 0
        assert event["cache_read_tokens"] + event["cache_write_tokens"] <= event["input_tokens"]
        assert event["cache_write_1h_tokens"] <= event["cache_write_tokens"]
        assert event["reasoning_tokens"] <= event["output_tokens"]


def test_changing_an_event_leaves_the_next_run_as_it_was():
    start, end = MONTH[0], MONTH[0] + HOUR
    before = list(events(start, end, anchor=ANCHOR))
    for event in events(start, end, anchor=ANCHOR):
        event["tags"]["team"] = "nobody"

    assert list(events(start, end, anchor=ANCHOR)) == before


@pytest.mark.parametrize("anchor", [date(2026, 11, 1), date(2026, 11, 30), date(2027, 2, 28), date(2028, 2, 29)])
def test_every_day_stands_for_a_real_day_of_the_same_weekday(anchor: date):
    real = volumes()["bicimad"]
    stand_ins = {real.first_on + timedelta(days=n): count for n, count in enumerate(real.requests)}

    for offset in range(-120, 61):
        day = anchor + timedelta(days=offset)
        count = real.on(day, anchor=anchor, pivot=date(2018, 11, 5))
        assert any(found == count and on.weekday() == day.weekday() for on, found in stand_ins.items())


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_demo_months_lie_inside_the_real_span(stream: Any):
    real, pivot = volumes()[stream.traffic.volume], stream.traffic.pivot

    # A month opens at most 6 days after its opening Monday and lasts at most 31.
    assert (pivot - real.first_on).days >= 120
    assert (pivot - real.first_on).days + 6 + 31 + 60 <= len(real.requests) // 7 * 7


def test_far_from_the_anchor_the_real_series_repeat():
    start = datetime(2030, 1, 1, tzinfo=UTC)

    assert len(list(events(start, start + timedelta(days=1), anchor=ANCHOR))) > 300


def test_any_day_of_a_month_as_anchor_gives_the_same_month():
    assert month_of(date(2026, 11, 1)) == month_of(date(2026, 11, 30))


def test_the_tables_are_whole():
    assert all(sum(hours) == pytest.approx(1, abs=1e-4) for days in profiles().values() for hours in days)
    assert all(len(real.requests) >= 365 for real in volumes().values())
    assert all(len(shapes) >= 49 for shapes in token_shapes().values())


def test_offices_are_quieter_on_weekends():
    by_weekday: Counter[int] = Counter()
    for event in whole_span():
        if event["tags"].get("feature") == "code-review":
            by_weekday[datetime.fromisoformat(event["at"]).weekday()] += event["requests"]

    assert by_weekday[5] < 0.85 * min(by_weekday[day] for day in range(5))


def test_nightly_work_runs_at_night():
    for event in whole_span():
        if event["tags"].get("feature") == "eval-nightly":
            assert 1 <= datetime.fromisoformat(event["at"]).hour <= 4


def test_history_is_small_enough_to_load_at_once():
    history = [event for event in whole_span() if datetime.fromisoformat(event["at"]) < NOW]

    assert 60_000 <= len(history) <= 120_000


def test_a_day_costs_the_same_in_a_long_span_as_in_a_short_one():
    assert seconds_a_day(40) < 3 * seconds_a_day(10)


def seconds_a_day(days: int) -> float:
    """Processor time, the best of two."""
    times = []
    for _ in range(2):
        before = process_time()
        assert list(events(NOW - timedelta(days=days), NOW, anchor=ANCHOR))
        times.append(process_time() - before)
    return min(times) / days
