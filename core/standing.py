"""What the books say at one moment, as values: the input of every message, table and chart about spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.degradation import CALM, Stance
from core.dry_run import DryRun
from core.envelope import Envelope, State
from core.period import Cycle


@dataclass(frozen=True, slots=True)
class Freshness:
    """How recent and how trustworthy the numbers are.

    Attributes:
      latest_usage_at: the newest usage event counted, aware UTC; None when there is none at all.
      unpriced_requests: requests of the cycle whose model has no known price; their dollars are missing from every sum.
      unpriced_models: their names, most requests first, at most five.
    """

    as_of: datetime
    latest_usage_at: datetime | None
    unpriced_requests: int = 0
    unpriced_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """Where a cycle is expected to end, as last foretold. Nanos.

    Attributes:
      as_of: the last complete day that it was made from.
      breach_probability: chance to pass the envelope that was in force then, 0–1; None without one.
      breach_on: first and last likely day of that; None where it is unlikely.
    """

    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    breach_probability: float | None
    breach_on: tuple[date, date] | None
    as_of: date


@dataclass(frozen=True, slots=True)
class WorkloadStanding:
    """One line of `/budget status`. Money in nanos; shares from 0, may pass 1; `None` where there is no envelope.

    Attributes:
      size_nanos: the envelope in force this cycle, or None without one.
      share_used: spent / size, or None.
      run_rate_nanos: see `run_rate`; a straight line, not a forecast. None before the first complete day.
      pending_nanos: a raise that waits for the sponsor, or None.
      forecast: None before one was made.
      stance: what was decided about it this cycle.
    """

    workload: str
    spent_nanos: int
    requests: int
    size_nanos: int | None
    share_used: float | None
    run_rate_nanos: int | None
    state: State | None
    owner: str | None
    unpriced_requests: int = 0
    pending_nanos: int | None = None
    forecast: MonthEnd | None = None
    stance: Stance = CALM

    @property
    def forecast_nanos(self) -> int | None:
        """Month-end at p50."""
        return self.forecast.p50_nanos if self.forecast else None

    @property
    def breach_probability(self) -> float | None:
        return self.forecast.breach_probability if self.forecast and self.size_nanos is not None else None


@dataclass(frozen=True, slots=True)
class Overview:
    """`/budget status`: every workload, most spend first, with what is not attributed among them."""

    cycle: Cycle
    share_elapsed: float
    lines: tuple[WorkloadStanding, ...]
    freshness: Freshness

    @property
    def spent_nanos(self) -> int:
        return sum(line.spent_nanos for line in self.lines)

    @property
    def size_nanos(self) -> int:
        return sum(line.size_nanos or 0 for line in self.lines)


def run_rate(complete_nanos: int, days_done: int, days: int) -> int | None:
    """Where a straight line through the complete days ends; None before the first one is complete.

    Today is left out: its morning would count as a quiet day.

    Args:
      complete_nanos: spent on the `days_done` complete days of a cycle of `days`.
    """
    return round(complete_nanos * days / days_done) if days_done > 0 else None


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a breakdown: its label (None = no value given), nanos and requests."""

    label: str | None
    spent_nanos: int
    requests: int


@dataclass(frozen=True, slots=True)
class Detail:
    """`/budget status <workload>`.

    Attributes:
      days: every day of the cycle up to today, oldest first, with that day's spend in nanos (0 where nothing was spent).
      previous_nanos: spend of the whole previous cycle; `previous_to_date_nanos` of its same elapsed days.
      by_model: this cycle by model, most first.
      classes: tokens of the cycle per class name, disjoint.
      dry_run: what the ladder would have done since hard; None where none is tried out just now.
    """

    line: WorkloadStanding
    envelope: Envelope | None
    cycle: Cycle
    share_elapsed: float
    days: tuple[tuple[date, int], ...]
    previous_nanos: int
    previous_to_date_nanos: int
    by_model: tuple[Slice, ...]
    classes: tuple[tuple[str, int], ...]
    freshness: Freshness
    dry_run: DryRun | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`/budget spend by …` for one cycle.

    Attributes:
      dimension: feature, team, environment, customer, project, model, provider or workload.
      slices: most first; the slice without a label is spend that carries no such tag.
      coverage: share of the dollars that carry the label, 0–1; None when nothing was spent.
      days: for the chart: per day and slice label, nanos; only the labels of the largest slices.
      weeks: (Monday, coverage of that week or None without spend), oldest first, up to the end of the cycle or today.
    """

    dimension: str
    cycle: Cycle
    slices: tuple[Slice, ...]
    coverage: float | None
    days: tuple[tuple[date, str | None, int], ...]
    freshness: Freshness
    weeks: tuple[tuple[date, float | None], ...] = ()

    @property
    def spent_nanos(self) -> int:
        return sum(part.spent_nanos for part in self.slices)


@dataclass(frozen=True, slots=True)
class Catch:
    """What a rule would catch, over a stated period: from which workload how much would move.

    `moves` are (workload it counts to now, requests, nanos), most first. `examples` are readable label sets.
    `unattributed_nanos` is the part that sits in `unattributed` this cycle and could be re-attributed.
    """

    since: date
    requests: int
    spent_nanos: int
    moves: tuple[tuple[str, int, int], ...]
    examples: tuple[str, ...]
    unattributed_requests: int
    unattributed_nanos: int


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change: `seq` counts from 1, `actor` is a Slack user id or a program's name, `act` a verb phrase in the past."""

    seq: int
    at: datetime
    actor: str
    act: str
    subject: str
    detail: dict[str, object]
    digest: str


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The newest changes first; `broken_at` is the first entry whose hash does not fit, None when the chain is whole."""

    lines: tuple[AuditLine, ...]
    total: int
    broken_at: int | None
