"""The journal by UTC months: opened before the first event of a month, let go as a whole.

PostgreSQL keeps `usage_events` in a partition a month, by `at`. A partitioned table cannot keep an id unique over all months, so
`event_ids` does: an id is claimed there first, and the row goes into its month. SQLite has one table that does both. See ADR 7.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.period import Cycle
from core.store.columns import instant, micros
from core.store.meta_rows import MetaRows
from core.store.retention_tables import ReleasedRow

UTC_ZONE: Final = ZoneInfo("UTC")
EVENT_IDS: Final = Table(
    "event_ids",
    MetaData(),
    Column("source_id", BigInteger, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
"""PostgreSQL only, like the partitions; not among the tables that both engines share."""
KEPT_SINCE: Final = "kept_since"
"""In `meta`: microseconds since 1970 before which single events are gone. Absent while none are."""
_PREFIX: Final = "usage_events_"
_OPENING_LOCK: Final = 0x0A0D19
_TOTALS: Final = "coalesce(sum(requests), 0), coalesce(sum(cost_nanos), 0), coalesce(sum(output), 0)"
_RELEASED: Any = ReleasedRow.__table__  # type: ignore[attr-defined]

Totals = tuple[int, int, int]
"""(requests, nanos, output tokens)."""


@dataclass(frozen=True, slots=True)
class Swept:
    """One step of clearing up: `rows` gone, and where the next step starts; None at the end."""

    rows: int
    after: tuple[int, str] | None


def is_engine_own(name: str) -> bool:
    """Whether a table of this name belongs to PostgreSQL's way of keeping the journal, not to the schema both share."""
    return name == EVENT_IDS.name or (
        name.startswith(_PREFIX) and name.removeprefix(_PREFIX).replace("_", "").isdigit()
    )


def located(*, is_sqlite: bool) -> tuple[str, str]:
    """(a FROM clause with journal rows as `u`, the alias to name events by): on PostgreSQL only ids lead to a row quickly."""
    if is_sqlite:
        return "usage_events u", "u"
    return (
        "event_ids e JOIN usage_events u ON u.at = e.at AND u.source_id = e.source_id AND u.event_id = e.event_id",
        "e",
    )


