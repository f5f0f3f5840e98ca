"""The first 30 days: the checklist, which day it is, which post is due, and what stands in the way; pure.

The four weeks are the practice's (product.md §1.7): attribution, forecast, envelopes and alerts, degradation and a first
reconciliation. What the books prove ticks itself; the rest is ticked by hand, with who and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import OutOfRange, UnknownName

DAYS: Final = 30
WEEKS: Final = 4
FINAL_POST: Final = 5
POSTED_AT: Final = time(9)
"""In the rollout's zone."""
TITLES: Final = ("Attribution", "Forecast", "Envelopes and alerts", "Bounds and a first close")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist; `by_hand` where no data can prove it."""

    key: str
    week: int
    title: str
    by_hand: bool = False


ITEMS: Final = (
    Item("source", 1, "A source sends usage"),
    Item("feature", 1, "90% of the spend carries a feature"),
    Item("environment", 1, "90% of the spend carries an environment"),
    Item("bucket", 1, "What is unattributed has an owner"),
    Item("inventory", 1, "Every team that calls a model is known", by_hand=True),
    Item("shapes", 2, "Token shapes and model mix are measured where 80% of the spend is"),
    Item("forecast", 2, "The forecast is built from them"),
    Item("metric", 2, "Volume is tied to a business metric"),
    Item("plans", 2, "Launches and switches of the next month are planned, or there are none", by_hand=True),
    Item("envelopes", 3, "Envelopes with all three people where 80% of the spend is"),
    Item("agreed", 3, "Owners and sponsors have agreed to their envelopes", by_hand=True),
    Item("replay", 3, "Soft thresholds are replayed on history"),
    Item("alert", 3, "A test alert was seen"),
    Item("degradation", 4, "The largest workloads degrade past hard, tried dry first"),
    Item("reconciled", 4, "A first reconciliation is signed"),
    Item("looked_back", 4, "The month was looked back on together", by_hand=True),
)
"""Numbered from 1 in this order."""


def item_numbered(number: int) -> Item:
    """Raises UnknownName."""
    if not 1 <= number <= len(ITEMS):
        raise UnknownName(
            f"The checklist has items 1 to {len(ITEMS)}; there is no {number}.", correction="/budget rollout"
        )
    return ITEMS[number - 1]


class RolloutState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Rollout:
    """One run of the checklist.

    Attributes:
      id: 0 until stored.
      zone: of the weekly posts: Slack channels have none, so it is that of whoever started it.
      people: Slack user ids who see it through; they may tick by hand, as finance may.
      posted: the number of the last post, 0 before the first; 1 to 4 are the weeks, 5 is the final statement.
      paused_on: since when it rests; `paused_days` are earlier rests, which count for nothing.
    """

    id: int
    channel: str
    zone: ZoneInfo
    started_on: date
    people: tuple[str, ...]
    started_by: str
    state: RolloutState = RolloutState.RUNNING
    paused_on: date | None = None
    paused_days: int = 0
    posted: int = 0

    @property
    def is_live(self) -> bool:
        return self.state in (RolloutState.RUNNING, RolloutState.PAUSED)

    def day(self, today: date) -> int:
        """1 on the day it starts; below 1 before. Days of rest do not count."""
        until = min(today, self.paused_on) if self.paused_on else today
        return (until - self.started_on).days - self.paused_days + 1

    def date_of(self, day: int) -> date:
        """When that day is, as far as is known: a rest that goes on moves it."""
        return self.started_on + timedelta(days=day - 1 + self.paused_days)

    def week(self, today: date) -> int:
        """1 to 4; the last two days belong to the fourth."""
        return min(WEEKS, max(1, (self.day(today) - 1) // 7 + 1))

    def paused(self, today: date) -> Rollout:
        """Raises OutOfRange when it does not run."""
        if self.state is not RolloutState.RUNNING:
            raise OutOfRange(f"The rollout is {self.state}, so it cannot be paused.", correction="/budget rollout")
        return replace(self, state=RolloutState.PAUSED, paused_on=max(today, self.started_on))

    def resumed(self, today: date) -> Rollout:
        """The days of rest are added; nothing is overdue because of them. Raises OutOfRange when it does not rest."""
        if self.state is not RolloutState.PAUSED or self.paused_on is None:
            raise OutOfRange(
                f"The rollout is {self.state}, so there is nothing to resume.", correction="/budget rollout"
            )
        rested = max(0, (today - self.paused_on).days)
        return replace(self, state=RolloutState.RUNNING, paused_on=None, paused_days=self.paused_days + rested)


@dataclass(frozen=True, slots=True)
class Post:
    """The post that is due: its number, and the weeks before it that could not be posted."""

    number: int
    missed: tuple[int, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.number == FINAL_POST


def post_due(rollout: Rollout, now: datetime) -> Post | None:
    """From nine in its zone on days 1, 8, 15, 22 and 30. After an outage only the latest is due; it names the others."""
    if rollout.state is not RolloutState.RUNNING:
        return None
    local = now.astimezone(rollout.zone)
    begun = local.date() if local.time() >= POSTED_AT else local.date() - timedelta(days=1)
    day = rollout.day(begun)
    if day < 1:
        return None
    number = FINAL_POST if day >= DAYS else min(WEEKS, (day - 1) // 7 + 1)
    if number <= rollout.posted:
        return None
    return Post(number, tuple(range(rollout.posted + 1, number)))


@dataclass(frozen=True, slots=True)
class Finding:
    """What the books say about one item.

    Attributes:
      is_proven: it can tick itself.
      says: the evidence, or how far it is; a sentence that may hold mentions.
      blocks: what stands in the way, where it is not proven.
      line: the command that leads on; "" where none does.
    """

    is_proven: bool
    says: str
    blocks: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """An item that is done: `by` is who ticked it, None when the books proved it; `evidence` is what was known then."""

    key: str
    at: datetime
    by: str | None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One item as it stands. `due_on` is the last day of its week."""

    number: int
    item: Item
    tick: Tick | None
    finding: Finding
    due_on: date
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """A rollout as it stands on one day in its zone."""

    rollout: Rollout
    today: date
    lines: tuple[Line, ...]

    @property
    def done(self) -> int:
        return sum(line.tick is not None for line in self.lines)

    def of_week(self, week: int) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.item.week == week)

    @property
    def overdue(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_overdue)

    @property
    def next_line(self) -> Line | None:
        """The first open item in order; None when everything is done."""
        return next((line for line in self.lines if line.tick is None), None)


