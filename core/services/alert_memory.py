"""What one process remembers between two looks at the alerts: the pace of each workload, and the reasons it has kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.breach import BreachKind
from core.store.hour_rows import HourSpend
from core.store.unit_of_work import UnitOfWork
from core.velocity import HISTORY_HOURS, Pace, pace_of

LEARN_EVERY: Final = timedelta(hours=1)
"""How often paces are learnt anew although nothing is known to have changed: another process may have brought in history."""
LEARN_SOON: Final = timedelta(minutes=1)
"""And where this process brought in usage of earlier days: an import is no reason to learn after each of its batches."""
KEEP_EVERY: Final = timedelta(minutes=15)
"""How often a reason that goes on to hold is noted again."""

ReasonKey = tuple[int, int, BreachKind]
"""Workload, revision, kind."""


@dataclass(slots=True)
class AlertMemory:
    """Lost with its process: then paces are learnt anew, and reasons are read from the books.

    Attributes:
      paces: by workload, as learnt from the complete UTC days before the first of `paced_by`, under the rules of its second,
        at `paced_at`.
      has_late_history: usage of earlier days came in since; whoever hears of it sets it.
      kept: the last reason kept for each threshold, with its threshold and when.
    """

    paces: dict[int, Pace] = field(default_factory=dict)
    paced_by: tuple[date, int] | None = None
    paced_at: datetime | None = None
    has_late_history: bool = False
    kept: dict[ReasonKey, tuple[str, int, datetime]] = field(default_factory=dict)

    async def learn_paces(self, uow: UnitOfWork, *, now: datetime) -> None:
        """From the last four weeks of all workloads: each UTC day anew, when usage may have moved between workloads, soon after
        history came in (somebody's first import, which a pace of the empty books would outlast), and each hour.

        One statement, computed off the event loop.
        """
        today = now.astimezone(UTC).date()
        async with uow.read() as tx:
            wanted = (today, await tx.meta.version())
        if self.paced_by == wanted and not self._is_outdated(now):
            return
        self.has_late_history = False
        until = datetime(today.year, today.month, today.day, tzinfo=UTC)
        since = until - timedelta(hours=HISTORY_HOURS)
        async with uow.read() as tx:
            hours = await tx.hours.between(since, until)
        self.paces = await asyncio.to_thread(_paces, hours, since, uow.zone)
        self.paced_by, self.paced_at = wanted, now

    def _is_outdated(self, now: datetime) -> bool:
        lasts = LEARN_SOON if self.has_late_history else LEARN_EVERY
        return self.paced_at is None or now - self.paced_at >= lasts

    def is_due(self, key: ReasonKey, reason: str, threshold_bp: int, now: datetime) -> bool:
        """Whether this reason has to be noted: it is a new one, or the last note is a quarter of an hour old."""
        known = self.kept.get(key)
        return known is None or known[:2] != (reason, threshold_bp) or now - known[2] >= KEEP_EVERY


def _paces(hours: Mapping[int, Sequence[HourSpend]], since: datetime, zone: ZoneInfo) -> dict[int, Pace]:
    start = int(since.timestamp())
    found = {}
    for workload, spent in hours.items():
        costs, requests = [0] * HISTORY_HOURS, [0] * HISTORY_HOURS
        for hour in spent:
            place = (hour.hour - start) // 3600
            costs[place], requests[place] = hour.cost_nanos, hour.requests
        if pace := pace_of(costs, requests, first_at=since, zone=zone):
            found[workload] = pace
    return found