class EventMonths:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    async def open(self, months: Collection[Cycle]) -> None:
        """Make room for events of these months. Disturbs nobody who records meanwhile."""
        if self._is_sqlite:
            return
        await self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _OPENING_LOCK})
        for month in sorted(months):
            name = _table(month)
            if await self._connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
                continue
            # Made apart and attached: making it as a partition at once would wait for everybody who records.
            starts, ends = (micros(at) for at in (month.starts_at(UTC_ZONE), month.ends_at(UTC_ZONE)))
            await self._connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE usage_events INCLUDING DEFAULTS)")
            await self._connection.exec_driver_sql(
                f"ALTER TABLE usage_events ATTACH PARTITION {name} FOR VALUES FROM ({starts}) TO ({ends})"
            )

    async def kept_since(self) -> datetime | None:
        """The first instant whose single events are in the journal; None while nothing was ever let go."""
        kept = await MetaRows(self._connection).get(KEPT_SINCE)
        return instant(int(kept)) if kept is not None else None

    async def kept(self) -> list[Cycle]:
        """Months that may hold events, oldest first."""
        if self._is_sqlite:
            since = await self.kept_since()
            query = text("SELECT min(at), max(at) FROM usage_events WHERE at >= :since")
            first, last = (await self._connection.execute(query, {"since": micros(since) if since else 0})).one()
            if first is None:
                return []
            months = [Cycle.of(instant(first), UTC_ZONE)]
            while months[-1] < Cycle.of(instant(last), UTC_ZONE):
                months.append(months[-1].next)
            return months
        query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'usage_events'::regclass")
        names = [str(name).removeprefix(_PREFIX) for name in (await self._connection.scalars(query))]
        return sorted(Cycle(int(name[:4]), int(name[5:])) for name in names)

    async def totals(self, month: Cycle) -> tuple[Totals, Totals]:
        """What the month's events and its hours come to; in whole books they are equal."""
        bounds = {"starts": micros(month.starts_at(UTC_ZONE)), "ends": micros(month.ends_at(UTC_ZONE))}
        query = text(f"SELECT {_TOTALS} FROM usage_events WHERE superseded = 0 AND at >= :starts AND at < :ends")
        row = (await self._connection.execute(query, bounds)).one()
        return (int(row[0]), int(row[1]), int(row[2])), await self.hours(month)

    async def hours(self, month: Cycle) -> Totals:
        """What the month's hours come to."""
        starts, ends = (int(at.timestamp()) for at in (month.starts_at(UTC_ZONE), month.ends_at(UTC_ZONE)))
        query = text(f"SELECT {_TOTALS} FROM hourly_spend WHERE hour >= :starts AND hour < :ends")
        row = (await self._connection.execute(query, {"starts": starts, "ends": ends})).one()
        return int(row[0]), int(row[1]), int(row[2])

    async def release(self, month: Cycle, came_to: Totals, *, now: datetime) -> None:
        """Let the month's events go, and keep in writing what they came to. From now on nothing before its end is taken in.

        On PostgreSQL its partition is dropped; raises DBAPIError (55P03) when somebody reads it for longer than 1.5 s. On SQLite the
        rows count no longer, and `sweep` removes them.
        """
        requests, nanos, output = came_to
        await self._connection.execute(
            insert(_RELEASED).values(
                month=str(month), requests=requests, cost_nanos=nanos, output=output, released_at=now
            )
        )
        await MetaRows(self._connection).put(KEPT_SINCE, str(micros(month.ends_at(UTC_ZONE))))
        if not self._is_sqlite:
            await self._connection.exec_driver_sql("SET LOCAL lock_timeout = '1500ms'")
            await self._connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_table(month)}")

    async def released(self) -> Totals:
        """What all events that were let go came to."""
        rows = (
            await self._connection.execute(select(_RELEASED.c.requests, _RELEASED.c.cost_nanos, _RELEASED.c.output))
        ).all()
        return sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)

    async def sweep(self, after: tuple[int, str], *, limit: int) -> Swept:
        """Remove what is left of events that were let go, among the next `limit` ids after this one: a short step of many."""
        since = await self.kept_since()
        table = "usage_events" if self._is_sqlite else "event_ids"
        places = {"source": after[0], "event": after[1], "skipped": limit - 1}
        query = text(
            f"SELECT source_id, event_id FROM {table} WHERE (source_id, event_id) > (:source, :event) "
            "ORDER BY source_id, event_id LIMIT 1 OFFSET :skipped"
        )
        last = (await self._connection.execute(query, places)).first()
        where = "(source_id, event_id) > (:source, :event) AND at < :since"
        bounds: dict[str, Any] = {"source": after[0], "event": after[1], "since": micros(since) if since else 0}
        if last is not None:
            where += " AND (source_id, event_id) <= (:last_source, :last_event)"
            bounds |= {"last_source": last[0], "last_event": last[1]}
        gone = await self._connection.execute(text(f"DELETE FROM {table} WHERE {where}"), bounds)
        return Swept(gone.rowcount, (int(last[0]), str(last[1])) if last is not None else None)

    async def sweep_claims(self, after: int, *, limit: int) -> tuple[int, int | None]:
        """As `sweep`, for the answers that events which are gone counted for: (rows gone, last response key; None at the end)."""
        table = "usage_events" if self._is_sqlite else "event_ids"
        query = text(
            "SELECT response_key FROM response_claims WHERE response_key > :after ORDER BY response_key LIMIT 1 OFFSET :skipped"
        )
        last = await self._connection.scalar(query, {"after": after, "skipped": limit - 1})
        until = "" if last is None else " AND response_key <= :last"
        gone = await self._connection.execute(
            text(
                f"DELETE FROM response_claims WHERE response_key > :after{until} AND NOT EXISTS (SELECT 1 FROM {table} e "
                "WHERE e.source_id = response_claims.source_id AND e.event_id = response_claims.event_id)"
            ),
            {"after": after} | ({} if last is None else {"last": last}),
        )
        return gone.rowcount, int(last) if last is not None else None


def _table(month: Cycle) -> str:
    return f"{_PREFIX}{month.year:04d}_{month.month:02d}"
