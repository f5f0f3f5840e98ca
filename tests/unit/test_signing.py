"""Who signs a reconciliation, and when it is closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import NotAllowed, Unreadable
from core.people import Role
from core.signing import MOST_OWNERS, Signature, Signers, Stake, refusal_reason, signers_of, signing_state
from tests.support.books import ANA, DANA, FARAH, KIM, NOON, SAM

TEAM = (FARAH,)


def a_signature(person: str, role: Role, digest: str = "d") -> Signature:
    return Signature(person, role, digest, NOON)


def test_the_owner_of_what_was_spent_and_finance_sign() -> None:
    signers = signers_of([Stake("search", ANA, FARAH, 900), Stake("support", KIM, FARAH, 100)], finance_team=TEAM)

    assert signers.owners == (ANA, KIM)
    assert signers.finance == (FARAH,)


def test_an_owner_of_crumbs_is_not_asked_but_counted() -> None:
    signers = signers_of([Stake("search", ANA, FARAH, 995), Stake("toy", KIM, FARAH, 5)], finance_team=TEAM)

    assert (signers.owners, signers.left_out) == ((ANA,), 1)


def test_among_many_equal_owners_a_few_sign() -> None:
    stakes = [Stake(f"w{n}", f"U0P{n:02}", FARAH, 100) for n in range(10)]

    assert len(signers_of(stakes, finance_team=TEAM).owners) == MOST_OWNERS


def test_where_every_owner_is_small_the_largest_signs() -> None:
    stakes = [Stake(f"w{n}", f"U0P{n:02}", FARAH, 100 + (n == 7)) for n in range(30)]

    assert signers_of(stakes, finance_team=TEAM).owners == ("U0P07",)


def test_one_person_signs_in_both_roles_where_the_envelope_says_so() -> None:
    signers = signers_of([Stake("search", ANA, ANA, 100)], finance_team=TEAM)

    assert signers.roles_of(ANA) == {Role.OWNER, Role.FINANCE}


def test_one_person_does_not_sign_in_both_roles_where_the_envelope_names_another() -> None:
    signers = signers_of([Stake("search", FARAH, DANA, 100)], finance_team=TEAM)

    assert signers.roles_of(FARAH) == {Role.OWNER}
    state = signing_state(signers, [a_signature(FARAH, Role.OWNER)], "d")
    assert not state.is_closed
    assert state.missing_finance == (DANA,)


def test_one_envelope_of_another_partner_is_enough_to_need_two_people() -> None:
    stakes = [Stake("search", ANA, ANA, 100), Stake("support", ANA, FARAH, 100)]

    assert signers_of(stakes, finance_team=TEAM).roles_of(ANA) == {Role.OWNER}


def test_without_an_envelope_the_workspace_finance_partner_counts() -> None:
    signers = signers_of([Stake("unattributed", FARAH, None, 100)], finance_team=TEAM)

    assert signers.roles_of(FARAH) == {Role.OWNER, Role.FINANCE}


def test_a_stranger_is_told_who_signs() -> None:
    signers = Signers((ANA,), (FARAH,), frozenset())

    with pytest.raises(NotAllowed, match=f"<@{ANA}> and for finance by <@{FARAH}>"):
        signers.roles_of(SAM)


def test_it_is_closed_when_every_owner_and_one_of_finance_signed() -> None:
    signers = Signers((ANA, KIM), (FARAH, DANA), frozenset())
    signed = [a_signature(ANA, Role.OWNER), a_signature(FARAH, Role.FINANCE)]

    assert signing_state(signers, signed, "d").missing_owners == (KIM,)
    assert not signing_state(signers, signed, "d").is_closed
    assert signing_state(signers, [*signed, a_signature(KIM, Role.OWNER)], "d").is_closed


def test_a_signature_of_other_numbers_counts_for_nothing() -> None:
    signers = Signers((ANA,), (FARAH,), frozenset())
    old = [a_signature(ANA, Role.OWNER, "before"), a_signature(FARAH, Role.FINANCE, "before")]

    assert signing_state(signers, old, "after").signed == ()


def test_a_void_signature_counts_for_nothing() -> None:
    signers = Signers((ANA,), (FARAH,), frozenset())
    both = [a_signature(ANA, Role.OWNER), a_signature(FARAH, Role.FINANCE)]

    void = replace(both[0], void_because="the numbers changed")
    assert signing_state(signers, [void, both[1]], "d").missing_owners == (ANA,)


def test_a_refusal_keeps_it_open() -> None:
    signers = Signers((ANA,), (FARAH,), frozenset())
    refused = replace(a_signature(ANA, Role.OWNER), refused_because="batch is missing")

    state = signing_state(signers, [refused, a_signature(FARAH, Role.FINANCE)], "d")
    assert not state.is_closed
    assert state.refused == (refused,)


def test_a_month_nobody_spent_in_is_signed_by_finance_alone() -> None:
    signers = signers_of([], finance_team=TEAM)

    assert signing_state(signers, [a_signature(FARAH, Role.FINANCE)], "d").is_closed


def test_a_refusal_without_a_reason_is_not_taken() -> None:
    with pytest.raises(Unreadable, match="what is wrong"):
        refusal_reason("  ")
