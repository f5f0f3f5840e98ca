"""Envelopes: one workload's dollars for a cycle, with thresholds and people; their size is the sum of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.degradation import CALM, Degradation, Stance
from core.errors import OutOfRange
from core.money import MAX_NANOS, usd
from core.people import People
from core.period import Cycle
from core.quiet import QuietHours

DEFAULT_SOFT: Final = 0.80
DEFAULT_HARD: Final = 1.00


class EntryKind(StrEnum):
    """Why an envelope's size changed. Entries are only ever added.

    The first three are lasting. A grant, a drawn holdback and what was carried over from the last cycle are for a while: each
    is followed by a `reverted` of the same amount, in force from the next cycle on at the latest.
    """

    OPENED = "opened"
    RAISED = "raised"
    LOWERED = "lowered"
    GRANTED = "granted"
    DRAWN = "drawn"
    CARRIED = "carried"
    REVERTED = "reverted"


LASTING: Final = frozenset({EntryKind.OPENED, EntryKind.RAISED, EntryKind.LOWERED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed change of an envelope's size, in force from `cycle` on. `by` and `approved_by` are Slack user ids."""

    cycle: Cycle
    kind: EntryKind
    nanos: int
    by: str
    at: datetime
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an envelope says beside its size. Shares run from 0 to 1 (hard up to 2); `channel` is a Slack channel id.

    `margin` is the planned room for growth above the forecast; `holdback` the part that the owner may draw once,
    `quiet` the hours in which soft alerts wait.
    Raises OutOfRange when the thresholds contradict each other.
    """

    people: People
    channel: str | None = None
    soft_share: float = DEFAULT_SOFT
    hard_share: float = DEFAULT_HARD
    margin: float = 0.20
    holdback: float = 0.0
    degrade: Degradation | None = None
    quiet: QuietHours | None = None

    def __post_init__(self) -> None:
        if not 0.01 <= self.soft_share <= 1:
            raise OutOfRange(
                f"The soft threshold {self.soft_share:.0%} is outside 1%–100%. Use something like soft=80%."
            )
        if not 0.01 <= self.hard_share <= 2:
            raise OutOfRange(
                f"The hard threshold {self.hard_share:.0%} is outside 1%–200%. Use something like hard=100%."
            )
        if self.soft_share >= self.hard_share:
            raise OutOfRange(
                f"The soft threshold ({self.soft_share:.0%}) has to be below the hard one ({self.hard_share:.0%})."
            )
        if not 0 <= self.margin <= 5:
            raise OutOfRange(f"The margin {self.margin:.0%} is outside 0%–500%.")
        if not 0 <= self.holdback <= 0.5:
            raise OutOfRange(f"The holdback {self.holdback:.0%} is outside 0%–50% of the envelope.")


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope as it stands in one cycle. `revision` grows by one with every change, from 1."""

    workload_id: int
    workload: str
    terms: Terms
    entries: tuple[Entry, ...]
    revision: int

    def size(self, cycle: Cycle) -> int:
        """Nanos in force in that cycle, grants included; 0 before the envelope was opened."""
        return sum(entry.nanos for entry in self.entries if entry.cycle <= cycle)

    def lasting(self, cycle: Cycle) -> int:
        """The size without what is granted or drawn for a while: what `set` talks about."""
        return sum(entry.nanos for entry in self.entries if entry.cycle <= cycle and entry.kind in LASTING)


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed envelope: the size and the terms it would have."""

    nanos: int
    terms: Terms


def loosenings(current: Envelope, proposed: Change, cycle: Cycle) -> tuple[str, ...]:
    """What of the change gives more room or moves the decision to somebody else; such a change waits for the sponsor.

    More money, a higher hard threshold, a larger holdback, another sponsor or deputy. Empty: the change is immediate.
    """
    was, would = current.terms, proposed.terms
    found = []
    if proposed.nanos > (size := current.lasting(cycle)):
        found.append(f"raise from {usd(size)} to {usd(proposed.nanos)}")
    if would.hard_share > was.hard_share:
        found.append(f"hard threshold from {was.hard_share:.0%} to {would.hard_share:.0%}")
    if _limit_share(would) > max(_limit_share(was), would.hard_share):
        found.append("spend past the hard threshold up to the whole envelope")
    if would.degrade and would.degrade.is_dry_run and was.degrade and not was.degrade.is_dry_run:
        found.append("degradation only reports")
    if would.holdback > was.holdback:
        found.append(f"holdback from {was.holdback:.0%} to {would.holdback:.0%}")
    if would.people.sponsor != was.people.sponsor:
        found.append(f"sponsor from <@{was.people.sponsor}> to <@{would.people.sponsor}>")
    if would.people.deputy not in (was.people.deputy, None):
        found.append(f"deputy to <@{would.people.deputy}>")
    return tuple(found)


def _limit_share(terms: Terms) -> float:
    """How far spend through the guard may go, as a share of the envelope; see `core.degradation`."""
    has_steps = terms.degrade is not None and terms.degrade.has_steps
    return max(terms.hard_share, 1.0) if has_steps else terms.hard_share


def entry_for(
    current: Envelope | None, nanos: int, *, cycle: Cycle, by: str, at: datetime, approved_by: str | None = None
) -> Entry | None:
    """The entry that brings the lasting size to `nanos` from `cycle` on, or None when it is that. Raises OutOfRange."""
    if not 0 < nanos <= MAX_NANOS:
        raise OutOfRange("An envelope has to hold more than $0 and at most $1 billion.")
    if current is None:
        return Entry(cycle, EntryKind.OPENED, nanos, by, at)
    difference = nanos - current.lasting(cycle)
    if difference == 0:
        return None
    return Entry(cycle, EntryKind.RAISED if difference > 0 else EntryKind.LOWERED, difference, by, at, approved_by)


class State(StrEnum):
    """Where an envelope stands; the names of the HTTP API."""

    WITHIN = "within"
    WARNED = "warned"
    DEGRADED = "degraded"
    GRANTED = "granted"
    STOPPED = "stopped"


def state_of(spent_nanos: int, size_nanos: int, terms: Terms, stance: Stance = CALM) -> State:
    """Where it stands, by what is spent and what was decided; exact, without floats.

    A sponsor's stop comes first. Past the hard threshold it is degraded where its ladder lets something through, and stopped
    where nothing does. A grant in force shows while neither is the case.
    """
    has_steps = terms.degrade is not None and terms.degrade.has_steps
    is_past_hard = spent_nanos * 10_000 >= size_nanos * round(terms.hard_share * 10_000)
    if stance.is_stopped or (is_past_hard and not has_steps):
        return State.STOPPED
    if is_past_hard or (stance.is_degraded and not stance.is_lifted):
        return State.DEGRADED
    if stance.granted_until is not None:
        return State.GRANTED
    is_warned = spent_nanos * 10_000 >= size_nanos * round(terms.soft_share * 10_000)
    return State.WARNED if is_warned else State.WITHIN
