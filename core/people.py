"""Who may do what. A person is a Slack user id; roles come from the envelope and from the finance list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from core.errors import NotAllowed, OutOfRange

USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


class Role(StrEnum):
    OWNER = "owner"
    FINANCE = "finance partner"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True)
class People:
    """The three who answer for an envelope, as Slack user ids, and the sponsor's deputy if one is named.

    Owner and finance partner may be one person; the sponsor is neither absent nor the owner
    (the practice's rule: whoever spends does not decide on the breach). Raises OutOfRange.
    """

    owner: str
    finance: str
    sponsor: str
    deputy: str | None = None

    def __post_init__(self) -> None:
        for role, person in (("owner", self.owner), ("finance partner", self.finance), ("sponsor", self.sponsor)):
            if not USER_ID.fullmatch(person):
                raise OutOfRange(f"An envelope needs a {role}. Name one with {role.split()[0]}=@name.")
        if self.sponsor == self.owner:
            raise OutOfRange("The sponsor decides on breaches, so it cannot be the owner. Name somebody else.")
        if self.deputy == self.owner:
            raise OutOfRange("The deputy stands in for the sponsor, so it cannot be the owner. Name somebody else.")

    def roles_of(self, person: str) -> frozenset[Role]:
        held = ((self.owner, Role.OWNER), (self.finance, Role.FINANCE), (self.sponsor, Role.SPONSOR))
        return frozenset(role for who, role in held if who == person)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the Slack user id, and whether the workspace's finance list names them."""

    id: str
    is_finance: bool = False

    def require_steward(self, people: People | None, act: str) -> None:
        """Owner or finance partner of this envelope, or workspace finance. Raises NotAllowed naming who may."""
        if self.is_finance:
            return
        if people and people.roles_of(self.id) & {Role.OWNER, Role.FINANCE}:
            return
        if people:
            raise NotAllowed(
                f"Only the owner (<@{people.owner}>) or the finance partner (<@{people.finance}>) can {act}. Ask one of them."
            )
        raise NotAllowed(f"Only the finance team can {act}. Ask somebody on it.")

    def require_finance(self, act: str) -> None:
        """Workspace finance only. Raises NotAllowed."""
        if not self.is_finance:
            raise NotAllowed(f"Only the finance team can {act}. Ask your finance partner.")
