"""Envelopes: sizes as sums of entries, thresholds without floats, what waits for the sponsor, and who may be whom."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.degradation import Degradation
from core.envelope import Change, Entry, EntryKind, Envelope, State, Terms, entry_for, loosenings, state_of
from core.errors import BudgetError, NotAllowed, OutOfRange
from core.money import MAX_NANOS, NANOS
from core.people import Actor, People, Role
from core.period import Cycle
from tests.support.books import ANA, DANA, FARAH, KIM, NOON, SAM

NOVEMBER = Cycle(2026, 11)
TRIO = People(ANA, FARAH, SAM)


def an_envelope(*changes: tuple[Cycle, int], terms: Terms | None = None) -> Envelope:
    entries = tuple(Entry(cycle, EntryKind.OPENED, nanos, ANA, NOON) for cycle, nanos in changes)
    return Envelope(2, "search", terms or Terms(TRIO), entries, 1)


def test_the_size_is_the_sum_of_the_entries_up_to_the_cycle() -> None:
    envelope = an_envelope((Cycle(2026, 9), 100), (Cycle(2026, 11), 50), (Cycle(2026, 12), -20))

    assert [envelope.size(Cycle(2026, month)) for month in (8, 9, 10, 11, 12)] == [0, 100, 100, 150, 130]


@given(st.lists(st.integers(1, MAX_NANOS), min_size=1, max_size=20))
def test_entries_bring_the_size_to_what_was_asked_each_time(sizes: list[int]) -> None:
    envelope: Envelope | None = None
    for asked in sizes:
        entry = entry_for(envelope, asked, cycle=NOVEMBER, by=ANA, at=NOON)
        entries = envelope.entries if envelope else ()
        envelope = Envelope(2, "search", Terms(TRIO), entries + ((entry,) if entry else ()), 1)
        assert envelope.size(NOVEMBER) == asked
        assert entry is None or entry.nanos != 0


@pytest.mark.parametrize("nanos", [0, -1, MAX_NANOS + 1])
def test_a_size_outside_what_is_allowed_is_refused(nanos: int) -> None:
    with pytest.raises(OutOfRange, match="\\$1 billion"):
        entry_for(None, nanos, cycle=NOVEMBER, by=ANA, at=NOON)


@pytest.mark.parametrize(
    ("now", "proposed", "found"),
    [
        ({}, {}, 0),
        ({}, {"nanos": 99}, 0),
        ({}, {"nanos": 101}, 1),
        ({}, {"hard_share": 1.2}, 1),
        ({}, {"hard_share": 0.9}, 0),
        ({}, {"soft_share": 0.95}, 0),
        ({}, {"people": People(ANA, FARAH, KIM)}, 1),
        ({}, {"people": People(KIM, FARAH, SAM)}, 0),
        ({}, {"people": People(ANA, FARAH, SAM, DANA)}, 1),
        ({"people": People(ANA, FARAH, SAM, DANA)}, {"people": People(ANA, FARAH, SAM, DANA)}, 0),
        ({}, {"nanos": 200, "hard_share": 2.0, "people": People(ANA, FARAH, KIM, DANA)}, 4),
    ],
)
def test_more_room_or_another_decider_waits_and_nothing_else_does(
    now: dict[str, Any], proposed: dict[str, Any], found: int
) -> None:
    before = an_envelope((NOVEMBER, 100), terms=Terms(**({"people": TRIO} | now)))
    wanted = {"people": now.get("people", TRIO)} | {k: v for k, v in proposed.items() if k != "nanos"}

    assert len(loosenings(before, Change(proposed.get("nanos", 100), Terms(**wanted)), NOVEMBER)) == found


@pytest.mark.parametrize(
    ("spent", "state"),
    [
        (0, State.WITHIN),
        (79, State.WITHIN),
        (80, State.WARNED),
        (99, State.WARNED),
        (100, State.STOPPED),
        (500, State.STOPPED),
    ],
)
def test_a_threshold_is_reached_exactly_at_its_share(spent: int, state: State) -> None:
    assert state_of(spent * NANOS, 100 * NANOS, Terms(TRIO)) is state
    if spent:
        assert state_of(spent * NANOS - 1, 100 * NANOS, Terms(TRIO)) is not State.STOPPED or spent > 100


@given(st.integers(0, MAX_NANOS), st.integers(0, MAX_NANOS), st.integers(1, MAX_NANOS))
def test_more_spend_never_eases_the_state(one: int, other: int, size: int) -> None:
    order = list(State)
    low, high = sorted((one, other))

    assert order.index(state_of(low, size, Terms(TRIO))) <= order.index(state_of(high, size, Terms(TRIO)))


@pytest.mark.parametrize(
    "fields",
    [
        {"soft_share": 0}, {"soft_share": 1.01}, {"soft_share": -0.5}, {"hard_share": 2.01}, {"soft_share": 1, "hard_share": 1},
        {"soft_share": 0.9, "hard_share": 0.8}, {"margin": -0.1}, {"margin": 5.1}, {"holdback": 0.51}, {"holdback": -0.01},
        {"soft_share": float("nan")}, {"margin": float("nan")},
    ],
)  # fmt: skip
def test_terms_that_contradict_each_other_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(OutOfRange):
        Terms(TRIO, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ((ANA, FARAH, ANA), "cannot be the owner"), ((ANA, FARAH, ""), "needs a sponsor"), (("", FARAH, SAM), "needs a owner"),
        ((ANA, "", SAM), "needs a finance"), ((ANA, FARAH, SAM, ANA), "deputy"), (("ana", FARAH, SAM), "owner"),
        ((ANA, FARAH, "<!channel>"), "sponsor"),
    ],
)  # fmt: skip
def test_people_who_may_not_answer_for_it_together_are_refused(people: tuple[str, ...], says: str) -> None:
    with pytest.raises(OutOfRange, match=says):
        People(*people)


def test_owner_and_finance_partner_may_be_one_person() -> None:
    assert People(ANA, ANA, SAM).roles_of(ANA) == {Role.OWNER, Role.FINANCE}


@pytest.mark.parametrize(
    ("actor", "people", "allowed"),
    [
        (Actor(ANA), TRIO, True), (Actor(FARAH), TRIO, True), (Actor(SAM), TRIO, False), (Actor(KIM), TRIO, False),
        (Actor(KIM, is_finance=True), TRIO, True), (Actor(ANA), None, False), (Actor(KIM, is_finance=True), None, True),
    ],
)  # fmt: skip
def test_owner_finance_partner_and_finance_team_may_change_an_envelope(
    actor: Actor, people: People | None, allowed: bool
) -> None:
    if allowed:
        actor.require_steward(people, "change it")
    else:
        with pytest.raises(NotAllowed, match="Ask"):
            actor.require_steward(people, "change it")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("stop", "stop"), ("STOP", "stop"), ("throttle=60/min", "throttle=60/min"), ("throttle 5", "throttle=5/min"),
     ("Throttle: 9 /minute", "throttle=9/min"), ("gpt-4.1-mini", "gpt-4.1-mini")],
)  # fmt: skip
def test_ways_to_degrade_are_read_and_read_back(text: str, kept: str) -> None:
    assert str(Degradation.parse(text)) == kept
    assert Degradation.parse(kept) == Degradation.parse(text)


@pytest.mark.parametrize(
    "text", ["", "throttle", "throttle=0/min", "throttle=-1", "throttle=1000001", "two words", "a\u200bb", "x" * 101]
)
def test_ways_to_degrade_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BudgetError):
        Degradation.parse(text)
