"""A breach: one threshold of an envelope crossed, with its cause and its life: open → told → decided → closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.period import Cycle


class BreachKind(StrEnum):
    """What was crossed. `untrusted` is a number that cannot be believed: an alert of its own."""

    SOFT_FORECAST = "soft_forecast"
    SOFT = "soft"
    HARD = "hard"
    VELOCITY = "velocity"
    UNTRUSTED = "untrusted"

    @property
    def rank(self) -> int:
        """Of the three thresholds, how high it is; 0 for what is no threshold. A lower one never follows a higher one."""
        return {"soft_forecast": 1, "soft": 2, "hard": 3}.get(self.value, 0)


class BreachState(StrEnum):
    OPEN = "open"
    TOLD = "told"
    DECIDED = "decided"
    CLOSED = "closed"


class Closing(StrEnum):
    """Why a breach ended. `superseded`: a higher threshold was passed, whose message says it all."""

    RECOVERED = "recovered"
    CYCLE_OVER = "cycle_over"
    ENVELOPE_CHANGED = "envelope_changed"
    GRANTED = "granted"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Breach:
    """One row of the breaches; unique by workload, cycle, revision, kind and threshold.

    Attributes:
      revision: of the envelope when it was crossed; a changed envelope has breaches of its own.
      threshold_bp: of soft and hard, the share in ten-thousandths; of `soft_forecast` 10 000, the whole envelope; of
        `velocity` the hour of the cycle, counted from 0, in which the runaway began; of `untrusted` 0.
      worst_nanos: the highest spend (of `soft_forecast` the highest p50, of `velocity` the dearest hour) seen so far.
      facts: what was known when it last changed, plain values; `core/services/breach_facts.py` names them.
        `doubts` is not empty where the numbers cannot be trusted: then nothing is enforced.
    """

    workload_id: int
    workload: str
    cycle: Cycle
    revision: int
    kind: BreachKind
    threshold_bp: int
    opened_at: datetime
    id: int = 0
    state: BreachState = BreachState.OPEN
    told_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    closed_at: datetime | None = None
    closed_because: Closing | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    worst_nanos: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The name that all its messages share in the outbox."""
        return f"breach/{self.id}"

    @property
    def dedup_key(self) -> str:
        """Names the transition, so that no restart and no replica can tell it twice."""
        return f"breach/{self.workload_id}/{self.cycle}/{self.revision}/{self.kind}/{self.threshold_bp}"

    @property
    def is_closed(self) -> bool:
        return self.state is BreachState.CLOSED

    @property
    def is_trusted(self) -> bool:
        """Whether the numbers behind it could be believed; enforcement starts from nothing else."""
        return not self.facts.get("doubts")
