"""The table of authority, spelled out a second time: every act with every role, and everybody else."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approval import AUTHORITY, NEVER_THE_OWNER, Act, Role, may
from core.errors import NotAllowed
from core.people import Actor, People
from tests.support.books import ANA, DANA, FARAH, KIM, SAM

TEAM = "U0TEAM"
PEOPLE = People(ANA, FARAH, SAM, DANA)
EVERYBODY = "owner finance sponsor deputy team stranger"
EXPECTED = {
    Act.LOOK: EVERYBODY,
    Act.CHANGE_ENVELOPE: "owner finance team",
    Act.CHANGE_WORKLOAD: "owner finance team",
    Act.KEEP_BOOKS: "team",
    Act.DECIDE_RAISE: "sponsor deputy",
    Act.ASK_FOR_MORE: "owner",
    Act.DRAW_HOLDBACK: "owner",
    Act.GRANT: "sponsor deputy",
    Act.KEEP_DEGRADED: "sponsor deputy",
    Act.STOP: "sponsor deputy",
    Act.DECLINE: "sponsor deputy",
    Act.LIFT_DEGRADATION: "finance sponsor deputy team",
    Act.LIFT_STOP: "sponsor deputy",
    Act.END_GRANT: "sponsor deputy",
    Act.ACKNOWLEDGE: "owner finance sponsor deputy team",
}
PERSONS = {
    "owner": Actor(ANA), "finance": Actor(FARAH), "sponsor": Actor(SAM), "deputy": Actor(DANA),
    "team": Actor(TEAM, is_finance=True), "stranger": Actor(KIM),
}  # fmt: skip


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", list(PERSONS))
def test_every_act_is_open_to_exactly_these_roles(act: Act, role: str) -> None:
    expected = role in EXPECTED[act].split()

    assert PERSONS[role].may(act, PEOPLE) is expected
    if not expected:
        with pytest.raises(NotAllowed, match=r"<@U0(SAM|ANA)>|finance"):
            PERSONS[role].require(act, PEOPLE, "search")


def test_every_act_has_its_line_in_the_table() -> None:
    assert set(AUTHORITY) == set(Act) == set(EXPECTED)


@pytest.mark.parametrize("act", sorted(NEVER_THE_OWNER))
def test_no_other_role_lets_an_owner_decide_on_their_own_spend(act: Act) -> None:
    others = [role for role in Role if role is not Role.OWNER]
    for count in range(len(others) + 1):
        for held in combinations(others, count):
            assert not may({Role.OWNER, *held}, act)


@given(st.sets(st.sampled_from(list(Role))), st.sampled_from(list(Act)))
def test_roles_only_ever_add_but_for_the_owners_rule(held: set[Role], act: Act) -> None:
    if may(held, act) and not (act in NEVER_THE_OWNER and Role.OWNER in held):
        assert may(held | {Role.FINANCE, Role.SPONSOR, Role.DEPUTY, Role.TEAM}, act)
