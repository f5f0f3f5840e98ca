"""Proposed envelopes of a cycle, one a workload."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.period import Cycle
from core.proposal import EnvelopeProposal, ProposalState
from core.store.closing_tables import ProposalRow
from core.store.series_rows import insert_ignoring
from core.store.tables import WorkloadRow

_PROPOSALS: Any = ProposalRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]


class ProposalRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, proposal: EnvelopeProposal) -> None:
        """Keep a proposal; the first of a cycle and workload stays."""
        values = {
            "cycle": str(proposal.cycle), "workload_id": proposal.workload_id, "nanos": proposal.nanos,
            "revision": proposal.revision, "facts": dict(proposal.facts), "made_at": proposal.made_at,
            "state": proposal.state.value,
        }  # fmt: skip
        await self._connection.execute(
            insert_ignoring(self._connection, _PROPOSALS, unique=["cycle", "workload_id"]), values
        )

    async def of(self, cycle: Cycle, workload_id: int, *, lock: bool = False) -> EnvelopeProposal | None:
        """One proposal or None; with `lock` nobody else decides on it before this transaction ends."""
        query = self._all(cycle).where(_PROPOSALS.c.workload_id == workload_id)
        row = (await self._connection.execute(query.with_for_update(of=_PROPOSALS) if lock else query)).first()
        return _proposal(row) if row else None

    async def of_cycle(self, cycle: Cycle) -> dict[int, EnvelopeProposal]:
        """All of a cycle by workload, in the order of their names."""
        rows = await self._connection.execute(self._all(cycle).order_by(_WORKLOADS.c.name))
        return {row.workload_id: _proposal(row) for row in rows}

    async def save(self, proposal: EnvelopeProposal) -> None:
        """Store what was decided."""
        await self._connection.execute(
            update(_PROPOSALS)
            .where(_PROPOSALS.c.cycle == str(proposal.cycle), _PROPOSALS.c.workload_id == proposal.workload_id)
            .values(state=proposal.state.value, decided_by=proposal.decided_by, decided_at=proposal.decided_at)
        )

    def _all(self, cycle: Cycle) -> Any:
        return (
            select(_PROPOSALS, _WORKLOADS.c.name)
            .join(_WORKLOADS, _WORKLOADS.c.id == _PROPOSALS.c.workload_id)
            .where(_PROPOSALS.c.cycle == str(cycle))
        )


def _proposal(row: Any) -> EnvelopeProposal:
    return EnvelopeProposal(
        row.workload_id, row.name, Cycle.read(row.cycle), row.nanos, row.revision, row.facts, row.made_at,
        ProposalState(row.state), row.decided_by, row.decided_at,
    )  # fmt: skip
