"""Look at envelopes, decide what to tell, and put it where nothing can lose it: one transaction an envelope.

First everything is read at once and decided. Only where something follows is the envelope locked, read and decided again, so
that two processes which look at the same moment do not both act. Reasons are kept, told or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from core.alerts import Act, Decision, Reason, decide, over_with
from core.breach import Breach, BreachKind, BreachState
from core.services.alert_memory import AlertMemory
from core.services.breach_facts import Facts, cause_of, facts_of, shown
from core.services.keep_reasons import keep_reasons
from core.services.read_alerts import Watched, watched_envelopes
from core.services.respond_to_breach import on_closed, on_hard
from core.services.tell_breach import edit, note, post
from core.services.tell_late import tell_late
from core.store.unit_of_work import Transaction, UnitOfWork

_EXPLAINED: Final = frozenset({Act.OPEN, Act.REOPEN, Act.TELL})
_URGENT: Final = {BreachKind.HARD: 0, BreachKind.VELOCITY: 1, BreachKind.SOFT: 2, BreachKind.SOFT_FORECAST: 3}


async def evaluate_alerts(
    uow: UnitOfWork, *, now: datetime, workload_ids: Sequence[int] | None = None, memory: AlertMemory | None = None
) -> tuple[Breach, ...]:
    """Look at all envelopes, or at those of some workloads; the breaches that opened or changed.

    Args:
      memory: of this process; without one the paces of all workloads are learnt for this one look.
    """
    memory = memory or AlertMemory()
    await memory.learn_paces(uow, now=now)
    async with uow.read() as tx:
        looked = await watched_envelopes(tx, uow.zone, memory.paces, now=now, workload_ids=workload_ids)
        untold = await tx.breaches.has_undelivered()
    decided = await asyncio.to_thread(lambda: [(one, decisions(one, now)) for one in looked])
    acting = [(one, found) for one, found in decided if any(each.act is not Act.NOTHING for each in found)]
    acting.sort(key=lambda pair: min(_URGENT.get(each.kind, 4) for each in pair[1] if each.act is not Act.NOTHING))
    changed: list[Breach] = []
    for watched, found in acting:
        changed += await _act(uow, watched.envelope.workload_id, found, memory, now=now)
    done = {one.envelope.workload_id for one, _ in acting}
    await keep_reasons(uow, [pair for pair in decided if pair[0].envelope.workload_id not in done], memory, now=now)
    if untold:
        async with uow.write() as tx:
            await tx.breaches.mark_delivered()
    return (*changed, *await tell_late(uow, now=now, workload_ids=workload_ids))


def decisions(watched: Watched, now: datetime) -> tuple[Decision, ...]:
    """Everything that is decided of one envelope, months before this one included."""
    left = tuple(over_with(breach, breach.worst_nanos) for breach in watched.left_open)
    return (*left, *decide(watched.reading, watched.notices, now))


async def _act(
    uow: UnitOfWork, workload_id: int, expected: Sequence[Decision], memory: AlertMemory, *, now: datetime
) -> list[Breach]:
    """Decide again with the envelope locked, and do it."""
    cause = None
    if any(each.act in _EXPLAINED and each.kind.rank for each in expected):
        async with uow.read() as tx:
            names = {number: name for name, number in (await tx.workloads.names()).items()}
        cause = await cause_of(uow, names[workload_id], now=now)
    async with uow.write() as tx:
        await tx.envelopes.of(workload_id, lock=True)
        watched = await watched_envelopes(tx, uow.zone, memory.paces, now=now, workload_ids=[workload_id])
        changed = []
        for one in watched:
            found = decisions(one, now)
            for decision in found:
                if breach := await _done(tx, one, decision, cause, now=now):
                    changed.append(breach)
            await keep_reasons(uow, [(one, found)], memory, now=now, within=tx)
    return changed


async def _done(
    tx: Transaction, watched: Watched, decision: Decision, cause: Facts | None, *, now: datetime
) -> Breach | None:
    """Carry one decision out; the breach as it is then, None where nothing followed."""
    if decision.act is Act.NOTHING:
        return None
    zone, envelope = tx.zone, watched.envelope
    if decision.act is Act.CLOSE:
        return await _closed(tx, watched, decision, now=now)
    facts = await facts_of(tx, watched, decision, now=now, zone=zone, cause=cause)
    if decision.act is Act.OPEN:
        return await _opened(tx, watched, decision, facts, now=now)
    breach = decision.breach
    assert breach is not None
    worst = max(breach.worst_nanos, decision.nanos)
    if decision.act is Act.ENFORCE:
        facts["doubts"] = []
    is_told = decision.act is not Act.EDIT
    breach = replace(breach, worst_nanos=worst, facts=shown(facts, decision, now=now, is_told=is_told))
    if decision.act is Act.REOPEN:
        breach = replace(breach, state=BreachState.TOLD, closed_at=None, closed_because=None)
    if decision.reason in (Reason.WORSE, Reason.AGAIN):
        # Who acknowledged it knew of less than this.
        breach = replace(breach, acknowledged_by=None, acknowledged_at=None)
    await tx.breaches.save(breach)
    await edit(tx, breach, envelope, now=now)
    if is_told:
        await note(tx, breach, envelope, decision.reason.value, now=now, zone=zone)
    if breach.kind is BreachKind.HARD and decision.act in (Act.ENFORCE, Act.REOPEN):
        await on_hard(tx, breach, envelope, now=now)
    return breach


async def _opened(tx: Transaction, watched: Watched, decision: Decision, facts: Facts, *, now: datetime) -> Breach:
    envelope = watched.envelope
    opened = Breach(
        envelope.workload_id, envelope.workload, watched.reading.cycle, watched.reading.revision, decision.kind,
        decision.threshold_bp, now, worst_nanos=decision.nanos, facts=shown(facts, decision, now=now, is_told=True),
    )  # fmt: skip
    breach = await tx.breaches.open(opened)
    await post(tx, breach, envelope, now=now, zone=tx.zone)
    if breach.kind is BreachKind.HARD:
        await on_hard(tx, breach, envelope, now=now)
    return breach


async def _closed(tx: Transaction, watched: Watched, decision: Decision, *, now: datetime) -> Breach:
    """Closed, shown on the message, and said in the thread where it is good news."""
    breach = decision.breach
    assert breach is not None
    facts: Facts = dict(breach.facts)
    if decision.reason is not Reason.CYCLE_OVER:
        fresh = await facts_of(tx, watched, decision, now=now, zone=tx.zone, cause=None)
        facts = fresh | {"threshold_bp": breach.threshold_bp}
    breach = replace(
        breach, state=BreachState.CLOSED, closed_at=now, closed_because=decision.closing,
        facts=shown(facts, decision, now=now, is_told=False),
    )  # fmt: skip
    await tx.breaches.save(breach)
    await edit(tx, breach, watched.envelope, now=now)
    if decision.reason is Reason.RECOVERED:
        await note(tx, breach, watched.envelope, decision.reason.value, now=now, zone=tx.zone)
    await on_closed(tx, breach, now=now)
    return breach
