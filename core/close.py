"""The month turn: when a cycle is over, when its estimate is frozen, and what may still change it afterwards.

A cycle ends in the books' time zone. For some days of grace late usage still counts as if it had come in time; then the
estimate is frozen with the rates that priced it. What changes a frozen month later is an adjustment with a date and a
reason, kept beside the frozen figure, which stays. So the two always add up to what the books say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from core.errors import OutOfRange
from core.period import Cycle

DEFAULT_GRACE_DAYS: Final = 3
MOST_GRACE_DAYS: Final = 20
"""With more, the month would be frozen only when the next one is nearly over."""
MOST_BEHIND: Final = 12
"""Cycles that are turned at once after a long standstill; older ones were never closed here and stay so."""


class Because(StrEnum):
    """Why a frozen month changed."""

    LATE_USAGE = "late usage"
    REPRICED = "repriced"
    REATTRIBUTED = "re-attributed"
    COUNTED_TWICE = "counted twice"


@dataclass(frozen=True, slots=True)
class CloseTerms:
    """How months are closed. `carries_unspent`: what an envelope did not use is added to the next cycle, for that one only.

    Raises OutOfRange for a grace period that is no number of days from 0 to 20.
    """

    grace_days: int = DEFAULT_GRACE_DAYS
    carries_unspent: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.grace_days <= MOST_GRACE_DAYS:
            raise OutOfRange(f"A grace period of {self.grace_days} days is outside 0–{MOST_GRACE_DAYS}.")

    def frozen_from(self, cycle: Cycle, zone: ZoneInfo) -> datetime:
        """The instant from which on the cycle's estimate no longer takes late usage, aware UTC: a local midnight."""
        on = cycle.next.first_on + timedelta(days=self.grace_days)
        return datetime(on.year, on.month, on.day, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class CycleClosing:
    """A cycle that is over. Instants are aware UTC.

    Attributes:
      ended_at: the first instant that no longer belongs to it.
      frozen_from: when its estimate is due to be frozen, as the grace period was when the month turned.
      frozen_at: when it was; None until then.
    """

    cycle: Cycle
    ended_at: datetime
    frozen_from: datetime
    turned_at: datetime
    frozen_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether its estimate has to be frozen now."""
        return self.frozen_at is None and now >= self.frozen_from


class Place(NamedTuple):
    """What frozen figures and adjustments are kept by."""

    workload_id: int
    provider: str


class Figure(NamedTuple):
    """Nanos and requests; of a difference, either may be below 0."""

    nanos: int
    requests: int


class FrozenLine(NamedTuple):
    """A part of a frozen estimate: one model's usage at one rate. `rate_id` is the books' number of that rate; None = unpriced."""

    workload_id: int
    provider: str
    model: str
    tier: str
    rate_id: int | None
    requests: int
    nanos: int

    @property
    def place(self) -> Place:
        return Place(self.workload_id, self.provider)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of a frozen month. `id` is 0 until stored; `booked_on` is its day in the books' zone; `by` a Slack id or `outlay`."""

    cycle: Cycle
    place: Place
    figure: Figure
    because: Because
    booked_on: date
    at: datetime
    by: str
    id: int = 0


def to_turn(now: datetime, zone: ZoneInfo, last_turned: Cycle | None) -> tuple[Cycle, ...]:
    """The cycles that are over and not turned yet, oldest first; at most `MOST_BEHIND`. New books begin with the last one."""
    ended = Cycle.of(now, zone).previous
    if last_turned is None:
        return (ended,)
    found: list[Cycle] = []
    while ended > last_turned and len(found) < MOST_BEHIND:
        found.append(ended)
        ended = ended.previous
    return tuple(reversed(found))


_Key = TypeVar("_Key")


def sums(parts: Sequence[tuple[_Key, Figure]]) -> dict[_Key, Figure]:
    """Figures added up by their key."""
    found: dict[_Key, Figure] = {}
    for key, figure in parts:
        was = found.get(key, Figure(0, 0))
        found[key] = Figure(was.nanos + figure.nanos, was.requests + figure.requests)
    return found


def completed(lines: Sequence[FrozenLine], live: Mapping[Place, Figure]) -> list[FrozenLine]:
    """The estimate of a month, with what its sums hold beyond its single events: those that were let go with age.

    Such a rest names no model and no rate; it is rare, since months are frozen long before their events go.
    """
    known = sums([(line.place, Figure(line.nanos, line.requests)) for line in lines])
    rest = moved(known, live)
    return [
        *lines,
        *(FrozenLine(*place, "", "", None, figure.requests, figure.nanos) for place, figure in rest.items()),
    ]


def moved(known: Mapping[Place, Figure], live: Mapping[Place, Figure]) -> dict[Place, Figure]:
    """What the books say of a month beyond what is known of it (frozen and adjusted), by place; nothing that is 0."""
    found: dict[Place, Figure] = {}
    for place in sorted({*known, *live}):
        was, now = known.get(place, Figure(0, 0)), live.get(place, Figure(0, 0))
        if was != now:
            found[place] = Figure(now.nanos - was.nanos, now.requests - was.requests)
    return found


def reasons(differences: Mapping[Place, Figure]) -> dict[Place, Because]:
    """Why each place moved, as far as the figures tell: other requests came late, the same ones were priced anew, and what
    one workload lost and another won of a provider was re-attributed."""
    by_provider = sums([(place.provider, figure) for place, figure in differences.items()])
    found: dict[Place, Because] = {}
    for place, figure in differences.items():
        if figure.requests == 0:
            found[place] = Because.REPRICED
        elif by_provider[place.provider] == Figure(0, 0):
            found[place] = Because.REATTRIBUTED
        else:
            found[place] = Because.LATE_USAGE
    return found


def unspent(size_nanos: int, spent_nanos: int) -> int:
    """What an envelope has left at its end; never below 0: an overspent month is not taken from the next."""
    return max(0, size_nanos - spent_nanos)
