"""A sponsor's word on money: grant, keep degraded, stop, decline; and lifting what was decided.

Authority and state are read again in the transaction. The envelope is locked first, then what waits for it, so that of two
people who decide at once exactly one does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.approval import Act, checked_grant, checked_reason, checked_until, most_grantable
from core.breach import BreachState
from core.envelope import Entry, EntryKind, Envelope
from core.errors import AlreadyDecided, OutOfRange, OwnRequest
from core.escalation import Decision, Escalation, EscalationState, Grant
from core.people import Actor
from core.period import Cycle
from core.services.escalate import answer, calmed, held, retell, spent_of, stand
from core.services.names import resolve
from core.services.tell_breach import edit as edit_breach
from core.store.unit_of_work import Transaction, UnitOfWork

_ACTS = {
    Decision.GRANTED: Act.GRANT, Decision.KEPT: Act.KEEP_DEGRADED, Decision.STOPPED: Act.STOP, Decision.DECLINED: Act.DECLINE,
}  # fmt: skip
_DONE = {
    Decision.GRANTED: "granted more", Decision.KEPT: "kept degraded", Decision.STOPPED: "stopped workload",
    Decision.DECLINED: "declined more",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """What a sponsor grants: nanos, the last day on which it holds (books' zone; None: to the end of the month), and why."""

    nanos: int
    reason: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, and the envelope as read back in the same transaction.

    Attributes:
      spent_nanos: by the books, so far in the cycle.
    """

    escalation: Escalation
    envelope: Envelope
    grant: Grant | None
    spent_nanos: int


async def grant(uow: UnitOfWork, escalation_id: int, order: GrantOrder, *, by: Actor, now: datetime) -> Decided:
    """Give more for a while. The guard lets requests through with the next one.

    Raises NotAllowed, OwnRequest, AlreadyDecided, OutOfRange for an amount, a day or a reason that cannot be.
    """
    reason = checked_reason(order.reason)
    async with uow.write() as tx:
        escalation, envelope = await _open(tx, escalation_id, Act.GRANT, by)
        cycle = _current(escalation, now, tx.zone)
        spent = (await spent_of(tx, envelope.workload_id, cycle)).cost_nanos
        most = most_grantable(envelope.lasting(cycle), envelope.size(cycle), spent)
        nanos = checked_grant(order.nanos, most_nanos=most)
        last_on = checked_until(
            order.until or cycle.last_on, today=now.astimezone(tx.zone).date(), last_on=cycle.last_on
        )
        given = Grant(
            0, envelope.workload_id, cycle, nanos, _end_of(last_on, tx.zone), reason, by.id, now,
            escalation.breach_id, escalation.asked_by,
        )  # fmt: skip
        given = replace(given, id=await tx.grants.add(given))
        entry = Entry(cycle, EntryKind.GRANTED, nanos, escalation.asked_by or by.id, now, by.id)
        back = Entry(cycle.next, EntryKind.REVERTED, -nanos, by.id, now, by.id)
        # One that ends with the month is taken back from the next at once: no late job can leave it in force.
        entries = (back, entry) if last_on == cycle.last_on else (entry,)
        await tx.envelopes.enter(envelope.workload_id, *entries, revision=envelope.revision + 1)
        stance = await tx.postures.of(envelope.workload_id, cycle)
        freed = replace(calmed(stance), is_stopped=False, since=now, by=by.id, because="more was granted")
        envelope = await _read_back(tx, envelope.workload_id)
        await stand(tx, envelope, cycle, freed, act=_DONE[Decision.GRANTED], by=by.id, now=now)
        for waiting in await tx.escalations.open_of(envelope.workload_id, cycle, lock=True):
            decided = await _decide(tx, waiting, Decision.GRANTED, envelope, by=by, now=now)
            escalation = decided if decided.id == escalation.id else escalation
        await tx.audit.append(
            at=now, actor=by.id, act="added grant", subject=envelope.workload,
            detail={"nanos": nanos, "until": given.until.isoformat(), "reason": reason, "grant": given.id},
        )  # fmt: skip
        return Decided(escalation, envelope, given, spent)


async def keep_degraded(uow: UnitOfWork, escalation_id: int, *, by: Actor, now: datetime) -> Decided:
    """Leave the degradation on. Raises NotAllowed, OwnRequest, AlreadyDecided."""
    return await _say(uow, escalation_id, Decision.KEPT, by=by, now=now)


async def stop(uow: UnitOfWork, escalation_id: int, *, by: Actor, now: datetime) -> Decided:
    """Nothing that costs passes until the month ends or somebody lifts it. Raises NotAllowed, OwnRequest, AlreadyDecided."""
    return await _say(uow, escalation_id, Decision.STOPPED, by=by, now=now)


async def decline(uow: UnitOfWork, escalation_id: int, *, by: Actor, now: datetime) -> Decided:
    """Say no to what somebody asked for; everything stays as it is. Raises NotAllowed, OwnRequest, AlreadyDecided."""
    return await _say(uow, escalation_id, Decision.DECLINED, by=by, now=now)


async def _say(uow: UnitOfWork, escalation_id: int, decision: Decision, *, by: Actor, now: datetime) -> Decided:
    async with uow.write() as tx:
        escalation, envelope = await _open(tx, escalation_id, _ACTS[decision], by)
        cycle = _current(escalation, now, tx.zone)
        stance = await tx.postures.of(envelope.workload_id, cycle)
        if decision is Decision.KEPT:
            kept = replace(stance, is_degraded=True, since=now, by=by.id, because="its sponsor kept it so")
            await stand(tx, envelope, cycle, kept, act=_DONE[decision], by=by.id, now=now)
        elif decision is Decision.STOPPED:
            stopped = replace(
                stance, is_stopped=True, since=now, by=by.id, because="its sponsor stopped it",
                breach_id=escalation.breach_id or stance.breach_id,
            )  # fmt: skip
            await stand(tx, envelope, cycle, stopped, act=_DONE[decision], by=by.id, now=now)
        else:
            await tx.audit.append(
                at=now, actor=by.id, act=_DONE[decision], subject=envelope.workload,
                detail={"escalation": escalation.id, "nanos": escalation.asked_nanos},
            )  # fmt: skip
        decided = await _decide(tx, escalation, decision, envelope, by=by, now=now)
        spent = (await spent_of(tx, envelope.workload_id, cycle)).cost_nanos
        return Decided(decided, await _read_back(tx, envelope.workload_id), None, spent)


async def lift(uow: UnitOfWork, workload: str, *, by: Actor, now: datetime) -> Envelope:
    """Undo a stop, or else the degradation; the envelope as read back. Raises UnknownName, NotAllowed, AlreadyDecided."""
    async with uow.write() as tx:
        number, name = await resolve(tx, workload, command="/budget status")
        envelope = await tx.envelopes.of(number, lock=True)
        cycle = Cycle.of(now, tx.zone)
        stance = await tx.postures.of(number, cycle)
        if envelope is None or not (stance.is_stopped or (stance.is_degraded and not stance.is_lifted)):
            raise AlreadyDecided(f"{name} is neither degraded nor stopped now. Nothing was changed.")
        by.require(Act.LIFT_STOP if stance.is_stopped else Act.LIFT_DEGRADATION, envelope.terms.people, name)
        if stance.is_stopped:
            lifted = replace(stance, is_stopped=False, since=now, by=by.id, because="its sponsor let it go on")
            await stand(tx, envelope, cycle, lifted, act="lifted stop", by=by.id, now=now)
        else:
            lifted = replace(stance, undone_at=now, undone_by=by.id, since=now, by=by.id, because="it was undone")
            await stand(tx, envelope, cycle, lifted, act="undid degradation", by=by.id, now=now)
        for waiting in await tx.escalations.open_of(number, cycle, lock=True):
            await retell(tx, waiting, envelope, now=now)
        return await _read_back(tx, number)


async def degrade_again(uow: UnitOfWork, workload: str, *, by: Actor, now: datetime) -> Envelope:
    """Take back that the degradation was undone. Raises UnknownName, NotAllowed, AlreadyDecided."""
    async with uow.write() as tx:
        number, name = await resolve(tx, workload, command="/budget status")
        envelope = await tx.envelopes.of(number, lock=True)
        cycle = Cycle.of(now, tx.zone)
        stance = await tx.postures.of(number, cycle)
        if envelope is None or not (stance.is_degraded and stance.is_lifted):
            raise AlreadyDecided(f"The degradation of {name} was not undone, or is over. Nothing was changed.")
        by.require(Act.ACKNOWLEDGE, envelope.terms.people, name)
        again = replace(stance, undone_at=None, undone_by=None, since=now, by=by.id, because="it was turned on again")
        await stand(tx, envelope, cycle, again, act="degraded workload", by=by.id, now=now)
        return await _read_back(tx, number)


async def _open(tx: Transaction, escalation_id: int, act: Act, by: Actor) -> tuple[Escalation, Envelope]:
    """The escalation, open and locked, and its envelope. Raises AlreadyDecided, OwnRequest, NotAllowed."""
    found = await held(tx, escalation_id)
    if found is None:
        raise AlreadyDecided("This question does not exist any more. See what waits for you with `/budget approvals`.")
    escalation, envelope = found
    if by.id == escalation.asked_by:
        raise OwnRequest("You asked for this yourself, so somebody else has to decide.")
    by.require(act, envelope.terms.people, envelope.workload)
    if not escalation.is_open:
        who = f" by <@{escalation.decided_by}>" if escalation.decided_by else ""
        how = escalation.decision.value if escalation.decision else "closed"
        raise AlreadyDecided(f"This was already {how}{who}. Nothing was changed.")
    return escalation, envelope


def _current(escalation: Escalation, now: datetime, zone: ZoneInfo) -> Cycle:
    """The cycle that it is about. Raises OutOfRange once that is over."""
    if Cycle.of(now, zone) != escalation.cycle:
        raise OutOfRange(
            f"This was about {escalation.cycle.title}, which is over. The new month has its whole envelope.",
            correction=f"/budget status {escalation.workload}",
        )
    return escalation.cycle


async def _decide(
    tx: Transaction, escalation: Escalation, decision: Decision, envelope: Envelope, *, by: Actor, now: datetime
) -> Escalation:
    decided = replace(
        escalation, state=EscalationState.DECIDED, decision=decision, decided_by=by.id, decided_at=now
    )  # fmt: skip
    await tx.escalations.save(decided)
    if decided.breach_id and (breach := await tx.breaches.of(decided.breach_id, lock=True)) and not breach.is_closed:
        size = envelope.size(escalation.cycle)
        said = {"decision": decision.value, "by": by.id, "at": now.isoformat(), "size": size}
        breach = replace(
            breach, state=BreachState.DECIDED, decided_at=now, decided_by=by.id, facts={**breach.facts, "decided": said}
        )  # fmt: skip
        await edit_breach(tx, await tx.breaches.save(breach), envelope, now=now)
    await retell(tx, decided, envelope, now=now)
    await answer(tx, decided, envelope, now=now)
    return decided


async def _read_back(tx: Transaction, workload_id: int) -> Envelope:
    stored = await tx.envelopes.of(workload_id)
    assert stored is not None
    return stored


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after that day, aware UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
