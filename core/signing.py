"""Who signs a reconciliation, in which role, and when it is closed.

Owners sign for what their workloads spent at the provider, a finance partner for the invoice (the practice's rule:
engineering and finance both sign). A signature covers one reading of the numbers; new numbers need new signatures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.errors import NotAllowed, Unreadable
from core.people import Role

LISTED_SHARE: Final = 0.10
"""Owners whose workloads made at least this part of the provider's spend sign; for less, finance signs alone."""
MOST_OWNERS: Final = 5
"""A close that waits for a crowd is never closed."""
REASON_CHARACTERS: Final = 500
REMIND_DAYS: Final = (1, 3, 7)
"""Days after a comparison on which whoever has not signed is reminded; then every week until it is closed."""


@dataclass(frozen=True, slots=True)
class Stake:
    """One workload's part in a provider's month, in nanos; `finance` is its envelope's partner, None without an envelope."""

    workload: str
    owner: str | None
    finance: str | None
    nanos: int


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures close a month.

    Attributes:
      owners: each of them has to sign; the largest part of the spend first. Empty where nothing was spent.
      finance: one of them has to sign.
      in_both: people who may sign in both roles at once: every workload that they own here names them as its finance
        partner too, as a small team may do.
      left_out: owners with too small a part to be asked.
    """

    owners: tuple[str, ...]
    finance: tuple[str, ...]
    in_both: frozenset[str]
    left_out: int = 0

    def roles_of(self, person: str) -> frozenset[Role]:
        """In which roles this person's one click signs. Raises NotAllowed naming who may.

        Somebody who is owner and finance, but not by the word of the envelope, signs as owner; finance is then another.
        """
        is_owner, is_finance = person in self.owners, person in self.finance
        if is_owner and is_finance and person not in self.in_both:
            return frozenset({Role.OWNER})
        held = frozenset(role for role, holds in ((Role.OWNER, is_owner), (Role.FINANCE, is_finance)) if holds)
        if not held:
            raise NotAllowed(f"This is signed by {_people(self.owners)} and for finance by {_people(self.finance)}.")
        return held


def signers_of(stakes: Iterable[Stake], *, finance_team: Collection[str]) -> Signers:
    """Who has to sign, from the workloads with spend at the provider.

    Args:
      finance_team: the workspace's finance list; with the finance partners of the envelopes they sign for finance.
    """
    known = [stake for stake in stakes if stake.nanos > 0]
    total = sum(stake.nanos for stake in known)
    parts: dict[str, int] = {}
    for stake in known:
        if stake.owner:
            parts[stake.owner] = parts.get(stake.owner, 0) + stake.nanos
    ranked = sorted(parts, key=lambda owner: (-parts[owner], owner))
    owners = [owner for owner in ranked if parts[owner] >= LISTED_SHARE * total][:MOST_OWNERS] or ranked[:1]
    partners = {stake.finance for stake in known if stake.finance}
    # The team first and in its own order: its first name is the finance partner where an envelope names none.
    finance = [*dict.fromkeys(finance_team), *sorted(partners - set(finance_team))]
    default = next(iter(finance_team), None)
    in_both = frozenset(
        owner for owner in owners if all((stake.finance or default) == owner for stake in known if stake.owner == owner)
    )
    return Signers(tuple(owners), tuple(finance), in_both, len(ranked) - len(owners))


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's word on one reading of the numbers.

    Attributes:
      digest: of what was shown; a signature with another digest than the reconciliation's covers something else.
      refused_because: why they do not sign; None for a signature.
      void_because: why it no longer counts; None while it does.
    """

    person: str
    role: Role
    digest: str
    at: datetime
    refused_because: str | None = None
    void_because: str | None = None

    @property
    def stands(self) -> bool:
        return self.void_because is None


@dataclass(frozen=True, slots=True)
class SigningState:
    """How far the signing of one reading has come; `is_closed` when nothing is missing and nobody refuses."""

    signed: tuple[Signature, ...]
    refused: tuple[Signature, ...]
    missing_owners: tuple[str, ...]
    missing_finance: tuple[str, ...]

    @property
    def is_closed(self) -> bool:
        return bool(self.signed) and not (self.refused or self.missing_owners or self.missing_finance)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """People to remind, each once: owners who have not signed, then finance where none of them has."""
        return tuple(dict.fromkeys((*self.missing_owners, *self.missing_finance)))


def signing_state(signers: Signers, signatures: Iterable[Signature], digest: str) -> SigningState:
    """What counts of these signatures for the reading with this digest."""
    counted = [one for one in signatures if one.stands and one.digest == digest]
    refused = tuple(one for one in counted if one.refused_because is not None)
    signed = tuple(one for one in counted if one.refused_because is None)
    as_owner = {one.person for one in signed if one.role is Role.OWNER}
    has_finance = any(one.role is Role.FINANCE for one in signed)
    can_sign = tuple(one for one in signers.finance if one not in signers.owners or one in signers.in_both)
    missing = () if has_finance else can_sign or signers.finance
    return SigningState(signed, refused, tuple(one for one in signers.owners if one not in as_owner), missing)


def refusal_reason(text: str) -> str:
    """The reason as typed, on one line. Raises Unreadable for none: a refusal that says nothing helps nobody."""
    words = " ".join(text.split())
    if len(words) < 3:
        raise Unreadable("Say in a few words what is wrong, so that somebody can mend it.")
    return words[:REASON_CHARACTERS]


def reminder_due(made_at: datetime, now: datetime) -> int | None:
    """The number of the reminder that is due, from 1; None before the first. After a day, three days, then every week."""
    days = (now - made_at).days
    if days < REMIND_DAYS[0]:
        return None
    early = sum(days >= one for one in REMIND_DAYS)
    return early if days < REMIND_DAYS[-1] else early + (days - REMIND_DAYS[-1]) // 7


def _people(users: Collection[str]) -> str:
    return ", ".join(f"<@{user}>" for user in users) or "nobody yet"
