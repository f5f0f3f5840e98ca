"""Which days are read next: whatever happens, no day is left out for ever and the open days are read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.intake.record import CostLine
from core.pulling import DAY, WINDOW_DAYS, Cursor, Window, bucket_of_cost, first_day, midnight, settled_until, windows

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 24), timezones=st.just(UTC))


def a_cursor(from_at: datetime, done_until: datetime) -> Cursor:
    return Cursor("openai/completions", from_at, done_until)


def test_today_and_the_two_days_before_stay_open():
    assert settled_until(NOW) == datetime(2026, 11, 22, tzinfo=UTC)


def test_the_first_pull_goes_back_a_month():
    assert first_day(None, since=None, now=NOW) == datetime(2026, 10, 25, tzinfo=UTC)


def test_since_in_the_open_days_still_reads_all_of_them():
    assert first_day(None, since=NOW, now=NOW) == settled_until(NOW)


def test_since_behind_the_cursor_starts_at_the_cursor():
    cursor = a_cursor(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC))

    assert first_day(cursor, since=NOW - DAY, now=NOW) == datetime(2026, 10, 9, tzinfo=UTC)


def test_the_first_pull_of_a_day_looks_a_week_back_for_corrections():
    cursor = Cursor("openai/completions", NOW - 90 * DAY, settled_until(NOW), pulled_at=NOW - DAY)

    assert first_day(cursor, since=None, now=NOW) == datetime(2026, 11, 18, tzinfo=UTC)


def test_a_later_pull_of_the_day_reads_the_open_days_only():
    cursor = Cursor("openai/completions", NOW - 90 * DAY, settled_until(NOW), pulled_at=NOW - timedelta(hours=1))

    assert first_day(cursor, since=None, now=NOW) == settled_until(NOW)


def test_corrections_are_not_looked_for_before_the_first_day_read():
    cursor = Cursor("openai/completions", settled_until(NOW) - DAY, settled_until(NOW), pulled_at=NOW - DAY)

    assert first_day(cursor, since=None, now=NOW) == settled_until(NOW) - DAY


def test_a_window_behind_a_gap_does_not_move_the_cursor():
    cursor = a_cursor(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    late = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))

    assert cursor.after(late, read_at=NOW).done_until == cursor.done_until


def test_what_an_invoice_calls_a_charge_is_kept():
    line = CostLine(
        provider="openai", model=None, token_class="web_searches", starts_at=midnight(NOW), ends_at=midnight(NOW) + DAY,
        billed_nanos=5, effective_nanos=4, description="Web search calls",
    )  # fmt: skip

    kept = bucket_of_cost(line, report="costs")

    assert (kept.cost_nanos, kept.item, kept.input_tokens) == (4, "Web search calls", 0)


@given(instants, instants)
def test_windows_cover_every_day_once(one: datetime, other: datetime):
    start, now = midnight(min(one, other)), max(one, other)

    found = list(windows(start, now))

    assert found[0].starts_at == start and found[-1].ends_at == midnight(now) + DAY
    assert all(before.ends_at == after.starts_at for before, after in pairwise(found))
    assert all(timedelta(0) < window.ends_at - window.starts_at <= WINDOW_DAYS * DAY for window in found)


@given(instants, st.lists(st.tuples(instants, st.none() | instants, st.integers(0, 20)), max_size=8))
def test_after_any_pulls_every_settled_day_before_the_cursor_was_read_when_settled(
    begin: datetime, pulls: list[tuple[datetime, datetime | None, int]]
):
    """Pulls happen in time's order, each may be interrupted after some windows and may ask for earlier days."""
    cursor: Cursor | None = None
    read_when: dict[datetime, datetime] = {}
    for now, since, kept_windows in sorted(pulls, key=lambda pull: pull[0]):
        start = first_day(None, since=since, now=now)
        cursor = cursor or a_cursor(start, start)
        cursor = cursor.rewound(start) if since else cursor
        for window in list(windows(first_day(cursor, since=since, now=now), now))[:kept_windows]:
            cursor = cursor.after(window, read_at=now)
            day = window.starts_at
            while day < window.ends_at:
                read_when[day] = now
                day += DAY
    if cursor is None:
        return
    day = cursor.from_at
    while day < cursor.done_until:
        assert day in read_when and day + DAY <= settled_until(read_when[day]), f"{day} was left out"
        day += DAY
