"""How each source fares, per day of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.source_health import Day
from core.store.columns import EPOCH, day_number, day_of, micros
from core.store.source_tables import SourceDayRow

_DAYS: Any = SourceDayRow.__table__  # type: ignore[attr-defined]
COUNTED: Final = (
    "accepted",
    "duplicates",
    "folded",
    "rejected",
    "partial",
    "guessed",
    "missing",
    "repaired",
    "unpriced",
)


@dataclass(slots=True)
class Arrivals:
    """What one batch, or some days of them, brought.

    `folded` are second reports of calls that are counted elsewhere; `partial` to `repaired` are events by quality
    (the rest is exact); instants are aware UTC.
    """

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
    latest_arrival_at: datetime | None = field(default=None)

    def plus(self, other: Arrivals) -> Arrivals:
        """Both together."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        latest = [max(filter(None, pair), default=None) for pair in (
            (self.latest_event_at, other.latest_event_at), (self.latest_arrival_at, other.latest_arrival_at),
        )]  # fmt: skip
        return Arrivals(**counts, latest_event_at=latest[0], latest_arrival_at=latest[1])


assert tuple(one.name for one in fields(Arrivals))[:9] == COUNTED


class SourceDays:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, source_id: int, arrivals: Arrivals, *, now: datetime) -> None:
        """Add one batch to the day on which it came."""
        larger = "max" if self._connection.dialect.name == "sqlite" else "greatest"
        latest = arrivals.latest_event_at
        names = ", ".join(COUNTED)
        sums = ", ".join(f"{name} = source_days.{name} + excluded.{name}" for name in COUNTED)
        await self._connection.execute(
            text(
                f"INSERT INTO source_days (source_id, day, {names}, latest_event_at, latest_arrival_at) "
                f"VALUES (:source, :day, {', '.join(f':{name}' for name in COUNTED)}, :event, :arrival) "
                f"ON CONFLICT (source_id, day) DO UPDATE SET {sums}, "
                f"latest_event_at = {larger}(source_days.latest_event_at, excluded.latest_event_at), "
                f"latest_arrival_at = {larger}(source_days.latest_arrival_at, excluded.latest_arrival_at)"
            ),
            {
                "source": source_id, "day": day_number(now.date()), "event": micros(latest) if latest else 0, "arrival": micros(now),
                **{name: getattr(arrivals, name) for name in COUNTED},
            },
        )  # fmt: skip

    async def since(self, first_on: date) -> dict[int, Arrivals]:
        """Per source, what came since that UTC day; sources that sent nothing are absent."""
        query = (
            select(
                _DAYS.c.source_id, *(func.sum(_DAYS.c[name]) for name in COUNTED),
                func.max(_DAYS.c.latest_event_at, type_=_DAYS.c.latest_event_at.type),
                func.max(_DAYS.c.latest_arrival_at, type_=_DAYS.c.latest_arrival_at.type),
            )
            .where(_DAYS.c.day >= day_number(first_on))
            .group_by(_DAYS.c.source_id)
        )  # fmt: skip
        found = {}
        for row in await self._connection.execute(query):
            counts = {name: int(value) for name, value in zip(COUNTED, row[1:-2], strict=True)}
            found[row[0]] = Arrivals(**counts, latest_event_at=row[-2], latest_arrival_at=row[-1])
        return found

    async def by_day(self, first_on: date) -> dict[int, list[Day]]:
        """Per source, what came on each UTC day since that one, oldest first; days without arrivals are absent."""
        query = select(_DAYS).where(_DAYS.c.day >= day_number(first_on)).order_by(_DAYS.c.source_id, _DAYS.c.day)
        found: dict[int, list[Day]] = {}
        for row in await self._connection.execute(query):
            day = Day(
                day_of(row.day), **{name: getattr(row, name) for name in COUNTED},
                latest_event_at=row.latest_event_at if row.latest_event_at > EPOCH else None,
                latest_arrival_at=row.latest_arrival_at,
            )  # fmt: skip
            found.setdefault(row.source_id, []).append(day)
        return found
