"""Let go of single events that are older than they have to be kept; hours, days and every total stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import DBAPIError

from core.period import Cycle
from core.store.event_months import UTC_ZONE, Totals
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED

_STEP: Final = 20_000
"""Ids looked at by one step of clearing up: it holds the books for some tens of milliseconds."""
_LOCK_NOT_AVAILABLE: Final = "55P03"


@dataclass(frozen=True, slots=True)
class Release:
    """What became of one month that was old enough.

    Attributes:
      came_to: (requests, nanos, output tokens) of its events.
      kept_because: why it is still there; None when it was let go.
    """

    month: Cycle
    came_to: Totals
    kept_because: str | None = None


async def release_events(uow: UnitOfWork, *, keep_days: int, by: str, now: datetime) -> tuple[Release, ...]:
    """Let go of whole UTC months that ended more than `keep_days` ago, oldest first, each in a transaction of its own.

    Stops at the first month that cannot go: its events and its hours differ (`outlay rebuild` has to come first), or somebody reads the
    journal for long (the next night tries again). 0 keeps everything.
    """
    if not keep_days:
        return ()
    async with uow.read() as tx:
        months = await tx.months.kept()
    limit = now - timedelta(days=keep_days)
    released: list[Release] = []
    for month in months:
        if month.ends_at(UTC_ZONE) > limit:
            break
        released.append(await _release(uow, month, by=by, now=now))
        if released[-1].kept_because:
            break
    return tuple(released)


async def _release(uow: UnitOfWork, month: Cycle, *, by: str, now: datetime) -> Release:
    async with uow.read() as tx:
        events, hours = await tx.months.totals(month)
    if events != hours:
        return Release(
            month, events, "its events and its hours differ; run `outlay rebuild`, then look at `outlay check`"
        )
    try:
        async with uow.write() as tx:
            # In the order that all keep: the chain of the audit, then the books. Nobody records until this commits, and afterwards
            # everybody reads where the journal begins.
            await tx.audit.hold()
            await tx.meta.next_version()
            since = await tx.months.kept_since()
            hours = await tx.months.hours(month)
            if since is None or since < month.ends_at(UTC_ZONE):
                await tx.months.release(month, hours, now=now)
                detail = {"month": str(month), "requests": hours[0], "nanos": hours[1], "output": hours[2]}
                await tx.audit.append(at=now, actor=by, act="released events", subject=UNATTRIBUTED, detail=detail)
    except DBAPIError as failed:
        if getattr(failed.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        return Release(month, events, "somebody reads the journal; the next night tries again")
    return Release(month, hours)


async def sweep_released(uow: UnitOfWork) -> int:
    """Remove what else was kept of events that are gone: their ids, and the answers that they counted for. In short steps.

    Returns how many rows went. Right to call at any time and again after a crash.
    """
    async with uow.read() as tx:
        if await tx.months.kept_since() is None:
            return 0
    gone, after = 0, (0, "")
    while True:
        async with uow.write() as tx:
            swept = await tx.months.sweep(after, limit=_STEP)
        gone += swept.rows
        if swept.after is None:
            break
        after = swept.after
    key: int | None = -(1 << 63)
    while key is not None:
        async with uow.write() as tx:
            rows, key = await tx.months.sweep_claims(key, limit=_STEP)
        gone += rows
    return gone
