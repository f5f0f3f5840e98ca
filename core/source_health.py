"""Whether a source can be believed: silent, late, guessing, unpriced or fine, judged by its own habits; pure.

A finding is a state that people are told of and that alerts can watch. Shares are of the last `RECENT_DAYS` days.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

RECENT_DAYS: Final = 7
HABIT_DAYS: Final = 28
"""How far back the rhythm of a source is learnt."""
LATE: Final = timedelta(hours=6)
"""Usage that arrives later than this after the call is too old to act on within the day."""
QUIET: Final = timedelta(hours=26)
"""A source that sends every day is silent once a whole day and a bit has passed."""
UNSURE_SHARE: Final = 0.02
"""Above two in a hundred, counts that were guessed or are missing move the totals by more than rounding."""
REFUSED_SHARE: Final = 0.01


class Condition(StrEnum):
    """What is the matter, the gravest first: a source is in the first state that applies."""

    REVOKED = "revoked"
    UNUSED = "unused"
    SILENT = "silent"
    REFUSED = "refused"
    GUESSING = "guessing"
    UNPRICED = "unpriced"
    LATE = "late"
    REPAIRED = "repaired"
    DONE = "done"
    FINE = "fine"


ALARMING: Final = frozenset(
    {Condition.SILENT, Condition.REFUSED, Condition.GUESSING, Condition.UNPRICED, Condition.LATE}
)
"""The states that somebody has to look into."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a source sent on one UTC day of arrival; instants are aware UTC.

    `folded` are second reports of calls that another source counts. `latest_event_at` is None when nothing counted.
    """

    on: date
    accepted: int = 0
    duplicates: int = 0
    folded: int = 0
    rejected: int = 0
    partial: int = 0
    guessed: int = 0
    missing: int = 0
    repaired: int = 0
    unpriced: int = 0
    latest_event_at: datetime | None = None
    latest_arrival_at: datetime | None = None

    @property
    def sent(self) -> int:
        return self.accepted + self.duplicates + self.folded + self.rejected


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source fares.

    Attributes:
      is_live: it has a token and is expected to go on; an import is done when its file is.
      conditions: all that apply, the gravest first; never empty.
      last_seen_at: the newest arrival, None when nothing ever came (within `HABIT_DAYS`).
      lag: from the newest call to its arrival, at least zero; None when nothing was counted.
      usual_gap_days: the longest pause between two days of arrival that is normal for it, at least 1.
      recent: sums of the last `RECENT_DAYS` days.
    """

    name: str
    is_live: bool
    conditions: tuple[Condition, ...]
    last_seen_at: datetime | None
    lag: timedelta | None
    usual_gap_days: int
    recent: Day

    @property
    def condition(self) -> Condition:
        return self.conditions[0]

    @property
    def is_alarming(self) -> bool:
        return self.condition in ALARMING

    def share(self, count: int) -> float:
        """A part of the recent events that count, 0 to 1."""
        return count / self.recent.accepted if self.recent.accepted else 0.0


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """A provider's report that is pulled to check the spend, and never added to it.

    Attributes:
      name: provider and report, `openai/completions`.
      pulled_at: when it was last read to its end, aware UTC; None when it never was.
      problem: what was wrong with the last read, for a person.
    """

    name: str
    pulled_at: datetime | None
    problem: str | None


def health_of(name: str, days: Sequence[Day], *, is_live: bool, is_revoked: bool, now: datetime) -> SourceHealth:
    """Judge a source by what it sent, oldest day first, over the last `HABIT_DAYS` days."""
    since = now.date() - timedelta(days=RECENT_DAYS - 1)
    recent = total([day for day in days if day.on >= since], on=since)
    arrivals = [day.latest_arrival_at for day in days if day.latest_arrival_at]
    seen = max(arrivals, default=None)
    gap = usual_gap([day.on for day in days])
    lag = _lag(days)
    conditions = tuple(
        condition
        for condition, applies in (
            (Condition.REVOKED, is_revoked),
            (Condition.UNUSED, seen is None),
            (Condition.SILENT, is_live and not is_revoked and seen is not None and now - seen > _patience(gap)),
            (Condition.REFUSED, recent.sent > 0 and recent.rejected / max(1, recent.sent) >= REFUSED_SHARE),
            (
                Condition.GUESSING,
                recent.accepted > 0 and (recent.guessed + recent.missing) / recent.accepted >= UNSURE_SHARE,
            ),
            (Condition.UNPRICED, recent.unpriced > 0),
            (Condition.LATE, is_live and lag is not None and lag > LATE),
            (
                Condition.REPAIRED,
                recent.accepted > 0 and (recent.repaired + recent.partial) / recent.accepted >= UNSURE_SHARE,
            ),
            (Condition.DONE, not is_live and seen is not None),
        )
        if applies
    )
    return SourceHealth(name, is_live, conditions or (Condition.FINE,), seen, lag, gap, recent)


def usual_gap(days: Sequence[date]) -> int:
    """The longest pause in days between arrivals that is normal: at least 1, and 1 where too little is known.

    The longest of all gaps but one: a single outage must not become the habit.
    """
    gaps = sorted((later - earlier).days for earlier, later in itertools.pairwise(days))
    if len(gaps) < 3:
        return max(gaps, default=1)
    return max(1, gaps[-2])


def total(days: Sequence[Day], *, on: date) -> Day:
    """The sums of several days, under the first of them."""
    names = (
        "accepted", "duplicates", "folded", "rejected", "partial", "guessed", "missing", "repaired", "unpriced",
    )  # fmt: skip
    sums = {name: sum(getattr(day, name) for day in days) for name in names}
    return Day(
        on, **sums,
        latest_event_at=max((day.latest_event_at for day in days if day.latest_event_at), default=None),
        latest_arrival_at=max((day.latest_arrival_at for day in days if day.latest_arrival_at), default=None),
    )  # fmt: skip


def _patience(gap_days: int) -> timedelta:
    """How long a source may say nothing before that is remarkable."""
    return QUIET + timedelta(days=gap_days - 1)


def _lag(days: Sequence[Day]) -> timedelta | None:
    """How far the newest call lay back when its last batch arrived."""
    for day in reversed(days):
        if day.latest_event_at and day.latest_arrival_at:
            return max(timedelta(0), day.latest_arrival_at - day.latest_event_at)
    return None
