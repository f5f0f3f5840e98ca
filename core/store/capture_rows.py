"""Calls that two sources report, rules about which of them counts, and the rows of the journal that such a rule sets aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, func, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.closing.events import TWIN_TOKENS
from core.double_capture import CHECKS, NEAR_SECONDS, SourceRule
from core.estimate import HOUR
from core.store.capture_tables import SourceRuleRow
from core.store.estimate_rows import sum_of
from core.store.tables import SeriesRow, SourceRow, UsageRow
from core.store.telltale_rows import ALIKE, INPUT, OUTPUT

_RULES: Any = SourceRuleRow.__table__  # type: ignore[attr-defined]
_USAGE: Any = UsageRow.__table__  # type: ignore[attr-defined]
_SERIES: Any = SeriesRow.__table__  # type: ignore[attr-defined]
_SOURCES: Any = SourceRow.__table__  # type: ignore[attr-defined]
_SECOND = 1_000_000


class Twins(NamedTuple):
    """Calls that source `first` reports and source `second` a little later; nanos of either's own report."""

    first: int
    second: int
    requests: int
    first_nanos: int
    second_nanos: int


class Part(NamedTuple):
    """What one workload has in an hour (Unix seconds) of a source."""

    hour: int
    workload_id: int
    requests: int
    nanos: int


class CaptureRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def twins(self, provider: str, starts_at: datetime, ends_at: datetime) -> list[Twins]:
        """Pairs of sources with like calls one just after the other; of three reports each is held against the one before."""
        at = type_coerce(_USAGE.c.at, BigInteger)
        alike: dict[str, Any] = {
            "partition_by": ALIKE,
            "order_by": (_USAGE.c.at, _USAGE.c.source_id, _USAGE.c.event_id),
        }
        calls = (
            select(
                _USAGE.c.source_id.label("second"), _USAGE.c.cost_nanos.label("second_nanos"), at.label("at"),
                func.lag(_USAGE.c.source_id).over(**alike).label("first"),
                func.lag(_USAGE.c.cost_nanos).over(**alike).label("first_nanos"), func.lag(at).over(**alike).label("before"),
            )
            .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
            .where(*_counted(provider, starts_at, ends_at), _USAGE.c.requests == 1, INPUT + OUTPUT >= TWIN_TOKENS)
            .subquery()
        )  # fmt: skip
        query = (
            select(calls.c.first, calls.c.second, func.count(), sum_of(calls.c.first_nanos), sum_of(calls.c.second_nanos))
            .where(calls.c.first != calls.c.second, calls.c.at - calls.c.before <= NEAR_SECONDS * _SECOND)
            .group_by(calls.c.first, calls.c.second)
        )  # fmt: skip
        return [Twins(one, other, int(count), int(own), int(theirs)) for one, other, count, own, theirs
                in await self._connection.execute(query)]  # fmt: skip

    async def uses(self, provider: str, starts_at: datetime, ends_at: datetime) -> dict[int, tuple[int, int]]:
        """(requests, nanos) in the books by source."""
        query = (
            select(_USAGE.c.source_id, sum_of(_USAGE.c.requests), sum_of(_USAGE.c.cost_nanos))
            .join(_SERIES, _SERIES.c.id == _USAGE.c.series_id)
            .where(*_counted(provider, starts_at, ends_at))
            .group_by(_USAGE.c.source_id)
        )
        return {one: (int(count), int(nanos)) for one, count, nanos in await self._connection.execute(query)}

    async def parts(
        self, source_id: int, series_ids: Sequence[int], since: datetime, *, aside: bool = False
    ) -> list[Part]:
        """What a source has in the books from an instant on, or with `aside` what a rule has set aside of it, by hour."""
        hour = (type_coerce(_USAGE.c.at, BigInteger) // (HOUR * _SECOND) * HOUR).label("hour")
        calls = (
            select(hour, _USAGE.c.workload_id, _USAGE.c.requests, _USAGE.c.cost_nanos)
            .where(*_those(source_id, series_ids, since), *_state(aside=aside, since=since))
            .subquery()
        )
        query = select(
            calls.c.hour, calls.c.workload_id, sum_of(calls.c.requests), sum_of(calls.c.cost_nanos)
        ).group_by(calls.c.hour, calls.c.workload_id)
        return [Part(int(hour), one, int(requests), int(nanos)) for hour, one, requests, nanos
                in await self._connection.execute(query)]  # fmt: skip

    async def move(self, source_id: int, series_ids: Sequence[int], since: datetime, *, aside: bool) -> None:
        """Set the source's rows aside, or take them back in. The projections have to follow."""
        state = _state(aside=not aside, since=since)
        await self._connection.execute(
            update(_USAGE)
            .where(*_those(source_id, series_ids, since), *state)
            .values(superseded=CHECKS if aside else 0)
        )

    async def add(self, rule: SourceRule) -> int:
        """Keep a rule; its number."""
        values = {
            "provider": rule.provider, "counts_id": rule.counts, "checks_id": rule.checks, "from_at": rule.from_at,
            "set_by": rule.set_by, "set_at": rule.set_at,
        }  # fmt: skip
        return int((await self._connection.execute(insert(_RULES).values(values).returning(_RULES.c.id))).scalar_one())

    async def undo(self, number: int, *, by: str, at: datetime) -> bool:
        """Whether it still held."""
        which = and_(_RULES.c.id == number, _RULES.c.undone_at.is_(None))
        done = await self._connection.execute(update(_RULES).where(which).values(undone_by=by, undone_at=at))
        return bool(done.rowcount)

    async def standing(self) -> tuple[SourceRule, ...]:
        """The rules that hold, the oldest first."""
        counts, checks = _SOURCES.alias("counts"), _SOURCES.alias("checks")
        query = (
            select(_RULES, counts.c.name.label("counts_name"), checks.c.name.label("checks_name"))
            .join(counts, counts.c.id == _RULES.c.counts_id)
            .join(checks, checks.c.id == _RULES.c.checks_id)
            .where(_RULES.c.undone_at.is_(None))
            .order_by(_RULES.c.id)
        )
        return tuple(
            SourceRule(
                row.id, row.provider, row.counts_id, row.counts_name, row.checks_id, row.checks_name, row.from_at,
                row.set_by, row.set_at,
            )
            for row in await self._connection.execute(query)
        )  # fmt: skip


def _counted(provider: str, starts_at: datetime, ends_at: datetime) -> tuple[Any, ...]:
    return (
        _SERIES.c.provider == provider, _USAGE.c.superseded == 0, _USAGE.c.at >= starts_at, _USAGE.c.at < ends_at,
    )  # fmt: skip


def _those(source_id: int, series_ids: Sequence[int], since: datetime) -> tuple[Any, ...]:
    return _USAGE.c.source_id == source_id, _USAGE.c.series_id.in_(list(series_ids)), _USAGE.c.at >= since


def _state(*, aside: bool, since: datetime) -> tuple[Any, ...]:
    if not aside:
        return (_USAGE.c.superseded == 0,)
    # Of an answer that another report counts by now, the row that comes back would be a second one.
    other = _USAGE.alias("other")
    counted = select(other.c.response_id).where(
        other.c.at >= since, other.c.superseded == 0, other.c.response_id.is_not(None)
    )
    return _USAGE.c.superseded == CHECKS, or_(_USAGE.c.response_id.is_(None), _USAGE.c.response_id.not_in(counted))
