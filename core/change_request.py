"""Requests to an envelope's sponsor: a raise or another loosening waits here until somebody entitled decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.approval import Act, may
from core.envelope import Change
from core.errors import AlreadyDecided, NotAllowed, OwnRequest
from core.people import People
from core.period import Cycle


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change of an existing envelope that waits for its sponsor. Ids of people are Slack user ids.

    Attributes:
      id: 0 until stored.
      revision: the envelope's revision that the requester saw; approval applies to that one only.
      current_nanos: the envelope's size at the time of asking.
      deciders: the people of the envelope as it stands: its sponsor decides, or the deputy.
      loosenings: in words, what gives more room.
    """

    id: int
    workload_id: int
    workload: str
    cycle: Cycle
    revision: int
    current_nanos: int
    proposed: Change
    deciders: People
    loosenings: tuple[str, ...]
    requested_by: str
    requested_at: datetime
    state: RequestState = RequestState.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None

    def decide(self, approve: bool, *, by: str, at: datetime) -> ChangeRequest:
        """The request as decided. Raises AlreadyDecided, OwnRequest, NotAllowed; in that order."""
        if self.state is not RequestState.PENDING:
            who = f" by <@{self.decided_by}>" if self.decided_by else ""
            raise AlreadyDecided(f"This request was already {self.state}{who}. Nothing was changed.")
        if by == self.requested_by:
            raise OwnRequest("You asked for this yourself, so somebody else has to decide.")
        if not may(self.deciders.roles_of(by), Act.DECIDE_RAISE):
            raise NotAllowed(f"Only the sponsor (<@{self.deciders.sponsor}>) or the deputy can decide on this.")
        return replace(
            self, state=RequestState.APPROVED if approve else RequestState.DECLINED, decided_by=by, decided_at=at
        )

    def superseded(self, *, at: datetime) -> ChangeRequest:
        """The request once a newer change has taken its place."""
        return replace(self, state=RequestState.SUPERSEDED, decided_at=at)


@dataclass(frozen=True, slots=True)
class SetOrder:
    """What somebody asks of `set`: only what is given changes; the rest stays, or gets its default on a new envelope.

    Money in nanos, shares 0–1, people as Slack user ids, `channel` a Slack channel id, `degrade` and `quiet` as typed
    (`off` for none).
    `seen_revision` is the envelope's revision that a modal was filled from; None from the command line.
    """

    workload: str
    nanos: int | None = None
    owner: str | None = None
    finance: str | None = None
    sponsor: str | None = None
    deputy: str | None = None
    channel: str | None = None
    soft_share: float | None = None
    hard_share: float | None = None
    margin: float | None = None
    holdback: float | None = None
    degrade: str | None = None
    quiet: str | None = None
    seen_revision: int | None = None
