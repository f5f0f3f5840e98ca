"""The ladder past the hard threshold: how it is read, how far money goes through it, and what the guard makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.degradation import Degradation, Stance, room_of
from core.envelope import Change as EnvelopeChange
from core.envelope import Entry, EntryKind, Envelope, State, Terms, entry_for, loosenings, state_of
from core.errors import BudgetError
from core.guard import Answer, Offer, Posture, Used, Verdict, decide, in_turn, posture_of
from core.holds import Ask, Learned, ceiling_rate
from core.list_prices import list_rates
from core.people import People
from core.period import Cycle
from core.usage import TokenClasses
from tests.support.books import ANA, FARAH, NOON, SAM

NOVEMBER, DECEMBER = Cycle(2026, 11), Cycle(2026, 12)
CENT = 10_000_000
ONE_CENT = Ask(TokenClasses(1000), 1000)
TRIO = People(ANA, FARAH, SAM)


def an_envelope(ladder: str | None, hard: float = 0.9, cents: int = 100) -> Envelope:
    terms = Terms(TRIO, hard_share=hard, degrade=Degradation.parse(ladder) if ladder else None)
    return Envelope(2, "search", terms, (Entry(NOVEMBER, EntryKind.OPENED, cents * CENT, ANA, NOON),), 1)


def a_posture(ladder: str | None, hard: float = 0.9, **stance: Any) -> Posture:
    return posture_of(an_envelope(ladder, hard), "search", NOVEMBER, Stance(**stance))


def an_offer(model: str = "gpt-4.1") -> Offer:
    return Offer("openai", model, list_rates("openai", model, "standard", date(2026, 11, 24))[0][1], Learned())


MINI = an_offer("gpt-4.1-mini")


def asks(posture: Posture, cents: float, fallback: Offer | None = MINI, asked: Offer | None = None) -> Verdict:
    found = fallback if posture.fallback else None
    return decide(ONE_CENT, posture, Used(round(cents * CENT)), asked or an_offer(), found)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("gpt-4.1-mini,throttle=60/min,stop", "gpt-4.1-mini,throttle=60/min,stop"),
        ("stop, throttle 5, gpt-4.1-mini", "gpt-4.1-mini,throttle=5/min,stop"),
        ("gpt-4.1-mini → throttle=60 → stop", "gpt-4.1-mini,throttle=60/min,stop"),
        ("gpt-4.1-mini,dry-run", "gpt-4.1-mini,dry-run"),
        ("Dry-Run,Stop", "stop,dry-run"),
    ],
)
def test_a_ladder_is_read_in_any_order_and_kept_in_one(text: str, kept: str) -> None:
    assert str(Degradation.parse(text)) == kept
    assert Degradation.parse(kept) == Degradation.parse(text)


@pytest.mark.parametrize("text", ["a,b", "stop,stop", "throttle=1,throttle=2", "dry-run", ",", "throttle=٣"])
def test_a_ladder_that_contradicts_itself_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BudgetError, match=r"throttle=60/min|degrade="):
        Degradation.parse(text)


@given(
    st.integers(1, 10**15),
    st.integers(100, 20_000),
    st.sampled_from([None, "stop", "m", "throttle=5", "m,throttle=5", "m,stop", "m,throttle=5,stop"]),
)
def test_the_rungs_follow_each_other_and_end_within_the_envelope_or_its_threshold(
    size: int, basis_points: int, ladder: str | None
) -> None:
    room = room_of(size, basis_points / 10_000, Degradation.parse(ladder) if ladder else None)

    assert room.hard <= (room.throttled or room.hard) <= room.limit
    assert room.hard == size * basis_points // 10_000
    assert room.limit <= max(size, room.hard)


def test_without_a_ladder_nothing_passes_beyond_the_hard_threshold() -> None:
    assert asks(a_posture(None), 89).answer is Answer.ALLOW
    assert asks(a_posture(None), 89.5).answer is Answer.DENY
    assert asks(a_posture("stop"), 89.5).answer is Answer.DENY


def test_past_the_hard_threshold_the_cheaper_model_serves_to_the_end_of_the_envelope() -> None:
    posture = a_posture("gpt-4.1-mini")

    assert asks(posture, 89).answer is Answer.ALLOW
    swapped = asks(posture, 89.5)
    assert (swapped.answer, swapped.model) == (Answer.DEGRADE, "gpt-4.1-mini")
    assert swapped.reason == "search is past its hard threshold and degraded to gpt-4.1-mini"
    assert asks(posture, 99.8).answer is Answer.DEGRADE
    assert asks(posture, 99.9).answer is Answer.DENY


def test_a_cheaper_model_without_a_price_is_never_used_and_gives_no_room() -> None:
    assert asks(a_posture("nobody-knows-it"), 89.5, fallback=None).answer is Answer.DENY
    assert asks(a_posture("nobody-knows-it", is_degraded=True), 10, fallback=None).answer is Answer.ALLOW


def test_a_request_for_something_no_dearer_than_the_cheaper_model_keeps_its_model() -> None:
    verdict = asks(a_posture("gpt-4.1-mini", is_degraded=True), 50, asked=an_offer("gpt-4.1-nano"))

    assert (verdict.answer, verdict.model) == (Answer.ALLOW, "gpt-4.1-nano")


@pytest.mark.parametrize("ladder", ["gpt-4.1-mini,throttle=1/min", "throttle=1/min", "stop"])
@pytest.mark.parametrize("stance", [{"is_degraded": True}, {"is_stopped": True}])
def test_a_model_that_costs_nothing_is_neither_swapped_nor_throttled_nor_stopped(
    ladder: str, stance: dict[str, Any]
) -> None:
    verdict = asks(a_posture(ladder, **stance), 150, asked=Offer("local", "llama-9", ceiling_rate(0, 0), Learned()))

    assert (verdict.answer, verdict.model, verdict.takes_turn) == (Answer.ALLOW, "llama-9", False)


def test_the_throttle_joins_the_cheaper_model_halfway() -> None:
    posture = a_posture("gpt-4.1-mini,throttle=60/min")

    assert [asks(posture, cents).takes_turn for cents in (50, 90, 94.5, 95, 99)] == [False, False, False, True, True]


def test_a_throttle_alone_begins_at_the_hard_threshold_and_keeps_the_model() -> None:
    posture = a_posture("throttle=60/min")

    verdict = asks(posture, 90)

    assert (verdict.answer, verdict.model, verdict.takes_turn) == (Answer.ALLOW, "gpt-4.1", True)
    assert not asks(posture, 80).takes_turn
    assert asks(a_posture("throttle=60/min", is_degraded=True), 10).takes_turn


def test_who_comes_after_the_last_turn_is_told_how_long_to_wait() -> None:
    posture = a_posture("throttle=60/min")
    verdict = asks(posture, 95)

    assert in_turn(posture, verdict, 59, NOON) == (verdict, None)
    denied, seconds = in_turn(posture, verdict, 60, datetime(2026, 11, 24, 12, 0, 48, tzinfo=UTC))
    assert (denied.answer, seconds) == (Answer.DENY, 12)
    assert "throttled to 60 requests a minute" in denied.reason and "/budget request search" in denied.reason


@pytest.mark.parametrize(
    "posture", [a_posture("gpt-4.1-mini,dry-run"), a_posture("gpt-4.1-mini", is_degraded=True, undone_at=NOON)]
)
def test_what_was_lifted_or_only_reports_keeps_models_as_far_as_the_ladder_would_have_gone(posture: Posture) -> None:
    assert asks(posture, 95).answer is Answer.ALLOW
    assert asks(posture, 99.5).answer is Answer.DENY


def test_a_dry_run_does_not_lift_what_the_sponsor_stopped() -> None:
    assert asks(a_posture("gpt-4.1-mini,dry-run", is_stopped=True), 10).answer is Answer.DENY


@given(st.integers(0, 130), st.sampled_from([None, "stop", "gpt-4.1-mini", "throttle=9", "gpt-4.1-mini,throttle=9"]))
def test_no_ladder_spends_past_the_envelope_with_a_hard_threshold_within_it(cents: int, ladder: str | None) -> None:
    verdict = asks(a_posture(ladder), cents)

    if verdict.size is not None:
        assert cents * CENT + verdict.size.held_nanos <= 100 * CENT


@pytest.mark.parametrize(
    ("ladder", "cents", "stance", "state"),
    [
        ("gpt-4.1-mini", 10, {}, State.WITHIN),
        ("gpt-4.1-mini", 85, {}, State.WARNED),
        ("gpt-4.1-mini", 90, {}, State.DEGRADED),
        ("stop", 90, {}, State.STOPPED),
        (None, 90, {}, State.STOPPED),
        (None, 10, {"is_stopped": True, "granted_until": NOON}, State.STOPPED),
        ("gpt-4.1-mini", 10, {"is_degraded": True}, State.DEGRADED),
        ("gpt-4.1-mini", 10, {"is_degraded": True, "undone_at": NOON}, State.WITHIN),
        ("gpt-4.1-mini", 85, {"granted_until": NOON}, State.GRANTED),
        ("gpt-4.1-mini", 95, {"granted_until": NOON}, State.DEGRADED),
    ],
)
def test_a_state_says_what_holds_for_the_next_request(
    ladder: str | None, cents: int, stance: dict[str, Any], state: State
) -> None:
    assert state_of(cents * CENT, 100 * CENT, an_envelope(ladder).terms, Stance(**stance)) is state


MONEY = st.integers(1, 10**13)


@given(MONEY, st.lists(MONEY, max_size=5), st.lists(MONEY, max_size=5))
def test_grants_come_and_go_beside_the_lasting_size(opened: int, raises: list[int], grants: list[int]) -> None:
    envelope = replace(an_envelope(None), entries=(Entry(NOVEMBER, EntryKind.OPENED, opened, ANA, NOON),))
    for raised, granted in zip(raises, grants, strict=False):
        given_entry = Entry(NOVEMBER, EntryKind.GRANTED, granted, SAM, NOON)
        taken = Entry(DECEMBER, EntryKind.REVERTED, -granted, SAM, NOON)
        change = entry_for(envelope, raised, cycle=NOVEMBER, by=ANA, at=NOON)
        envelope = replace(envelope, entries=(*envelope.entries, given_entry, *([change] if change else []), taken))
        assert envelope.lasting(NOVEMBER) == raised

    assert envelope.size(NOVEMBER) == sum(entry.nanos for entry in envelope.entries if entry.cycle == NOVEMBER)
    assert envelope.size(DECEMBER) == envelope.lasting(DECEMBER) == sum(entry.nanos for entry in envelope.entries)


@pytest.mark.parametrize(
    ("was", "then", "waits"),
    [
        ("stop", "gpt-4.1-mini", True),
        (None, "throttle=60/min", True),
        ("gpt-4.1-mini", "gpt-4.1-mini,dry-run", True),
        ("gpt-4.1-mini", "gpt-4.1-mini,throttle=60/min", False),
        ("gpt-4.1-mini", "stop", False),
        ("gpt-4.1-mini,dry-run", "gpt-4.1-mini", False),
    ],
)
def test_a_ladder_that_lets_more_through_waits_for_the_sponsor(was: str | None, then: str, waits: bool) -> None:
    proposed = EnvelopeChange(100 * CENT, an_envelope(then).terms)

    assert bool(loosenings(an_envelope(was), proposed, NOVEMBER)) is waits
