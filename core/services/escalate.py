"""What is told of a question to a sponsor, and every copy of it kept true: it is decided with what it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from core.approval import most_grantable
from core.breach import Breach
from core.degradation import CALM, Stance, room_of
from core.envelope import Envelope, state_of
from core.escalation import Escalation, EscalationState
from core.period import Cycle
from core.store.columns import micros
from core.store.outbox import Place
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction

ESCALATION: Final = "escalation"
"""The sponsor's message, and the deputy's; one that changes with what it is about."""
ANSWER: Final = "escalation_answer"
"""Tells the owner, and the channel in the breach's thread, what was decided."""
REMINDER: Final = "escalation_reminder"
"""A reply under the sponsor's message."""
UNREACHED: Final = "escalation_unreached"
"""Tells owner and finance partner that nobody who may decide can be reached."""
OUTLAY: Final = "outlay"
"""The actor of what the books do by themselves."""


def subject_of(escalation: Escalation) -> str:
    """The name that all copies of it share in the outbox."""
    return f"escalation/{escalation.id}"


async def held(tx: Transaction, escalation_id: int) -> tuple[Escalation, Envelope] | None:
    """An escalation and its envelope, locked in the order that all keep: the envelope first. None where there is none."""
    found = await tx.escalations.of(escalation_id)
    envelope = await tx.envelopes.of(found.workload_id, lock=True) if found else None
    escalation = await tx.escalations.of(escalation_id, lock=True)
    return (escalation, envelope) if escalation and envelope else None


async def retell(tx: Transaction, escalation: Escalation, envelope: Envelope, *, now: datetime) -> None:
    """Show on every copy what holds now."""
    breach = await tx.breaches.of(escalation.breach_id) if escalation.breach_id else None
    facts = await facts_of(tx, escalation, envelope, now=now, breach=breach)
    subject = subject_of(escalation)
    shown = {recipient for recipient, _, _ in await tx.outbox.copies_of(subject)}
    asked = {envelope.terms.people.sponsor}
    if escalation.deputy_at and envelope.terms.people.deputy:
        asked.add(envelope.terms.people.deputy)
    for recipient in sorted(shown | asked):
        await tx.outbox.add(
            f"{subject}/{recipient}/{micros(now)}", ESCALATION, recipient,
            facts=facts, at=now, subject=subject, place=Place.EDIT,
        )  # fmt: skip


async def answer(tx: Transaction, escalation: Escalation, envelope: Envelope, *, now: datetime) -> None:
    """Tell the owner, and the channel under the breach's message, what was decided and what follows."""
    facts = await facts_of(tx, escalation, envelope, now=now)
    told = {escalation.asked_by or envelope.terms.people.owner} - {escalation.decided_by}
    for recipient in sorted(person for person in told if person):
        await tx.outbox.add(f"{subject_of(escalation)}/answer", ANSWER, recipient, facts=facts, at=now)
    channel = envelope.terms.channel
    if channel and escalation.breach_id:
        await tx.outbox.add(
            f"{subject_of(escalation)}/channel", ANSWER, channel, facts=facts, at=now,
            subject=f"breach/{escalation.breach_id}", place=Place.THREAD,
        )  # fmt: skip


async def stand(
    tx: Transaction, envelope: Envelope, cycle: Cycle, stance: Stance, *, act: str, by: str, now: datetime
) -> None:
    """Store how an envelope stands from now on, with its line in the audit. The caller holds the envelope's lock."""
    await tx.postures.save(envelope.workload_id, cycle, stance)
    detail: dict[str, object] = {
        "cycle": str(cycle), "because": stance.because, "degraded": stance.is_degraded, "stopped": stance.is_stopped,
    }  # fmt: skip
    if stance.is_dry_run:
        detail["dry_run"] = True
    if stance.breach_id:
        detail["breach"] = stance.breach_id
    await tx.audit.append(at=now, actor=by, act=act, subject=envelope.workload, detail=detail)


async def facts_of(
    tx: Transaction, escalation: Escalation, envelope: Envelope, *, now: datetime, breach: Breach | None = None
) -> dict[str, Any]:
    """What a message about it says, as plain values of this moment; money in nanos."""
    cycle = escalation.cycle
    spent = await spent_of(tx, envelope.workload_id, cycle)
    stance = await tx.postures.of(envelope.workload_id, cycle)
    told = (await tx.forecasts.latest(cycle)).get(envelope.workload_id)
    people, terms = envelope.terms.people, envelope.terms
    size = envelope.size(cycle)
    room = room_of(size, terms.hard_share, terms.degrade)
    used = spent.cost_nanos
    return {
        "id": escalation.id, "kind": escalation.kind.value, "state": escalation.state.value, "workload": envelope.workload,
        "cycle": str(cycle), "size": size, "lasting": envelope.lasting(cycle), "spent": used, "limit": room.limit,
        "most": most_grantable(envelope.lasting(cycle), size, used), "hard_share": terms.hard_share,
        "ladder": str(terms.degrade) if terms.degrade else None, "standing": state_of(used, size, terms, stance).value,
        "is_degraded": stance.is_degraded and not stance.is_lifted, "is_stopped": stance.is_stopped,
        "p10": told.p10_nanos if told else None, "p50": told.p50_nanos if told else None,
        "p90": told.p90_nanos if told else None, "latest": micros(spent.latest_at) if spent.latest_at else None,
        "owner": people.owner, "sponsor": people.sponsor, "deputy": people.deputy, "asked": escalation.asked_nanos,
        "asked_by": escalation.asked_by, "reason": escalation.reason, "opened": micros(escalation.opened_at),
        "deputy_at": micros(escalation.deputy_at) if escalation.deputy_at else None, "at": micros(now),
        "decision": escalation.decision.value if escalation.decision else None, "decided_by": escalation.decided_by,
        "decided_at": micros(escalation.decided_at) if escalation.decided_at else None,
        "turned_because": escalation.turned_because or None,
        "away_until": micros(escalation.away_until) if escalation.away_until else None,
        "closed_because": escalation.closed_because, "grant": await _grant_of(tx, escalation),
        "breach": dict(breach.facts) if breach else {},
    }  # fmt: skip


async def spent_of(tx: Transaction, workload_id: int, cycle: Cycle) -> Spent:
    """What the workload has spent in the cycle, by the books."""
    return (await tx.spend.by_workload(cycle.first_on, cycle.last_on)).get(workload_id, Spent())


async def close(tx: Transaction, escalation: Escalation, envelope: Envelope, *, because: str, now: datetime) -> None:
    """There is nothing left to decide; every copy says why."""
    closed = replace(escalation, state=EscalationState.CLOSED, closed_because=because, decided_at=now)
    await tx.escalations.save(closed)
    await retell(tx, closed, envelope, now=now)


def calmed(stance: Stance) -> Stance:
    """The stance without degradation and without what lifted it; a sponsor's stop stays."""
    return replace(stance, is_degraded=False, undone_at=None, undone_by=None) if stance != CALM else stance


async def _grant_of(tx: Transaction, escalation: Escalation) -> Mapping[str, Any] | None:
    """The grant that the decision made, if it made one."""
    if escalation.decided_at is None:
        return None
    for grant in await tx.grants.standing(workload_id=escalation.workload_id):
        if grant.granted_at == escalation.decided_at and grant.granted_by == escalation.decided_by:
            last_on = (grant.until - timedelta(microseconds=1)).astimezone(tx.zone).date()
            return {"nanos": grant.nanos, "last_on": last_on.isoformat(), "reason": grant.reason, "id": grant.id}
    return None
