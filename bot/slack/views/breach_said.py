"""The facts of a breach's notice, read into a value that its messages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from core.breach import BreachKind, Closing
from core.escalation import Decision
from core.period import Cycle
from core.standing import Freshness


@dataclass(frozen=True, slots=True)
class SurgeSaid:
    """The dearest hour of a runaway; nanos. `by` are (dimension, label, nanos) of what leads in it."""

    hour_at: datetime
    hours: int
    spent_nanos: int
    expected_nanos: int
    by: tuple[tuple[str, str, int], ...]

    @property
    def multiple(self) -> float:
        return self.spent_nanos / max(1, self.expected_nanos)


@dataclass(frozen=True, slots=True)
class CauseSaid:
    """Why it spends what it does: the gap to what it was compared with, and its largest parts; nanos."""

    basis: str
    gap_nanos: int
    parts: tuple[tuple[str, int], ...]
    movers: tuple[tuple[str, str | None, int], ...]


@dataclass(frozen=True, slots=True)
class BreachSaid:
    """What a breach's message says; money in nanos, shares in ten-thousandths."""

    number: int
    workload: str
    cycle: Cycle
    kind: BreachKind
    reason: str
    threshold_bp: int
    soft_bp: int
    hard_bp: int
    spent_nanos: int
    size_nanos: int
    days: tuple[int, ...]
    previous_nanos: int
    share_elapsed: float
    forecast: tuple[int, int, int] | None
    chance: float | None
    breach_on: tuple[date, date] | None
    owner: str
    finance: str
    sponsor: str
    degrade: str | None
    doubts: tuple[str, ...]
    is_enforced: bool
    unpriced_models: tuple[str, ...]
    unpriced_requests: int
    refused: int
    burn_nanos: int
    lag: timedelta | None
    cause: CauseSaid | None
    surge: SurgeSaid | None
    surge_began_at: datetime | None
    hours: tuple[tuple[datetime, int, int], ...]
    freshness: Freshness
    acknowledged_by: str | None
    closed_because: Closing | None
    closed_at: datetime | None
    decided: tuple[Decision, str] | None = None
    decided_size_nanos: int | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> BreachSaid:
        """Raises KeyError, ValueError for facts that are not a breach's."""
        year, month = str(facts["cycle"]).split("-")
        latest, on, lag = facts["latest_at"], facts["breach_on"], facts["lag_seconds"]
        closed = facts.get("closed_because")
        return cls(
            number=int(facts["breach"]), workload=facts["workload"], cycle=Cycle(int(year), int(month)),
            kind=BreachKind(facts["kind"]), reason=facts["reason"], threshold_bp=facts["threshold_bp"],
            soft_bp=facts["soft_bp"], hard_bp=facts["hard_bp"], spent_nanos=facts["spent"], size_nanos=facts["size"],
            days=tuple(facts["days"]), previous_nanos=facts["previous"], share_elapsed=facts["elapsed"],
            # One from before a surge may lie below what is spent by now: then it says nothing.
            forecast=(facts["p10"], facts["p50"], facts["p90"]) if (facts["p50"] or 0) >= facts["spent"] else None,
            chance=facts["chance"], breach_on=(date.fromisoformat(on[0]), date.fromisoformat(on[1])) if on else None,
            owner=facts["owner"], finance=facts["finance"], sponsor=facts["sponsor"], degrade=facts["degrade"],
            doubts=tuple(facts["doubts_now"]), is_enforced=not facts["doubts"],
            unpriced_models=tuple(facts["unpriced_models"]), unpriced_requests=facts["unpriced_requests"],
            refused=facts["refused"], burn_nanos=facts["burn"], lag=timedelta(seconds=lag) if lag is not None else None,
            cause=_cause(facts["cause"]), surge=_surge(facts.get("surge")), surge_began_at=_at(facts.get("surge_began_at")),
            hours=tuple((datetime.fromisoformat(at), spent, usual) for at, spent, usual in facts.get("hours", ())),
            freshness=Freshness(
                datetime.fromisoformat(facts["as_of"]), _at(latest), facts["unpriced_requests"], tuple(facts["unpriced_models"])
            ),
            acknowledged_by=facts.get("acknowledged_by"), closed_because=Closing(closed) if closed else None,
            closed_at=_at(facts.get("closed_at")), decided=_decided(facts),
            decided_size_nanos=(facts.get("decided") or {}).get("size"),
        )  # fmt: skip

    @property
    def share_used(self) -> float:
        return self.spent_nanos / self.size_nanos

    @property
    def days_left(self) -> int:
        """Whole days of the cycle after today."""
        return self.cycle.days - len(self.days)

    @property
    def unseen_nanos(self) -> int:
        """What may be spent already without having arrived: the feed's lag at the rate of the last hours."""
        return round(self.burn_nanos * self.lag.total_seconds() / 3600) if self.lag else 0


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _decided(facts: Mapping[str, Any]) -> tuple[Decision, str] | None:
    """What the sponsor decided, and who it was; None while it is open, also when it is open again."""
    said = facts.get("decided")
    return (Decision(said["decision"]), said["by"]) if said and facts.get("state") == "decided" else None


def _cause(facts: Mapping[str, Any] | None) -> CauseSaid | None:
    if not facts:
        return None
    return CauseSaid(
        facts["basis"], facts["gap"], tuple((driver, nanos) for driver, nanos in facts["parts"]),
        tuple((dimension, label, nanos) for dimension, label, nanos in facts["movers"]),
    )  # fmt: skip


def _surge(facts: Mapping[str, Any] | None) -> SurgeSaid | None:
    if not facts:
        return None
    return SurgeSaid(
        datetime.fromisoformat(facts["hour_at"]), facts["hours"], facts["spent"], facts["expected"],
        tuple((dimension, label, nanos) for dimension, label, nanos in facts["by"]),
    )  # fmt: skip
