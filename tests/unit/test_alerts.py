"""What is told and what is not: named cases, and laws over any course of a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.alert_reading import Doubt, Reading
from core.alerts import Act, Decision, Reason, decide, over_with
from core.breach import Breach, BreachKind, BreachState, Closing
from core.period import Cycle
from core.velocity import Surge

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOVEMBER = Cycle(2026, 11)
SIZE = 4_000


def a_reading(spent: int = 0, **fields: Any) -> Reading:
    given: dict[str, Any] = {
        "cycle": NOVEMBER, "revision": 1, "size_nanos": SIZE, "soft_bp": 8_000, "hard_bp": 10_000, "spent_nanos": spent,
        "p50_nanos": 3_000, "hour": 564,
    }  # fmt: skip
    return Reading(**(given | fields))


def a_surge(spent: int = 500, *, at: datetime = NOON) -> Surge:
    return Surge(at, 1, spent, 10, 80)


class Book:
    """Carries decisions out as the service does, without a database."""

    def __init__(self) -> None:
        self.breaches: list[Breach] = []
        self.posts: list[BreachKind] = []
        self.reasons: dict[BreachKind, Reason] = {}

    def look(self, reading: Reading, now: datetime = NOON) -> list[Decision]:
        found = list(decide(reading, self.breaches, now))
        for one in found:
            self.reasons[one.kind] = one.reason
            self._do(one, reading, now)
        return [one for one in found if one.act is not Act.NOTHING]

    def acknowledge(self, kind: BreachKind) -> None:
        self.breaches = [
            replace(one, acknowledged_by="U1", acknowledged_at=NOON) if one.kind is kind else one for one in self.breaches
        ]  # fmt: skip

    def _do(self, one: Decision, reading: Reading, now: datetime) -> None:
        shown = {"shown_at": now.isoformat(), "shown_nanos": one.nanos, "doubts": list(reading.doubts)}
        if reading.surge:
            shown["surge_hour_at"] = reading.surge.hour_at.isoformat()
        if one.act in (Act.OPEN, Act.TELL, Act.REOPEN, Act.ENFORCE):
            shown["told_nanos"] = one.nanos
        if one.act is Act.OPEN:
            self.posts.append(one.kind)
            self.breaches.append(
                Breach(
                    1, "search", reading.cycle, reading.revision, one.kind, one.threshold_bp, now, len(self.breaches) + 1,
                    worst_nanos=one.nanos, facts=shown,
                )
            )  # fmt: skip
        elif one.breach and one.act is not Act.NOTHING:
            after = replace(
                one.breach, facts={**one.breach.facts, **shown}, worst_nanos=max(one.breach.worst_nanos, one.nanos)
            )
            if one.act is Act.CLOSE:
                after = replace(after, state=BreachState.CLOSED, closed_at=now, closed_because=one.closing)
            if one.act is Act.REOPEN:
                after = replace(after, state=BreachState.TOLD, closed_at=None, closed_because=None)
            self.breaches = [after if each.id == after.id else each for each in self.breaches]


def test_soft_fires_at_its_share_and_not_a_nano_before():
    book = Book()
    book.look(a_reading(3_199))
    assert book.posts == []
    assert book.reasons[BreachKind.SOFT] is Reason.BELOW
    book.look(a_reading(3_200))
    assert book.posts == [BreachKind.SOFT]


def test_a_forecast_over_the_envelope_is_told_before_any_share_is_reached():
    book = Book()
    (told,) = book.look(a_reading(900, p50_nanos=4_001))
    assert (told.kind, told.reason) == (BreachKind.SOFT_FORECAST, Reason.FORECAST_OVER)


def test_without_a_forecast_nothing_is_told_of_it():
    book = Book()
    book.look(a_reading(900, p50_nanos=None))
    assert book.reasons[BreachKind.SOFT_FORECAST] is Reason.NO_FORECAST


def test_a_jump_past_both_thresholds_is_told_once_as_hard():
    book = Book()
    book.look(a_reading(4_500, p50_nanos=9_000))
    assert book.posts == [BreachKind.HARD]
    assert book.reasons[BreachKind.SOFT] is Reason.HIGHER_TOLD
    assert book.reasons[BreachKind.SOFT_FORECAST] is Reason.HIGHER_TOLD


def test_a_higher_threshold_takes_the_place_of_a_lower_one():
    book = Book()
    book.look(a_reading(900, p50_nanos=4_100))
    book.look(a_reading(3_300, p50_nanos=4_100), NOON + timedelta(hours=1))
    book.look(a_reading(3_300, p50_nanos=4_100), NOON + timedelta(hours=2))
    assert book.posts == [BreachKind.SOFT_FORECAST, BreachKind.SOFT]
    assert book.breaches[0].closed_because is Closing.SUPERSEDED


def test_refusals_of_the_guard_count_as_hard_although_spend_stays_below():
    book = Book()
    (told,) = book.look(a_reading(3_100, refused=1))
    assert (told.kind, told.reason) == (BreachKind.HARD, Reason.REFUSED)


def test_a_forecast_that_hovers_does_not_flap():
    book = Book()
    for step, p50 in enumerate([4_010, 3_990, 4_020, 3_900]):
        book.look(a_reading(900, p50_nanos=p50), NOON + timedelta(hours=step))
    assert book.posts == [BreachKind.SOFT_FORECAST]
    assert not book.breaches[0].is_closed
    book.look(a_reading(900, p50_nanos=3_800), NOON + timedelta(hours=9))
    assert book.breaches[0].closed_because is Closing.RECOVERED


def test_what_is_crossed_again_goes_on_in_its_message():
    book = Book()
    book.look(a_reading(3_300))
    book.look(a_reading(3_000), NOON + timedelta(hours=1))
    again = book.look(a_reading(3_300), NOON + timedelta(hours=2))
    assert [(one.act, one.reason) for one in again] == [(Act.REOPEN, Reason.AGAIN)]
    assert book.posts == [BreachKind.SOFT]


def test_a_changed_envelope_closes_its_breach_and_is_armed_again():
    book = Book()
    book.look(a_reading(3_300))
    book.look(a_reading(3_300, revision=2, size_nanos=8_000), NOON + timedelta(hours=1))
    assert book.breaches[0].closed_because is Closing.ENVELOPE_CHANGED
    book.look(a_reading(6_500, revision=2, size_nanos=8_000), NOON + timedelta(hours=2))
    assert book.posts == [BreachKind.SOFT, BreachKind.SOFT]


def test_a_grant_is_named_as_what_ended_the_breach():
    book = Book()
    book.look(a_reading(4_100))
    book.look(a_reading(4_100, revision=2, size_nanos=8_000, changed_by=Closing.GRANTED), NOON + timedelta(hours=1))
    assert book.breaches[0].closed_because is Closing.GRANTED


def test_the_end_of_the_month_closes_what_is_open():
    book = Book()
    book.look(a_reading(3_300))
    over = over_with(book.breaches[0], 3_300)
    assert (over.act, over.closing) == (Act.CLOSE, Closing.CYCLE_OVER)


def test_the_thread_hears_of_five_points_more_and_the_message_of_two():
    book = Book()
    book.look(a_reading(3_200))
    assert book.look(a_reading(3_240), NOON + timedelta(hours=1)) == []
    assert book.look(a_reading(3_290), NOON + timedelta(hours=2))[0].act is Act.EDIT
    assert book.look(a_reading(3_400), NOON + timedelta(hours=3))[0].act is Act.TELL


def test_an_acknowledged_breach_is_quiet_until_it_is_ten_points_worse():
    book = Book()
    book.look(a_reading(3_200))
    book.acknowledge(BreachKind.SOFT)
    assert book.look(a_reading(3_500), NOON + timedelta(hours=1))[0].act is Act.EDIT
    assert book.look(a_reading(3_600), NOON + timedelta(hours=2))[0].act is Act.TELL


def test_a_message_is_not_edited_twice_within_ten_minutes():
    book = Book()
    book.look(a_reading(3_200))
    assert book.look(a_reading(3_300), NOON + timedelta(minutes=9)) == []
    assert book.look(a_reading(3_310), NOON + timedelta(minutes=10))[0].act is Act.EDIT


def test_a_thread_is_no_ticker_while_a_small_envelope_is_burned():
    book = Book()
    book.look(a_reading(4_000))
    acts = [
        one.act
        for count in range(1, 1_201)
        for one in book.look(a_reading(4_000 + 50 * count), NOON + timedelta(seconds=3 * count))
    ]  # fmt: skip
    assert acts == [Act.TELL] * 6


def test_a_thousand_refusals_are_one_message_that_is_edited():
    book = Book()
    acts = [
        one.act
        for count in range(1, 1_001)
        for one in book.look(a_reading(3_000, refused=count), NOON + timedelta(seconds=count))
    ]
    assert acts.count(Act.OPEN) == 1
    assert acts.count(Act.TELL) == 0


def test_hard_under_doubt_is_told_and_enforced_once_the_doubt_is_gone():
    book = Book()
    told = book.look(a_reading(4_100, doubts=(Doubt.UNPRICED,)))
    assert [one.kind for one in told] == [BreachKind.HARD, BreachKind.UNTRUSTED]
    assert not book.breaches[0].is_trusted
    later = book.look(a_reading(4_100), NOON + timedelta(hours=1))
    assert (later[0].act, later[0].reason) == (Act.ENFORCE, Reason.TRUSTED)


def test_a_runaway_is_told_at_any_share_and_is_over_after_two_calm_hours():
    book = Book()
    book.look(a_reading(100, surge=a_surge()))
    assert book.posts == [BreachKind.VELOCITY]
    book.look(a_reading(100), NOON + timedelta(hours=1))
    assert book.reasons[BreachKind.VELOCITY] is Reason.EASING
    book.look(a_reading(100), NOON + timedelta(hours=2))
    assert book.breaches[0].closed_because is Closing.RECOVERED


def test_a_runaway_that_begins_again_within_a_day_is_the_same_one():
    book = Book()
    book.look(a_reading(100, surge=a_surge()))
    book.look(a_reading(100), NOON + timedelta(hours=3))
    again = NOON + timedelta(hours=20)
    book.look(a_reading(100, hour=584, surge=a_surge(at=again)), again)
    next_day = again + timedelta(hours=30)
    book.look(a_reading(100, hour=614), again + timedelta(hours=3))
    book.look(a_reading(100, hour=614, surge=a_surge(at=next_day)), next_day)
    assert book.posts == [BreachKind.VELOCITY, BreachKind.VELOCITY]


def test_a_changed_envelope_does_not_tell_a_runaway_again():
    book = Book()
    book.look(a_reading(100, surge=a_surge()))
    book.look(a_reading(100, revision=2, surge=a_surge()), NOON + timedelta(minutes=5))
    assert book.posts == [BreachKind.VELOCITY]


moments = st.builds(
    lambda spent, p50, refused, doubt, surge: {
        "spent": spent, "p50_nanos": p50, "refused": refused, "doubts": (Doubt.UNPRICED,) if doubt else (),
        "surge": surge,
    },
    st.integers(0, 8_000), st.none() | st.integers(0, 9_000), st.integers(0, 3), st.booleans(),
    st.none() | st.integers(90, 5_000),
)  # fmt: skip


@given(st.lists(st.tuples(moments, st.integers(1, 400), st.booleans()), max_size=40))
def test_laws_hold_over_any_course_of_a_month(course: list[tuple[dict[str, Any], int, bool]]):
    book, now, revision = Book(), NOON, 1
    for moment, minutes, is_changed in course:
        now += timedelta(minutes=minutes)
        revision += is_changed
        surge = a_surge(moment["surge"], at=now.replace(minute=0)) if moment["surge"] else None
        reading = a_reading(**(moment | {"surge": surge, "revision": revision}))
        before = {(one.revision, one.kind, one.threshold_bp) for one in book.breaches}
        highest = max((one.kind.rank for one in book.breaches if one.revision == revision), default=0)
        acting = book.look(reading, now)
        for one in acting:
            if one.act is Act.OPEN:
                assert (revision, one.kind, one.threshold_bp) not in before, "once a threshold"
                assert one.kind.rank == 0 or one.kind.rank > highest, "never lower after higher"
            if one.act in (Act.TELL, Act.EDIT):
                assert one.breach is not None
                assert not one.breach.is_closed
        ranked = [one for one in book.breaches if one.kind.rank and not one.is_closed]
        assert len(ranked) <= 1, "one threshold is open at a time"
        if moment["spent"] >= SIZE:
            assert any(one.kind is BreachKind.HARD and one.revision == revision for one in book.breaches)
        elif moment["spent"] >= SIZE * 0.8:
            assert any(one.kind.rank >= 2 and one.revision == revision for one in book.breaches), "told soft or higher"
        assert book.look(reading, now) == [], "the same moment again changes nothing"
