"""Change requests that wait for a sponsor."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.change_request import ChangeRequest, RequestState
from core.envelope import Change
from core.people import People
from core.period import Cycle
from core.store.envelope_rows import columns_of, terms_from
from core.store.tables import ChangeRequestRow, EnvelopeRow, WorkloadRow

_REQUESTS: Any = ChangeRequestRow.__table__  # type: ignore[attr-defined]
_ENVELOPES: Any = EnvelopeRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]


class RequestRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, request: ChangeRequest) -> int:
        result = await self._connection.execute(
            insert(_REQUESTS)
            .values(
                workload_id=request.workload_id, cycle=str(request.cycle), revision=request.revision, current_nanos=request.current_nanos,
                proposed_nanos=request.proposed.nanos, proposed_terms=columns_of(request.proposed.terms), loosenings=request.loosenings,
                requested_by=request.requested_by, requested_at=request.requested_at, state=request.state.value,
            )
            .returning(_REQUESTS.c.id)
        )  # fmt: skip
        return int(result.scalar_one())

    async def of(self, request_id: int, *, lock: bool = False) -> ChangeRequest | None:
        """One request or None; with `lock` nobody else decides it before this transaction ends."""
        found = await self._where(_REQUESTS.c.id == request_id, lock=lock)
        return found[0] if found else None

    async def pending(self, *, workload_id: int | None = None, person: str | None = None) -> list[ChangeRequest]:
        """Undecided ones, oldest first: of a workload, or those that `person` asked for or may decide."""
        condition = _REQUESTS.c.state == RequestState.PENDING.value
        if workload_id is not None:
            condition &= _REQUESTS.c.workload_id == workload_id
        if person is not None:
            condition &= or_(
                _REQUESTS.c.requested_by == person, _ENVELOPES.c.sponsor == person, _ENVELOPES.c.deputy == person
            )
        return await self._where(condition)

    async def save_decision(self, request: ChangeRequest) -> None:
        await self._connection.execute(
            update(_REQUESTS)
            .where(_REQUESTS.c.id == request.id)
            .values(state=request.state.value, decided_by=request.decided_by, decided_at=request.decided_at)
        )

    async def _where(self, condition: Any, *, lock: bool = False) -> list[ChangeRequest]:
        people = [_ENVELOPES.c[name].label(f"now_{name}") for name in ("owner", "finance", "sponsor", "deputy")]
        query = (
            select(_REQUESTS, _WORKLOADS.c.name, *people)
            .join(_WORKLOADS, _WORKLOADS.c.id == _REQUESTS.c.workload_id)
            .join(_ENVELOPES, _ENVELOPES.c.workload_id == _REQUESTS.c.workload_id)
            .where(condition)
            .order_by(_REQUESTS.c.id)
        )
        if lock:
            query = query.with_for_update(of=_REQUESTS)
        return [_request(row) for row in await self._connection.execute(query)]


def _request(row: Any) -> ChangeRequest:
    return ChangeRequest(
        row.id, row.workload_id, row.name, Cycle.read(row.cycle), row.revision, row.current_nanos,
        Change(row.proposed_nanos, terms_from(row.proposed_terms)), People(row.now_owner, row.now_finance, row.now_sponsor, row.now_deputy),
        tuple(row.loosenings), row.requested_by, row.requested_at, RequestState(row.state), row.decided_by, row.decided_at,
    )  # fmt: skip
