"""Journal rows on their way to another price: read in parts, and changed in cost and rate only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import UsageRow
from core.usage import CLASS_NAMES, TokenClasses

_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]


class PricedCall(NamedTuple):
    """One event with what its price depends on; `cost_nanos` and `rate_id` None where it had none."""

    source_id: int
    event_id: str
    at: datetime
    series_id: int
    workload_id: int
    requests: int
    cost_nanos: int | None
    rate_id: int | None
    superseded: int
    tokens: TokenClasses


class RepricingRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def count(self, series_ids: Sequence[int], *, since: datetime, until: datetime) -> int:
        query = select(func.count()).select_from(_USAGE).where(*_those(series_ids, since, until))
        return int((await self._connection.execute(query)).scalar_one())

    async def part(
        self, series_ids: Sequence[int], *, since: datetime, until: datetime, after: PricedCall | None, limit: int
    ) -> list[PricedCall]:
        """The next events of these series in `[since, until)`, in the order of source and id."""
        names = (
            "source_id",
            "event_id",
            "at",
            "series_id",
            "workload_id",
            "requests",
            "cost_nanos",
            "rate_id",
            "superseded",
        )
        query = select(*(_USAGE.c[name] for name in (*names, *CLASS_NAMES))).where(*_those(series_ids, since, until))
        if after is not None:
            same = (_USAGE.c.source_id == after.source_id) & (_USAGE.c.event_id > after.event_id)
            query = query.where(or_(_USAGE.c.source_id > after.source_id, same))
        query = query.order_by(_USAGE.c.source_id, _USAGE.c.event_id).limit(limit)
        rows = await self._connection.execute(query)
        return [PricedCall._make((*row[: len(names)], TokenClasses._make(row[len(names) :]))) for row in rows]

    async def set_costs(self, priced: Sequence[tuple[PricedCall, int, int]]) -> None:
        """Give each event (event, nanos, number of the rate) its new cost. The projections have to follow."""
        if not priced:
            return
        which = [_USAGE.c[name] == bindparam(f"of_{name}") for name in ("source_id", "event_id", "at")]
        changed = update(_USAGE).where(*which).values(cost_nanos=bindparam("nanos"), rate_id=bindparam("rate"))
        values = [
            {"of_source_id": one.source_id, "of_event_id": one.event_id, "of_at": one.at, "nanos": nanos, "rate": rate}
            for one, nanos, rate in priced
        ]
        await self._connection.execute(changed, values)


def _those(series_ids: Sequence[int], since: datetime, until: datetime) -> tuple[Any, ...]:
    return (_USAGE.c.series_id.in_(list(series_ids)), _USAGE.c.at >= since, _USAGE.c.at < until)
