"""Envelopes: one workload's dollars for a cycle, with thresholds and people; their size is the sum of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.errors import OutOfRange, Unreadable
from core.money import MAX_NANOS, usd
from core.people import People
from core.period import Cycle
from core.quiet import QuietHours

DEFAULT_SOFT: Final = 0.80
DEFAULT_HARD: Final = 1.00


class EntryKind(StrEnum):
    """Why an envelope's size changed. Entries are only ever added."""

    OPENED = "opened"
    RAISED = "raised"
    LOWERED = "lowered"


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
class Degradation:
    """What happens past the hard threshold; one step of the ladder. Exactly one of the three is set or `stop` is true."""

    model: str | None = None
    requests_per_minute: int | None = None
    stop: bool = False

    def __str__(self) -> str:
        if self.model:
            return self.model
        return "stop" if self.stop else f"throttle={self.requests_per_minute}/min"

    @classmethod
    def parse(cls, text: str) -> Degradation:
        """`stop`, `throttle=60/min` or a model's name. Raises Unreadable, OutOfRange."""
        words = text.strip()
        if words.lower() == "stop":
            return cls(stop=True)
        if words.lower().startswith("throttle"):
            number = (
                words.lower()
                .removeprefix("throttle")
                .lstrip("=: ")
                .removesuffix("/min")
                .removesuffix("/minute")
                .strip()
            )
            if not number.isdecimal() or not 1 <= int(number) <= 1_000_000:
                raise OutOfRange(
                    f"“{words[:40]}” is not a throttle. Write it like throttle=60/min, from 1 to 1,000,000."
                )
            return cls(requests_per_minute=int(number))
        if not words or len(words) > 100 or not words.isprintable() or " " in words:
            raise Unreadable(
                f"“{words[:40]}” is not a way to degrade. Use a cheaper model's name, throttle=60/min or stop."
            )
        return cls(model=words)


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
        """Nanos in force in that cycle; 0 before the envelope was opened."""
        return sum(entry.nanos for entry in self.entries if entry.cycle <= cycle)


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed envelope: the size and the terms it would have."""

    nanos: int
    terms: Terms


def loosenings(current: Envelope, proposed: Change, cycle: Cycle) -> tuple[str, ...]:
    """What of the change gives more room or moves the decision to somebody else; such a change waits for the sponsor.

    More money, a higher hard threshold, another sponsor or deputy. Empty: the change is immediate.
    """
    was, would = current.terms, proposed.terms
    found = []
    if proposed.nanos > (size := current.size(cycle)):
        found.append(f"raise from {usd(size)} to {usd(proposed.nanos)}")
    if would.hard_share > was.hard_share:
        found.append(f"hard threshold from {was.hard_share:.0%} to {would.hard_share:.0%}")
    if would.people.sponsor != was.people.sponsor:
        found.append(f"sponsor from <@{was.people.sponsor}> to <@{would.people.sponsor}>")
    if would.people.deputy not in (was.people.deputy, None):
        found.append(f"deputy to <@{would.people.deputy}>")
    return tuple(found)


def entry_for(
    current: Envelope | None, nanos: int, *, cycle: Cycle, by: str, at: datetime, approved_by: str | None = None
) -> Entry | None:
    """The entry that brings the size to `nanos` from `cycle` on, or None when it is that already. Raises OutOfRange."""
    if not 0 < nanos <= MAX_NANOS:
        raise OutOfRange("An envelope has to hold more than $0 and at most $1 billion.")
    if current is None:
        return Entry(cycle, EntryKind.OPENED, nanos, by, at)
    difference = nanos - current.size(cycle)
    if difference == 0:
        return None
    return Entry(cycle, EntryKind.RAISED if difference > 0 else EntryKind.LOWERED, difference, by, at, approved_by)


class State(StrEnum):
    """Where an envelope stands; the names of the HTTP API."""

    WITHIN = "within"
    WARNED = "warned"
    OVER = "over"  # past hard; what follows from it (degraded, granted, stopped) is the breach flow's to say


def state_of(spent_nanos: int, size_nanos: int, terms: Terms) -> State:
    """By actual spend alone: at the soft share it is warned, at the hard share it is over. Exact, without floats."""
    for share, state in ((terms.hard_share, State.OVER), (terms.soft_share, State.WARNED)):
        if spent_nanos * 10_000 >= size_nanos * round(share * 10_000):
            return state
    return State.WITHIN
