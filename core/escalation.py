"""What waits for a sponsor's word on money: escalations, and the grants that come of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.period import Cycle


class EscalationKind(StrEnum):
    HARD = "hard"
    """A hard threshold was crossed; nobody asked, the books did."""
    REQUEST = "request"
    """The owner asks for more."""


class EscalationState(StrEnum):
    OPEN = "open"
    DECIDED = "decided"
    CLOSED = "closed"
    """There is nothing left to decide: the breach recovered, or the month is over."""


class Decision(StrEnum):
    GRANTED = "granted"
    KEPT = "kept"
    STOPPED = "stopped"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Escalation:
    """One question to a sponsor. People are Slack user ids, money nanos.

    Attributes:
      id: 0 until stored.
      asked_nanos: how much more was asked for; None where nobody asked.
      asked_by: who asked; None for a breach.
      reminded: how many reminders went out.
      deputy_at: when it was put before the deputy; None while it was not. `turned_because` says why, and `away_until` until when
        the sponsor is away where that is known: see `core.services.put_question`.
      decided_at, decided_by, decision: set once decided; `closed_because` once closed without a decision.
    """

    id: int
    workload_id: int
    workload: str
    cycle: Cycle
    kind: EscalationKind
    opened_at: datetime
    breach_id: int | None = None
    asked_nanos: int | None = None
    asked_by: str | None = None
    reason: str = ""
    reminded: int = 0
    deputy_at: datetime | None = None
    state: EscalationState = EscalationState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: Decision | None = None
    closed_because: str = ""
    turned_because: str = ""
    away_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is EscalationState.OPEN


@dataclass(frozen=True, slots=True)
class Grant:
    """A sponsor's bounded yes. It counts from `granted_at` and is taken back at `until`, at the end of the cycle at the latest.

    Attributes:
      id: 0 until stored.
      ended_because: `expired`, `cycle_over` or `withdrawn`; "" while it is in force.
    """

    id: int
    workload_id: int
    cycle: Cycle
    nanos: int
    until: datetime
    reason: str
    granted_by: str
    granted_at: datetime
    breach_id: int | None = None
    asked_by: str | None = None
    ended_at: datetime | None = None
    ended_because: str = ""
