"""Envelopes and their append-only entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.degradation import Degradation
from core.envelope import Entry, EntryKind, Envelope, Terms
from core.people import People
from core.period import Cycle
from core.quiet import parse_quiet
from core.store.tables import ChangeRequestRow, EntryRow, EnvelopeRow, WorkloadRow

_ENVELOPES: Any = EnvelopeRow.__table__  # type: ignore[attr-defined]
_ENTRIES: Any = EntryRow.__table__  # type: ignore[attr-defined]
_REQUESTS: Any = ChangeRequestRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]


class EnvelopeRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> dict[int, Envelope]:
        """Every envelope by workload number: two statements, however many there are."""
        return await self._where()

    async def among(self, workload_ids: Sequence[int] | None) -> dict[int, Envelope]:
        """Those of some workloads, or all where None is given; two statements."""
        return await self._where(workload_ids)

    async def of(self, workload_id: int, *, lock: bool = False) -> Envelope | None:
        """The envelope of a workload or None; with `lock` nobody else changes it before this transaction ends."""
        return (await self._where([workload_id], lock=lock)).get(workload_id)

    async def _where(self, workload_ids: Sequence[int] | None = None, *, lock: bool = False) -> dict[int, Envelope]:
        query = select(_ENVELOPES, _WORKLOADS.c.name).join(_WORKLOADS, _WORKLOADS.c.id == _ENVELOPES.c.workload_id)
        changes = select(_ENTRIES).order_by(_ENTRIES.c.id)
        if workload_ids is not None:
            query = query.where(_ENVELOPES.c.workload_id.in_(workload_ids))
            changes = changes.where(_ENTRIES.c.workload_id.in_(workload_ids))
        if lock:
            query = query.with_for_update(of=_ENVELOPES)
        rows = (await self._connection.execute(query)).all()
        entries: dict[int, list[Entry]] = defaultdict(list)
        for row in await self._connection.execute(changes):
            entries[row.workload_id].append(
                Entry(Cycle.read(row.cycle), EntryKind(row.kind), row.nanos, row.by, row.at, row.approved_by)
            )
        return {row.workload_id: _envelope(row, entries[row.workload_id]) for row in rows}

    async def save(self, workload_id: int, terms: Terms, entry: Entry | None, *, revision: int) -> None:
        """Store the terms under this revision (1 = new), and the entry if the size changes."""
        values = {"revision": revision, **columns_of(terms)}
        if revision == 1:
            await self._connection.execute(insert(_ENVELOPES).values(workload_id=workload_id, **values))
        else:
            await self._connection.execute(
                update(_ENVELOPES).where(_ENVELOPES.c.workload_id == workload_id).values(**values)
            )
        if entry:
            await self._add(workload_id, entry)

    async def enter(self, workload_id: int, *entries: Entry, revision: int) -> None:
        """Add entries for a while to an envelope whose terms stay as they are; it is this revision then.

        A change that waits for the sponsor is about the lasting size and the terms, so it stays good.
        """
        bumped = update(_ENVELOPES).where(_ENVELOPES.c.workload_id == workload_id)
        await self._connection.execute(bumped.values(revision=revision))
        still_good = update(_REQUESTS).where(
            _REQUESTS.c.workload_id == workload_id, _REQUESTS.c.state == "pending", _REQUESTS.c.revision == revision - 1
        )
        await self._connection.execute(still_good.values(revision=revision))
        for entry in entries:
            await self._add(workload_id, entry)

    async def _add(self, workload_id: int, entry: Entry) -> None:
        await self._connection.execute(
            insert(_ENTRIES).values(
                workload_id=workload_id, cycle=str(entry.cycle), kind=entry.kind.value, nanos=entry.nanos,
                by=entry.by, at=entry.at, approved_by=entry.approved_by,
            )
        )  # fmt: skip


def columns_of(terms: Terms) -> dict[str, Any]:
    """The terms as plain columns; the inverse of `terms_from`."""
    people = terms.people
    return {
        "owner": people.owner, "finance": people.finance, "sponsor": people.sponsor, "deputy": people.deputy,
        "channel": terms.channel, "soft_share": terms.soft_share, "hard_share": terms.hard_share, "margin": terms.margin,
        "holdback": terms.holdback, "degrade": str(terms.degrade) if terms.degrade else None,
        "quiet": str(terms.quiet) if terms.quiet else None,
    }  # fmt: skip


def terms_from(columns: Any) -> Terms:
    """Terms from a mapping of those columns."""
    return Terms(
        People(columns["owner"], columns["finance"], columns["sponsor"], columns["deputy"]),
        columns["channel"], columns["soft_share"], columns["hard_share"], columns["margin"], columns["holdback"],
        Degradation.parse(columns["degrade"]) if columns["degrade"] else None,
        parse_quiet(quiet) if (quiet := columns.get("quiet")) else None,
    )  # fmt: skip


def _envelope(row: Any, entries: Sequence[Entry]) -> Envelope:
    return Envelope(row.workload_id, row.name, terms_from(row._mapping), tuple(entries), row.revision)
