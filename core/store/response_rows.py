"""Postures, grants, escalations and the turns of a throttle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.degradation import CALM, Stance
from core.escalation import Decision, Escalation, EscalationKind, EscalationState, Grant
from core.period import Cycle
from core.store.response_tables import EscalationRow, GrantRow, PostureRow, TurnRow
from core.store.tables import EnvelopeRow, WorkloadRow

_POSTURES: Any = PostureRow.__table__  # type: ignore[attr-defined]
_GRANTS: Any = GrantRow.__table__  # type: ignore[attr-defined]
_ESCALATIONS: Any = EscalationRow.__table__  # type: ignore[attr-defined]
_TURNS: Any = TurnRow.__table__  # type: ignore[attr-defined]
_ENVELOPES: Any = EnvelopeRow.__table__  # type: ignore[attr-defined]
_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]
_STANCE = ("is_degraded", "is_stopped", "is_dry_run", "since", "by", "because", "breach_id", "undone_at", "undone_by")


class PostureRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, workload_id: int, cycle: Cycle) -> Stance:
        """How it was told to stand, with the grant in force; CALM where nobody said anything."""
        return (await self._where(cycle, workload_id)).get(workload_id, CALM)

    async def all(self, cycle: Cycle) -> dict[int, Stance]:
        """By workload; those without a word are left out."""
        return await self._where(cycle)

    async def save(self, workload_id: int, cycle: Cycle, stance: Stance) -> None:
        """Store it; every guard notices with its next request. The caller holds the envelope's lock."""
        values = {name: getattr(stance, name) for name in _STANCE}
        key = (_POSTURES.c.workload_id == workload_id) & (_POSTURES.c.cycle == str(cycle))
        await self._connection.execute(delete(_POSTURES).where(key))
        await self._connection.execute(insert(_POSTURES).values(workload_id=workload_id, cycle=str(cycle), **values))
        await self._connection.execute(
            update(_ENVELOPES)
            .where(_ENVELOPES.c.workload_id == workload_id)
            .values(posture_revision=_ENVELOPES.c.posture_revision + 1)
        )

    async def _where(self, cycle: Cycle, workload_id: int | None = None) -> dict[int, Stance]:
        postures = select(_POSTURES).where(_POSTURES.c.cycle == str(cycle))
        grants = select(_GRANTS).where(_GRANTS.c.cycle == str(cycle), _GRANTS.c.ended_at.is_(None))
        if workload_id is not None:
            postures = postures.where(_POSTURES.c.workload_id == workload_id)
            grants = grants.where(_GRANTS.c.workload_id == workload_id)
        found = {
            row.workload_id: Stance(**{name: getattr(row, name) for name in _STANCE})
            for row in await self._connection.execute(postures)
        }
        for row in await self._connection.execute(grants.order_by(_GRANTS.c.until)):
            found[row.workload_id] = replace(found.get(row.workload_id, CALM), granted_until=row.until)
        return found


class GrantRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, grant: Grant) -> int:
        names = ("workload_id", "breach_id", "nanos", "until", "reason", "asked_by", "granted_by", "granted_at")
        values = {name: getattr(grant, name) for name in names}
        added = insert(_GRANTS).values(**values, cycle=str(grant.cycle), ended_because="").returning(_GRANTS.c.id)
        return int((await self._connection.execute(added)).scalar_one())

    async def of(self, grant_id: int) -> Grant | None:
        return next(iter(await self._where(_GRANTS.c.id == grant_id)), None)

    async def standing(self, *, workload_id: int | None = None) -> list[Grant]:
        """Those in force, oldest first."""
        condition = _GRANTS.c.ended_at.is_(None)
        if workload_id is not None:
            condition &= _GRANTS.c.workload_id == workload_id
        return await self._where(condition)

    async def due(self, now: datetime) -> list[Grant]:
        """Those whose time is over and that are not ended yet."""
        return await self._where(_GRANTS.c.ended_at.is_(None) & (_GRANTS.c.until <= now))

    async def end(self, grant_id: int, *, at: datetime, because: str) -> bool:
        """Whether it was this call that ended it."""
        ended = update(_GRANTS).where(_GRANTS.c.id == grant_id, _GRANTS.c.ended_at.is_(None))
        result = await self._connection.execute(ended.values(ended_at=at, ended_because=because))
        return bool(result.rowcount == 1)

    async def _where(self, condition: Any) -> list[Grant]:
        rows = await self._connection.execute(select(_GRANTS).where(condition).order_by(_GRANTS.c.id))
        return [_grant(dict(row._mapping)) for row in rows]


class EscalationRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, escalation: Escalation) -> int:
        names = ("workload_id", "breach_id", "asked_nanos", "reason", "asked_by", "opened_at", "reminded")
        values = {name: getattr(escalation, name) for name in names}
        added = insert(_ESCALATIONS).values(
            **values, cycle=str(escalation.cycle), kind=escalation.kind.value, state=escalation.state.value, closed_because=""
        )  # fmt: skip
        return int((await self._connection.execute(added.returning(_ESCALATIONS.c.id))).scalar_one())

    async def of(self, escalation_id: int, *, lock: bool = False) -> Escalation | None:
        """One or None; with `lock` nobody else decides it before this transaction ends."""
        return next(iter(await self._where(_ESCALATIONS.c.id == escalation_id, lock=lock)), None)

    async def open_of(self, workload_id: int, cycle: Cycle, *, lock: bool = False) -> list[Escalation]:
        """What waits for this envelope, oldest first."""
        condition = (_ESCALATIONS.c.workload_id == workload_id) & (_ESCALATIONS.c.cycle == str(cycle))
        return await self._where(condition & (_ESCALATIONS.c.state == EscalationState.OPEN.value), lock=lock)

    async def waiting(self, *, person: str | None = None) -> list[Escalation]:
        """All that is open, oldest first; with `person`, what they asked for or may decide."""
        condition = _ESCALATIONS.c.state == EscalationState.OPEN.value
        if person is not None:
            condition &= or_(
                _ESCALATIONS.c.asked_by == person, _ENVELOPES.c.sponsor == person, _ENVELOPES.c.deputy == person,
                (_ESCALATIONS.c.kind == EscalationKind.HARD.value) & (_ENVELOPES.c.owner == person),
            )  # fmt: skip
        return await self._where(condition)

    async def save(self, escalation: Escalation) -> None:
        """Store what may change: reminders, the deputy, the decision."""
        values: Mapping[str, Any] = {
            "reminded": escalation.reminded, "deputy_at": escalation.deputy_at, "state": escalation.state.value,
            "decided_by": escalation.decided_by, "decided_at": escalation.decided_at,
            "decision": escalation.decision.value if escalation.decision else None,
            "closed_because": escalation.closed_because, "turned_because": escalation.turned_because,
            "away_until": escalation.away_until,
        }  # fmt: skip
        await self._connection.execute(update(_ESCALATIONS).where(_ESCALATIONS.c.id == escalation.id).values(**values))

    async def _where(self, condition: Any, *, lock: bool = False) -> list[Escalation]:
        query = (
            select(_ESCALATIONS, _WORKLOADS.c.name)
            .join(_WORKLOADS, _WORKLOADS.c.id == _ESCALATIONS.c.workload_id)
            .join(_ENVELOPES, _ENVELOPES.c.workload_id == _ESCALATIONS.c.workload_id)
            .where(condition)
            .order_by(_ESCALATIONS.c.id)
        )
        if lock:
            query = query.with_for_update(of=_ESCALATIONS)
        return [_escalation(dict(row._mapping)) for row in await self._connection.execute(query)]


class TurnRows:
    """The caller holds the lock of the workload's counter."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def taken(self, workload_id: int, minute: int) -> int:
        """Requests let through in that minute so far."""
        row = (await self._connection.execute(select(_TURNS).where(_TURNS.c.workload_id == workload_id))).first()
        return int(row.taken) if row and row.minute == minute else 0

    async def save(self, workload_id: int, minute: int, taken: int) -> None:
        await self._connection.execute(delete(_TURNS).where(_TURNS.c.workload_id == workload_id))
        await self._connection.execute(insert(_TURNS).values(workload_id=workload_id, minute=minute, taken=taken))


def _grant(row: Mapping[str, Any]) -> Grant:
    return Grant(**{**row, "cycle": Cycle.read(row["cycle"])})


def _escalation(row: Mapping[str, Any]) -> Escalation:
    values = {key: value for key, value in row.items() if key != "name"} | {
        "workload": row["name"], "cycle": Cycle.read(row["cycle"]), "kind": EscalationKind(row["kind"]),
        "state": EscalationState(row["state"]), "decision": Decision(row["decision"]) if row["decision"] else None,
    }  # fmt: skip
    return Escalation(**values)
