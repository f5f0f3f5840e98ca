"""Who may do what. A person is a Slack user id; roles come from the envelope and from the finance list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.approval import NEVER_THE_OWNER, Act, Role, may
from core.errors import NotAllowed, OutOfRange

__all__ = ["USER_ID", "Actor", "People", "Role"]

USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


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
        """What somebody is to the envelope; empty for a stranger."""
        held = (
            (self.owner, Role.OWNER), (self.finance, Role.FINANCE), (self.sponsor, Role.SPONSOR), (self.deputy, Role.DEPUTY),
        )  # fmt: skip
        return frozenset(role for who, role in held if who == person)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the Slack user id, and whether the workspace's finance list names them."""

    id: str
    is_finance: bool = False

    def roles(self, people: People | None) -> frozenset[Role]:
        """All that they are to an envelope, and whether they are on the finance team."""
        held = people.roles_of(self.id) if people else frozenset()
        return held | {Role.TEAM} if self.is_finance else held

    def may(self, act: Act, people: People | None) -> bool:
        """By the table of authority."""
        return may(self.roles(people), act)

    def require(self, act: Act, people: People, name: str) -> None:
        """By the table of authority. Raises NotAllowed naming who may, with a line to paste for the owner.

        Args:
          name: of the workload.
        """
        roles = self.roles(people)
        if may(roles, act):
            return
        if act in NEVER_THE_OWNER and Role.OWNER in roles:
            raise NotAllowed(
                f"You own {name}, so somebody else has to {act}: its sponsor (<@{people.sponsor}>) decides.",
                correction=f"/budget request {name} AMOUNT REASON",
            )
        if may({Role.OWNER}, act) and not may({Role.SPONSOR}, act):
            raise NotAllowed(
                f"Only the owner of {name} (<@{people.owner}>) can {act}.", correction=f"/budget status {name}"
            )
        deputy = f" or the deputy (<@{people.deputy}>)" if people.deputy else ""
        raise NotAllowed(
            f"Only the sponsor of {name} (<@{people.sponsor}>){deputy} can {act}.", correction=f"/budget status {name}"
        )

    def require_steward(self, people: People | None, act: str) -> None:
        """Owner or finance partner of this envelope, or workspace finance. Raises NotAllowed naming who may."""
        if may(self.roles(people), Act.CHANGE_ENVELOPE):
            return
        if people:
            raise NotAllowed(
                f"Only the owner (<@{people.owner}>) or the finance partner (<@{people.finance}>) can {act}. Ask one of them."
            )
        raise NotAllowed(f"Only the finance team can {act}. Ask somebody on it.")

    def require_finance(self, act: str) -> None:
        """Workspace finance only. Raises NotAllowed."""
        if not may(self.roles(None), Act.KEEP_BOOKS):
            raise NotAllowed(f"Only the finance team can {act}. See who that is:", correction="/budget settings")
