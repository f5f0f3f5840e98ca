"""Somebody says that they are away for some days, or back: their deputies are asked at once while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.leave import Leave, checked_last_day
from core.people import Actor
from core.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Said:
    """What was said; `alone` are workloads that they sponsor and for which nobody stands in."""

    last_on: date | None
    before: Leave | None
    alone: tuple[str, ...]


async def say_away(uow: UnitOfWork, last_on: date | None, *, by: Actor, zone: ZoneInfo, now: datetime) -> Said:
    """Away through that day in their own time zone; None is back. Everybody speaks for themselves alone.

    What waits for them goes to the deputies within a minute. Raises OutOfRange.
    """
    until = None
    if last_on is not None:
        checked_last_day(last_on, today=now.astimezone(zone).date())
        until = datetime.combine(last_on + timedelta(days=1), time(), zone).astimezone(UTC)
    async with uow.write() as tx:
        await tx.audit.hold()
        before = (await tx.leaves.of((by.id,), now=now)).get(by.id)
        if (before.until if before else None) != until:
            await tx.leaves.save(by.id, until, at=now)
            act, detail = ("said to be away", {"until": last_on.isoformat()}) if last_on else ("said to be back", {})
            await tx.audit.append(at=now, actor=by.id, act=act, subject="settings", detail=detail)
        people = {one.workload: one.terms.people for one in (await tx.envelopes.all()).values()}
    alone = sorted(workload for workload, held in people.items() if held.sponsor == by.id and held.deputy is None)
    return Said(last_on, before, tuple(alone))
