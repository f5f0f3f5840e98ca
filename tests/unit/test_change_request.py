"""Requests to the sponsor: who decides, once, and never on their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.change_request import ChangeRequest, RequestState
from core.envelope import Change, Terms
from core.errors import AlreadyDecided, BudgetError, NotAllowed, OwnRequest
from core.people import People
from core.period import Cycle
from tests.support.books import ANA, DANA, FARAH, KIM, NOON, SAM

PEOPLE = People(ANA, FARAH, SAM, DANA)


def a_request(*, by: str = ANA, people: People = PEOPLE) -> ChangeRequest:
    return ChangeRequest(
        1, 2, "search", Cycle(2026, 11), 3, 100, Change(200, Terms(people)), people, ("raise",), by, NOON
    )


@pytest.mark.parametrize("decider", [SAM, DANA])
@pytest.mark.parametrize("approve", [True, False])
def test_the_sponsor_and_the_deputy_decide(decider: str, approve: bool) -> None:
    decided = a_request().decide(approve, by=decider, at=NOON)

    assert decided.state is (RequestState.APPROVED if approve else RequestState.DECLINED)
    assert (decided.decided_by, decided.decided_at) == (decider, NOON)


@pytest.mark.parametrize("by", [ANA, SAM, FARAH])
def test_a_request_cannot_be_approved_by_its_requester(by: str) -> None:
    with pytest.raises(OwnRequest, match="somebody else"):
        a_request(by=by).decide(True, by=by, at=NOON)


@pytest.mark.parametrize("by", [KIM, FARAH])
def test_nobody_but_sponsor_and_deputy_decides(by: str) -> None:
    with pytest.raises(NotAllowed, match=SAM):
        a_request().decide(True, by=by, at=NOON)


def test_without_a_deputy_only_the_sponsor_decides() -> None:
    with pytest.raises(NotAllowed):
        a_request(people=People(ANA, FARAH, SAM)).decide(True, by=DANA, at=NOON)


@pytest.mark.parametrize("state", [RequestState.APPROVED, RequestState.DECLINED, RequestState.SUPERSEDED])
def test_what_is_decided_stays_decided(state: RequestState) -> None:
    with pytest.raises(AlreadyDecided, match=state.value):
        replace(a_request(), state=state, decided_by=SAM).decide(False, by=DANA, at=NOON)


def test_an_own_request_that_is_decided_says_that_it_is_decided() -> None:
    decided = a_request().decide(True, by=SAM, at=NOON)

    with pytest.raises(BudgetError) as refused:
        decided.decide(True, by=ANA, at=NOON)

    assert type(refused.value) is AlreadyDecided
