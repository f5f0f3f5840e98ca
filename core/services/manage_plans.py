"""Known changes to come, and the business metric that volume follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.errors import OutOfRange, UnknownName
from core.people import Actor
from core.scenario import Plan
from core.services.names import resolve
from core.store.plan_rows import StoredPlan
from core.store.unit_of_work import Transaction, UnitOfWork

_MOST_AHEAD = timedelta(days=366)
_MOST_PLANS = 20


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it was stored, and all that stand for its workload now, by their day."""

    workload: str
    plan: StoredPlan
    standing: tuple[StoredPlan, ...]


async def add_plan(uow: UnitOfWork, workload: str, plan: Plan, *, by: Actor, now: datetime) -> Planned:
    """Enter a known change; it takes part in the forecast from its day. Raises UnknownName, NotAllowed, OutOfRange."""
    today = now.astimezone(uow.zone).date()
    if not plan.changes:
        raise OutOfRange("A plan needs at least one change, like volume=+20% or move=A->B:30%.")
    if not today <= plan.from_on <= today + _MOST_AHEAD:
        raise OutOfRange(f"A plan starts between today and a year from now; {plan.from_on.isoformat()} does not.")
    async with uow.write() as tx:
        number, name = await resolve(tx, workload, command="/budget plan")
        await _require_steward(tx, number, name, by)
        if len(await tx.plans.standing(workload_id=number)) >= _MOST_PLANS:
            raise OutOfRange(f"{name} has {_MOST_PLANS} plans already. Withdraw one that no longer holds first.")
        plan_id = await tx.plans.add(number, plan, by=by.id, at=now)
        detail: dict[str, object] = {"plan": plan_id, "from": plan.from_on.isoformat(), "changes": plan.describe()}
        await tx.audit.append(at=now, actor=by.id, act="planned change", subject=name, detail=detail)
        standing = await tx.plans.standing(workload_id=number)
    return Planned(name, next(one for one in standing if one.id == plan_id), tuple(standing))


async def withdraw_plan(uow: UnitOfWork, plan_id: int, *, by: Actor, now: datetime) -> Planned:
    """Take a plan back; the forecast forgets it. Raises UnknownName, NotAllowed."""
    async with uow.write() as tx:
        stored = await tx.plans.of(plan_id)
        if stored is None:
            raise UnknownName("This plan was withdrawn already.")
        name = next(name for name, number in (await tx.workloads.names()).items() if number == stored.workload_id)
        await _require_steward(tx, stored.workload_id, name, by)
        await tx.plans.withdraw(plan_id, at=now)
        detail: dict[str, object] = {"plan": plan_id, "changes": stored.plan.describe()}
        await tx.audit.append(at=now, actor=by.id, act="withdrew plan", subject=name, detail=detail)
        return Planned(name, stored, tuple(await tx.plans.standing(workload_id=stored.workload_id)))


async def plans_of(uow: UnitOfWork, workload: str) -> tuple[str, tuple[StoredPlan, ...]]:
    """(name, standing plans by their day). Raises UnknownName."""
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget plan")
        return name, tuple(await tx.plans.standing(workload_id=number))


async def set_metric(
    uow: UnitOfWork,
    workload: str,
    unit: str,
    *,
    actual: Mapping[date, float],
    planned: Mapping[date, float],
    by: Actor,
    now: datetime,
) -> int:
    """Tie volume to a business metric, or add days to it; how many days were kept. Raises UnknownName, NotAllowed, OutOfRange.

    `unit` is singular (`ticket`); amounts are per day, above 0.
    """
    word = unit.strip().lower()
    if not word or len(word) > 40 or not word.replace(" ", "").replace("-", "").isalpha():
        raise OutOfRange(f"“{unit[:40]}” is not a unit. Use a word in the singular, like ticket or active user.")
    for day, amount in (*actual.items(), *planned.items()):
        if not math.isfinite(amount) or not 0 < amount <= 1e12:
            raise OutOfRange(f"{amount:g} on {day.isoformat()} is not a number of {word}s. It has to be above 0.")
    async with uow.write() as tx:
        number, name = await resolve(tx, workload, command="/budget metric")
        await _require_steward(tx, number, name, by)
        await tx.plans.set_metric(number, word, actual=actual, planned=planned)
        detail: dict[str, object] = {"unit": word, "days": len(actual), "planned_days": len(planned)}
        await tx.audit.append(at=now, actor=by.id, act="tied metric", subject=name, detail=detail)
    return len(actual) + len(planned)


async def _require_steward(tx: Transaction, number: int, name: str, by: Actor) -> None:
    envelope = await tx.envelopes.of(number)
    if envelope is None and not by.is_finance:
        owner = next((known.owner for known in await tx.workloads.all() if known.id == number), None)
        if owner == by.id:
            return
    by.require_steward(envelope.terms.people if envelope else None, f"plan for {name}")
