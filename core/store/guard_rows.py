"""Counters, holds and what was learned: the guard's rows, in bulk through the driver.

Everything is set-wise: a transaction of the guard has the same few statements whether it carries one request or hundreds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias, cast

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from core.guard import Used
from core.holds import Learned
from core.period import Cycle
from core.posting import SUM_COLUMNS, Row
from core.store.columns import day_of
from core.store.event_months import located

CounterKey: TypeAlias = tuple[int, str]
"""(workload id, cycle as `2026-11`)."""
LearnedKey: TypeAlias = tuple[int, str, str]
"""(workload id, provider, model)."""

OPEN, SETTLED, EXPIRED = 0, 1, 2
_COST: Final = 3 + SUM_COLUMNS.index("cost_nanos")


class Hold(msgspec.Struct, frozen=True, gc=False):
    """One row of `guard_holds`, in the order of its columns; instants in microseconds UTC. See `HoldRow`."""

    id: str
    source_id: int
    request_id: str
    workload_id: int
    cycle: str
    is_lease: bool
    provider: str
    model: str
    decision: str
    reason: str
    held_nanos: int
    worst_nanos: int
    remaining_nanos: int | None
    input_tokens: int
    max_output_tokens: int
    is_output_stated: bool
    created_at: int
    expires_at: int
    state: int = OPEN
    charged_nanos: int = 0


_COLUMNS: Final = Hold.__struct_fields__
_NAMES: Final = ", ".join(_COLUMNS)


class GuardRows:
    """Changes of counters are gathered in memory and written by `counters` in one sorted statement per transaction.

    So two transactions lock counters in one order and never in a ring; all other locks are taken before them.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._events, self._by = located(is_sqlite=self._is_sqlite)
        self._changes: dict[CounterKey, list[int]] = defaultdict(lambda: [0, 0, 0])

    def count_spend(self, daily: Iterable[Row]) -> None:
        """Take over what a batch of usage adds to daily spend: rows (day, workload, series, *SUM_COLUMNS)."""
        for row in daily:
            if cost := row[_COST]:
                self._changes[row[1], cycle_of(row[0])][0] += cost

    def change(self, key: CounterKey, *, held: int = 0, charged: int = 0) -> None:
        """Take over a change; with nothing changed, the counter is read and locked with the others."""
        found = self._changes[key]
        found[1] += held
        found[2] += charged

    async def counters(self) -> dict[CounterKey, Used]:
        """Write what was gathered; those counters as they stand, locked until the transaction ends."""
        if not self._changes:
            return {}
        rows = [(*key, *amounts) for key, amounts in sorted(self._changes.items())]
        self._changes.clear()
        if self._is_sqlite:
            await self._connection.exec_driver_sql(_SQLITE_COUNT, cast(Any, rows))
            query = (
                "SELECT c.workload_id, c.cycle, c.spent_nanos, c.held_nanos, c.charged_nanos FROM json_each(?) AS k "
                "JOIN guard_counters AS c ON c.workload_id = k.value ->> 0 AND c.cycle = k.value ->> 1"
            )
            keys = msgspec.json.encode([row[:2] for row in rows]).decode()
            result = await self._rows(query, (keys,))
        else:
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            result = await self._rows(_POSTGRES_COUNT, columns)
        return {(workload, cycle): Used(*amounts) for workload, cycle, *amounts in result}

    async def used(self, cycle: str) -> dict[int, Used]:
        """Every counter of a cycle by workload, to read."""
        result = await self._rows(
            f"SELECT workload_id, spent_nanos, held_nanos, charged_nanos FROM guard_counters WHERE cycle = {self._mark(1)}",
            (cycle,),
        )
        return {workload: Used(*amounts) for workload, *amounts in result}

    async def recount(self) -> None:
        """Make the spent part of all counters anew from daily spend, after the projections were rebuilt."""
        cycle = "strftime('%Y-%m', day * 86400, 'unixepoch')" if self._is_sqlite else _POSTGRES_CYCLE
        await self._connection.exec_driver_sql("UPDATE guard_counters SET spent_nanos = 0")
        await self._connection.exec_driver_sql(
            f"INSERT INTO guard_counters (workload_id, cycle, spent_nanos, held_nanos, charged_nanos) "
            f"SELECT workload_id, {cycle}, sum(cost_nanos), 0, 0 FROM daily_spend WHERE cost_nanos <> 0 GROUP BY 1, 2 "
            f"ON CONFLICT (workload_id, cycle) DO UPDATE SET spent_nanos = excluded.spent_nanos"
        )

    async def envelopes_changed(self, workload_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Per workload with an envelope what differs after any change of it: (revision, posture's, entries, sum of them)."""
        result = await self._rows(
            "SELECT e.workload_id, e.revision, e.posture_revision, count(n.id), coalesce(sum(n.nanos), 0) FROM envelopes e "
            "LEFT JOIN envelope_entries n ON n.workload_id = e.workload_id "
            f"WHERE e.workload_id IN ({self._listed('bigint')}) GROUP BY e.workload_id, e.revision, e.posture_revision",
            (self._list(workload_ids),),
        )
        return {number: tuple(int(value) for value in values) for number, *values in result}

    async def asked_before(self, source_id: int, request_ids: Sequence[str]) -> dict[str, Hold]:
        """Those requests of a source that hold or held money, by request id."""
        query = f"SELECT {_NAMES} FROM guard_holds WHERE source_id = {self._mark(1)} AND request_id IN ({self._listed('text', 2)})"
        result = await self._rows(query, (source_id, self._list(request_ids)))
        return {hold.request_id: hold for hold in map(_hold, result)}

    async def holds(self, ids: Iterable[str], *, lock: bool = False) -> dict[str, Hold]:
        """Those holds; with `lock` nobody else closes them before this transaction ends."""
        locking = " ORDER BY id FOR UPDATE" if lock and not self._is_sqlite else ""
        query = f"SELECT {_NAMES} FROM guard_holds WHERE id IN ({self._listed('text')}){locking}"
        result = await self._rows(query, (self._list(list(ids)),))
        return {hold.id: hold for hold in map(_hold, result)}

    async def due(self, now_micros: int, *, limit: int) -> list[Hold]:
        """Open holds that have expired, locked, oldest first; on PostgreSQL those that nobody else is closing."""
        skipping = "" if self._is_sqlite else " FOR UPDATE SKIP LOCKED"
        query = (
            f"SELECT {_NAMES} FROM guard_holds WHERE state = {OPEN} AND expires_at <= {self._mark(1)} "
            f"ORDER BY expires_at LIMIT {limit}{skipping}"
        )
        return [_hold(row) for row in await self._rows(query, (now_micros,))]

    async def recorded(self, since_micros: int, *, limit: int, lock: bool) -> list[tuple[Hold, int | None]]:
        """Holds that are not settled although the journal has their usage (same source, event id = request id), with its cost.

        Args:
          since_micros: only those that expire or expired after then.
        """
        locking = " FOR UPDATE OF h SKIP LOCKED" if lock and not self._is_sqlite else ""
        names = ", ".join(f"h.{name}" for name in _COLUMNS)
        query = (
            f"SELECT {names}, u.cost_nanos FROM {self._events}, guard_holds h "
            f"WHERE {self._by}.source_id = h.source_id AND {self._by}.event_id = h.request_id "
            f"AND h.state IN ({OPEN}, {EXPIRED}) AND h.expires_at > {self._mark(1)} AND NOT h.is_lease LIMIT {limit}{locking}"
        )
        result = await self._rows(query, (since_micros,))
        return [(_hold(row[:-1]), row[-1]) for row in result]

    async def is_due(self, now_micros: int) -> bool:
        """Whether an open hold has expired."""
        query = f"SELECT 1 FROM guard_holds WHERE state = {OPEN} AND expires_at <= {self._mark(1)} LIMIT 1"
        return bool(await self._rows(query, (now_micros,)))

    async def costs(self, source_id: int, event_ids: Sequence[str]) -> dict[str, int | None]:
        """What those events cost according to the journal; unpriced ones None, unknown ones absent."""
        which = f"{self._by}.source_id = {self._mark(1)} AND {self._by}.event_id IN ({self._listed('text', 2)})"
        query = f"SELECT u.event_id, u.cost_nanos FROM {self._events} WHERE {which}"
        result = await self._rows(query, (source_id, self._list(event_ids)))
        return {row[0]: row[1] for row in result}

    async def add(self, holds: Sequence[Hold]) -> None:
        """Store new holds and count what they hold. Raises IntegrityError when a request has a hold already."""
        rows = [msgspec.structs.astuple(hold) for hold in holds]
        if not rows:
            return
        held: dict[CounterKey, int] = defaultdict(int)
        for hold in holds:
            held[hold.workload_id, hold.cycle] += hold.held_nanos
        amounts = [(nanos, *key) for key, nanos in sorted(held.items())]
        if self._is_sqlite:
            marks = ", ".join("?" * len(_COLUMNS))
            statement = f"INSERT INTO guard_holds ({_NAMES}) VALUES ({marks})"
            await self._connection.exec_driver_sql(statement, cast(Any, rows))
            statement = "UPDATE guard_counters SET held_nanos = held_nanos + ? WHERE workload_id = ? AND cycle = ?"
            await self._connection.exec_driver_sql(statement, cast(Any, amounts))
        else:
            columns = (*zip(*rows, strict=True), *zip(*amounts, strict=True))
            await self._connection.exec_driver_sql(_POSTGRES_HOLD, tuple(list(column) for column in columns))

    async def close(self, closed: Sequence[tuple[str, int, int]]) -> None:
        """Set (id, state, charged nanos) of holds that this transaction has locked."""
        if not closed:
            return
        if self._is_sqlite:
            rows = [(state, charged, number) for number, state, charged in closed]
            await self._connection.exec_driver_sql(
                "UPDATE guard_holds SET state = ?, charged_nanos = ? WHERE id = ?", cast(Any, rows)
            )
        else:
            columns = tuple(list(column) for column in zip(*closed, strict=True))
            await self._connection.exec_driver_sql(
                "UPDATE guard_holds h SET state = c.state, charged_nanos = c.charged "
                "FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS c(id, state, charged) WHERE h.id = c.id",
                columns,
            )

    async def forget(self, state: int, before_micros: int, *, limit: int) -> int:
        """Delete holds in this state that expired before then; how many it were."""
        query = (
            f"DELETE FROM guard_holds WHERE id IN (SELECT id FROM guard_holds WHERE state = {self._mark(1)} "
            f"AND expires_at < {self._mark(2)} ORDER BY expires_at LIMIT {limit})"
        )
        return (await self._connection.exec_driver_sql(query, (state, before_micros))).rowcount

    async def learned(self, workload_ids: Iterable[int]) -> dict[LearnedKey, Learned]:
        """What is known of these workloads' models."""
        result = await self._rows(
            f"SELECT workload_id, provider, model, outputs, overruns FROM guard_learned WHERE workload_id IN ({self._listed('bigint')})",
            (self._list(sorted(workload_ids)),),
        )
        return {
            (row[0], row[1], row[2]): Learned(tuple(msgspec.json.decode(row[3])), tuple(msgspec.json.decode(row[4])))
            for row in result
        }

    async def save_learned(self, learned: dict[LearnedKey, Learned]) -> None:
        rows = [
            (*key, msgspec.json.encode(what.outputs).decode(), msgspec.json.encode(what.overruns).decode())
            for key, what in sorted(learned.items())
        ]
        marks = ", ".join(self._mark(place) for place in range(1, 6))
        statement = (
            f"INSERT INTO guard_learned (workload_id, provider, model, outputs, overruns) VALUES ({marks}) "
            "ON CONFLICT (workload_id, provider, model) DO UPDATE SET outputs = excluded.outputs, overruns = excluded.overruns"
        )
        if rows:
            await self._connection.exec_driver_sql(statement, cast(Any, rows))

    async def _rows(self, query: str, parameters: tuple[Any, ...]) -> list[Any]:
        return list(await self._connection.exec_driver_sql(query, parameters))

    def _mark(self, place: int) -> str:
        return "?" if self._is_sqlite else f"${place}"

    def _listed(self, kind: str, place: int = 1) -> str:
        return "SELECT value FROM json_each(?)" if self._is_sqlite else f"SELECT unnest(${place}::{kind}[])"

    def _list(self, values: Sequence[object]) -> object:
        return msgspec.json.encode(values).decode() if self._is_sqlite else list(values)


def cycle_of(day: int) -> str:
    """The cycle that holds a day (days since 1970 in the books' zone)."""
    on = day_of(day)
    return str(Cycle(on.year, on.month))


def _hold(row: Any) -> Hold:
    values = list(row)
    for place in (5, 15):  # SQLite keeps truth as 0 and 1
        values[place] = bool(values[place])
    return Hold(*values)


_POSTGRES_CYCLE: Final = "to_char(to_timestamp(day * 86400) AT TIME ZONE 'UTC', 'YYYY-MM')"
_TAIL: Final = (
    "ON CONFLICT (workload_id, cycle) DO UPDATE SET spent_nanos = guard_counters.spent_nanos + excluded.spent_nanos, "
    "held_nanos = guard_counters.held_nanos + excluded.held_nanos, "
    "charged_nanos = guard_counters.charged_nanos + excluded.charged_nanos"
)
_INTO: Final = "INSERT INTO guard_counters (workload_id, cycle, spent_nanos, held_nanos, charged_nanos)"
_SQLITE_COUNT: Final = f"{_INTO} VALUES (?, ?, ?, ?, ?) {_TAIL}"
_POSTGRES_COUNT: Final = (
    f"{_INTO} SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) {_TAIL} "
    "RETURNING workload_id, cycle, spent_nanos, held_nanos, charged_nanos"
)
_TEXTS: Final = ("id", "request_id", "cycle", "provider", "model", "decision", "reason")
_TRUTHS: Final = ("is_lease", "is_output_stated")
_AMOUNTS: Final = len(_COLUMNS) + 1
_POSTGRES_HOLD: Final = (
    f"WITH added AS (INSERT INTO guard_holds ({_NAMES}) SELECT * FROM unnest("
    + ", ".join(
        f"${place}::{'text' if name in _TEXTS else 'boolean' if name in _TRUTHS else 'smallint' if name == 'state' else 'bigint'}[]"
        for place, name in enumerate(_COLUMNS, start=1)
    )
    + f")) UPDATE guard_counters g SET held_nanos = g.held_nanos + a.nanos FROM unnest(${_AMOUNTS}::bigint[], "
    f"${_AMOUNTS + 1}::bigint[], ${_AMOUNTS + 2}::text[]) AS a(nanos, workload_id, cycle) "
    "WHERE g.workload_id = a.workload_id AND g.cycle = a.cycle"
)
"""One way to the server and back for both."""
