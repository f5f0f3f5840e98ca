"""Proposed envelopes for a new cycle: what is expected with room for growth, and what changed since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.envelope import Envelope
from core.errors import AlreadyDecided
from core.period import Cycle


class ProposalState(StrEnum):
    """What became of a proposal. Asked: it gives more room, so the sponsor has it. Discussed: people talk about it first."""

    OPEN = "open"
    ACCEPTED = "accepted"
    ASKED = "asked"
    DISCUSSED = "discussed"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class EnvelopeProposal:
    """One envelope's proposed size in a cycle.

    Attributes:
      revision: of the envelope when it was proposed; a changed envelope overtakes it.
      facts: what it rests on, plain values: `size`, `spent` of the last cycle and its `last_size`, `p10`, `p50`, `p90`
        in nanos, `margin`, and `drivers`, the largest causes of change as [name, nanos].
    """

    workload_id: int
    workload: str
    cycle: Cycle
    nanos: int
    revision: int
    facts: Mapping[str, Any]
    made_at: datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody may still decide; talking about it settles nothing."""
        return self.state in (ProposalState.OPEN, ProposalState.DISCUSSED)

    def seen_against(self, envelope: Envelope) -> EnvelopeProposal:
        """The proposal as it stands beside the envelope now: overtaken once that was changed."""
        if self.waits and envelope.revision != self.revision:
            return replace(self, state=ProposalState.OVERTAKEN)
        return self

    def decided(self, state: ProposalState, *, by: str, at: datetime) -> EnvelopeProposal:
        """The proposal after a decision. Raises AlreadyDecided."""
        if not self.waits:
            who = f" by <@{self.decided_by}>" if self.decided_by else ""
            raise AlreadyDecided(
                f"This proposal for {self.workload} is already {self.state}{who}. See `/budget status {self.workload}`."
            )
        return replace(self, state=state, decided_by=by, decided_at=at)
