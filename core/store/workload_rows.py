"""Workloads and their rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import RuleRow, WorkloadRow
from core.workload import Rule, Workload

_WORKLOADS: Any = WorkloadRow.__table__  # type: ignore[attr-defined]
_RULES: Any = RuleRow.__table__  # type: ignore[attr-defined]


class WorkloadRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> tuple[Workload, ...]:
        """Every workload with its rules, by name."""
        rules: dict[int, list[Rule]] = defaultdict(list)
        for row in await self._connection.execute(select(_RULES).order_by(_RULES.c.id)):
            rules[row.workload_id].append(
                Rule(tuple((name, value) for name, value in row.conditions), row.workload_id, row.id)
            )
        result = await self._connection.execute(select(_WORKLOADS).order_by(_WORKLOADS.c.name))
        return tuple(Workload(row.id, row.name, row.owner, tuple(rules[row.id])) for row in result)

    async def names(self) -> dict[str, int]:
        result = await self._connection.execute(select(_WORKLOADS.c.name, _WORKLOADS.c.id).order_by(_WORKLOADS.c.name))
        return {row.name: row.id for row in result}

    async def owners(self) -> dict[int, tuple[str, str | None]]:
        """(name, owner) by number: all that a table of workloads needs; their rules stay unread."""
        result = await self._connection.execute(select(_WORKLOADS.c.id, _WORKLOADS.c.name, _WORKLOADS.c.owner))
        return {row.id: (row.name, row.owner) for row in result}

    async def add(self, name: str, owner: str | None, *, at: datetime) -> int:
        """Stores a new workload and gives its number; a name that exists already raises IntegrityError."""
        result = await self._connection.execute(
            insert(_WORKLOADS).values(name=name, owner=owner, created_at=at).returning(_WORKLOADS.c.id)
        )
        return int(result.scalar_one())

    async def owner(self, workload_id: int) -> str | None:
        return await self._connection.scalar(select(_WORKLOADS.c.owner).where(_WORKLOADS.c.id == workload_id))

    async def set_owner(self, workload_id: int, owner: str) -> None:
        await self._connection.execute(update(_WORKLOADS).where(_WORKLOADS.c.id == workload_id).values(owner=owner))

    async def add_rule(self, workload_id: int, rule: Rule, *, at: datetime, number: int | None = None) -> Rule:
        """Stores the rule under the next number, or under one that is known to be free."""
        values: dict[str, Any] = {"workload_id": workload_id, "conditions": rule.conditions, "created_at": at}
        if number is not None:
            values["id"] = number
        result = await self._connection.execute(insert(_RULES).values(**values).returning(_RULES.c.id))
        return Rule(rule.conditions, workload_id, int(result.scalar_one()))

    async def remove_rule(self, rule_id: int) -> None:
        await self._connection.execute(delete(_RULES).where(_RULES.c.id == rule_id))
