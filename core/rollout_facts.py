"""A checklist as plain values and back: what a weekly post says is of its moment, and kept as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.rollout import FINAL_POST, ITEMS, Checklist, Finding, Line, Post, Rollout, RolloutState, Tick
from core.worst_case import WorstCase


@dataclass(frozen=True, slots=True)
class RolloutPost:
    """A post: the checklist, which post it is, and on the last day where the company stands.

    Attributes:
      spent_nanos: of the current cycle; `worst` is None before the final post.
    """

    checklist: Checklist
    post: Post
    worst: WorstCase | None = None
    spent_nanos: int = 0


def packed(post: RolloutPost) -> dict[str, Any]:
    """Plain values for the outbox."""
    rollout, worst = post.checklist.rollout, post.worst
    return {
        "rollout": [
            rollout.id, rollout.channel, rollout.zone.key, rollout.started_on.isoformat(), list(rollout.people), rollout.started_by,
            rollout.state.value, rollout.paused_days, rollout.posted,
        ],
        "today": post.checklist.today.isoformat(),
        "number": post.post.number,
        "missed": list(post.post.missed),
        "spent": post.spent_nanos,
        "lines": [_packed_line(line) for line in post.checklist.lines],
        "worst": [
            worst.guarded_nanos, worst.alerted_nanos, worst.overrun_nanos, worst.lag.total_seconds(), worst.guarded, worst.alerted,
            [list(one) for one in worst.unbounded],
        ] if worst else None,
    }  # fmt: skip


def unpacked(facts: Mapping[str, Any]) -> RolloutPost:
    """Raises KeyError, ValueError for facts that are not a post's."""
    number, channel, zone, started_on, people, started_by, state, paused_days, posted = facts["rollout"]
    rollout = Rollout(
        number, channel, ZoneInfo(zone), date.fromisoformat(started_on), tuple(people), started_by, RolloutState(state),
        None, paused_days, posted,
    )  # fmt: skip
    lines = tuple(_line(place, line) for place, line in enumerate(facts["lines"], start=1))
    worst = _worst(facts["worst"]) if facts["worst"] and facts["number"] == FINAL_POST else None
    return RolloutPost(
        Checklist(rollout, date.fromisoformat(facts["today"]), lines), Post(facts["number"], tuple(facts["missed"])), worst,
        facts["spent"],
    )  # fmt: skip


def _packed_line(line: Line) -> list[Any]:
    tick, finding = line.tick, line.finding
    return [
        [tick.at.isoformat(), tick.by, tick.evidence] if tick else None,
        [finding.is_proven, finding.says, finding.blocks, finding.line], line.due_on.isoformat(), line.is_overdue,
    ]  # fmt: skip


def _line(number: int, facts: Sequence[Any]) -> Line:
    ticked, finding, due_on, is_overdue = facts
    item = ITEMS[number - 1]
    tick = Tick(item.key, datetime.fromisoformat(ticked[0]), ticked[1], ticked[2]) if ticked else None
    return Line(number, item, tick, Finding(*finding), date.fromisoformat(due_on), is_overdue)


def _worst(facts: Sequence[Any]) -> WorstCase:
    guarded, alerted, overrun, lag, guards, alerts, unbounded = facts
    loose = tuple((str(name), int(nanos)) for name, nanos in unbounded)
    return WorstCase(guarded, alerted, overrun, timedelta(seconds=lag), guards, alerts, loose)
