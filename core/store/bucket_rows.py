"""Providers' own counts and charges, and how far each report has been read. In no sum of spend: they check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.pulling import Cursor, ProviderBucket, Window
from core.store.series_rows import insert_ignoring
from core.store.source_tables import BucketRow, CursorRow

_BUCKETS: Any = BucketRow.__table__  # type: ignore[attr-defined]
_CURSORS: Any = CursorRow.__table__  # type: ignore[attr-defined]
_KEPT: Final = tuple(one.name for one in fields(ProviderBucket))
_PART: Final = 1_000
"""Rows of one INSERT; at 16 columns well inside both drivers' limits."""


@dataclass(frozen=True, slots=True)
class BucketSum:
    """What a provider says of one UTC day, project, key and model. `requests` and `cost_nanos` are None when not told."""

    day: date
    project: str | None
    api_key: str | None
    model: str | None
    requests: int | None
    tokens: int
    cost_nanos: int | None


class BucketRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def replace(
        self, provider: str, report: str, window: Window, buckets: Sequence[ProviderBucket], *, read_at: datetime
    ) -> int:
        """Put what was read of a window in the place of what was there; how many rows were added.

        Of two reads of one day the one that was asked for later wins, whichever of them is written first. The caller holds
        the report's cursor (`CursorRows.locked`): otherwise two writers would each miss the other's rows and keep both.
        """
        there = (
            _BUCKETS.c.provider == provider, _BUCKETS.c.report == report,
            _BUCKETS.c.starts_at >= window.starts_at, _BUCKETS.c.starts_at < window.ends_at,
        )  # fmt: skip
        newer = set(
            (
                await self._connection.execute(
                    select(_BUCKETS.c.starts_at).where(*there, _BUCKETS.c.read_at > read_at).distinct()
                )
            ).scalars()
        )
        await self._connection.execute(delete(_BUCKETS).where(*there, _BUCKETS.c.read_at <= read_at))
        rows = [_values(provider, bucket, read_at) for bucket in buckets if bucket.starts_at not in newer]
        for start in range(0, len(rows), _PART):
            await self._connection.execute(insert(_BUCKETS), rows[start : start + _PART])
        return len(rows)

    async def charges(self, provider: str, report: str, window: Window) -> list[ProviderBucket]:
        """Every charge of those days as it was read, in the order of days."""
        query = (
            select(_BUCKETS)
            .where(
                _BUCKETS.c.provider == provider, _BUCKETS.c.report == report, _BUCKETS.c.cost_nanos.is_not(None),
                _BUCKETS.c.starts_at >= window.starts_at, _BUCKETS.c.starts_at < window.ends_at,
            )
            .order_by(_BUCKETS.c.starts_at, _BUCKETS.c.id)
        )  # fmt: skip
        return [
            ProviderBucket(**{name: row._mapping[name] for name in _KEPT})
            for row in await self._connection.execute(query)
        ]

    async def sums(self, provider: str, window: Window) -> list[BucketSum]:
        """What the provider says of those days, one sum per day, project, key and model."""
        place = (_BUCKETS.c.starts_at, _BUCKETS.c.project, _BUCKETS.c.api_key, _BUCKETS.c.model)
        query = (
            select(
                *place, func.sum(_BUCKETS.c.requests),
                func.sum(_BUCKETS.c.input_tokens + _BUCKETS.c.output_tokens), func.sum(_BUCKETS.c.cost_nanos),
            )
            .where(
                _BUCKETS.c.provider == provider,
                _BUCKETS.c.starts_at >= window.starts_at, _BUCKETS.c.starts_at < window.ends_at,
            )
            .group_by(*place)
        )  # fmt: skip
        return [
            BucketSum(at.date(), project, key, model, _whole(requests), int(tokens), _whole(nanos))
            for at, project, key, model, requests, tokens, nanos in await self._connection.execute(query)
        ]


class CursorRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> tuple[Cursor, ...]:
        """Every report that was ever asked for, by name."""
        result = await self._connection.execute(select(_CURSORS).order_by(_CURSORS.c.name))
        return tuple(_cursor(row) for row in result)

    async def named(self, name: str) -> Cursor | None:
        row = (await self._connection.execute(select(_CURSORS).where(_CURSORS.c.name == name))).first()
        return _cursor(row) if row else None

    async def locked(self, fresh: Cursor) -> Cursor:
        """The cursor of that name, `fresh` where there was none, held until the transaction ends: writers take turns."""
        await self._connection.execute(insert_ignoring(self._connection, _CURSORS, unique=["name"]), _fields(fresh))
        held = select(_CURSORS).where(_CURSORS.c.name == fresh.name).with_for_update()
        return _cursor((await self._connection.execute(held)).one())

    async def save(self, cursor: Cursor) -> None:
        """Keep a cursor that is held."""
        await self._connection.execute(update(_CURSORS).where(_CURSORS.c.name == cursor.name).values(**_fields(cursor)))


def _cursor(row: Any) -> Cursor:
    return Cursor(row.name, row.from_at, row.done_until, row.pulled_at, row.problem)


def _fields(cursor: Cursor) -> dict[str, Any]:
    return {one.name: getattr(cursor, one.name) for one in fields(Cursor)}


def _values(provider: str, bucket: ProviderBucket, read_at: datetime) -> dict[str, Any]:
    return {"provider": provider, "read_at": read_at, **{name: getattr(bucket, name) for name in _KEPT}}


def _whole(value: Any) -> int | None:
    # PostgreSQL sums BIGINT to NUMERIC.
    return None if value is None else int(value)