def checklist(
    rollout: Rollout, ticks: Mapping[str, Tick], findings: Mapping[str, Finding], *, now: datetime
) -> Checklist:
    """The list of today. `findings` has every item that is not by hand."""
    today = now.astimezone(rollout.zone).date()
    lines = []
    for number, item in enumerate(ITEMS, start=1):
        due_on = rollout.date_of(DAYS if item.week == WEEKS else 7 * item.week)
        tick = ticks.get(item.key)
        by_hand = Finding(False, "", "Nobody has ticked it yet.", f"/budget rollout tick {number}")
        finding = by_hand if item.by_hand else findings[item.key]
        late = rollout.state is RolloutState.RUNNING and tick is None and today > due_on
        lines.append(Line(number, item, tick, finding, due_on, late))
    return Checklist(rollout, today, tuple(lines))


@dataclass(frozen=True, slots=True)
class Glance:
    """How far it has come, from the ticks alone: nothing has to be read from the books for it."""

    day: int
    state: RolloutState
    done: int
    overdue: int
    upcoming: Item | None


def glance(rollout: Rollout, ticks: Mapping[str, Tick], *, now: datetime) -> Glance:
    """For a page that only names it."""
    unknown = dict.fromkeys((item.key for item in ITEMS), Finding(False, ""))
    shown = checklist(rollout, ticks, unknown, now=now)
    upcoming = shown.next_line.item if shown.next_line else None
    return Glance(rollout.day(shown.today), rollout.state, shown.done, len(shown.overdue), upcoming)


def newly_proven(ticks: Mapping[str, Tick], findings: Mapping[str, Finding], *, now: datetime) -> tuple[Tick, ...]:
    """Items that tick themselves now: what is ticked stays so, with the evidence of its moment."""
    return tuple(
        Tick(item.key, now, None, findings[item.key].says)
        for item in ITEMS
        if item.key not in ticks and not item.by_hand and findings[item.key].is_proven
    )
