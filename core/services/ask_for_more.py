"""What an owner does before and beside the sponsor: draw the holdback once, ask for more; and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.approval import Act, checked_grant, checked_reason, most_grantable
from core.change_request import ChangeRequest
from core.degradation import Stance
from core.envelope import Entry, EntryKind, Envelope
from core.errors import AlreadyDecided, OutOfRange, UnknownName
from core.escalation import Escalation, EscalationKind, Grant
from core.leave import Leave
from core.money import usd
from core.people import Actor
from core.period import Cycle
from core.services.escalate import calmed, spent_of
from core.services.names import resolve
from core.services.put_question import ask
from core.store.unit_of_work import Transaction, UnitOfWork

HOLDBACK: Final = "holdback_drawn"


@dataclass(frozen=True, slots=True)
class Asked:
    """An escalation as it was put before the sponsor."""

    escalation: Escalation
    envelope: Envelope
    spent_nanos: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """The holdback as it was drawn; `envelope` is read back."""

    nanos: int
    envelope: Envelope
    cycle: Cycle
    spent_nanos: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person, what they asked for, and what is in force that they may end.

    Attributes:
      questions: (escalation, envelope) that they may decide; `asked` those they asked for or own.
      changes: raises that wait for them; `changes_asked` their own.
      grants: (grant, workload) in force on envelopes they are on.
      standing: (workload, stance) that is degraded or stopped, likewise.
      leave: they said to be away.
    """

    questions: tuple[tuple[Escalation, Envelope], ...]
    asked: tuple[tuple[Escalation, Envelope], ...]
    changes: tuple[ChangeRequest, ...]
    changes_asked: tuple[ChangeRequest, ...]
    grants: tuple[tuple[Grant, str], ...]
    standing: tuple[tuple[Envelope, Stance], ...]
    leave: Leave | None = None


async def ask_for_more(uow: UnitOfWork, workload: str, nanos: int, reason: str, *, by: Actor, now: datetime) -> Asked:
    """The owner asks the sponsor for so much more this month. Raises UnknownName, NotAllowed, OutOfRange, AlreadyDecided."""
    async with uow.write() as tx:
        envelope = await enveloped(tx, workload, "/budget request")
        by.require(Act.ASK_FOR_MORE, envelope.terms.people, envelope.workload)
        words, cycle = checked_reason(reason), Cycle.of(now, tx.zone)
        spent = (await spent_of(tx, envelope.workload_id, cycle)).cost_nanos
        most = most_grantable(envelope.lasting(cycle), envelope.size(cycle), spent)
        checked_grant(nanos, most_nanos=most)
        for one in await tx.escalations.open_of(envelope.workload_id, cycle, lock=True):
            if one.kind is EscalationKind.REQUEST:
                raise AlreadyDecided(
                    f"{usd(one.asked_nanos or 0)} more for {envelope.workload} is with <@{envelope.terms.people.sponsor}> "
                    "already. They can grant another amount too.",
                    correction="/budget approvals",
                )  # fmt: skip
        raised = Escalation(
            0, envelope.workload_id, envelope.workload, cycle, EscalationKind.REQUEST, now,
            asked_nanos=nanos, asked_by=by.id, reason=words,
        )  # fmt: skip
        stored = await ask(tx, raised, envelope, now=now)
        await tx.audit.append(
            at=now, actor=by.id, act="asked for more", subject=envelope.workload,
            detail={"nanos": nanos, "reason": words, "escalation": stored.id},
        )  # fmt: skip
        return Asked(stored, envelope, spent)


async def draw_holdback(uow: UnitOfWork, workload: str, reason: str, *, by: Actor, now: datetime) -> Drawn:
    """Draw the reserve that was agreed with the envelope: once a cycle, the whole of it, until the month ends.

    Finance partner and sponsor are told. Raises UnknownName, NotAllowed, OutOfRange without one, AlreadyDecided.
    """
    async with uow.write() as tx:
        envelope = await enveloped(tx, workload, "/budget holdback", lock=True)
        name, people = envelope.workload, envelope.terms.people
        by.require(Act.DRAW_HOLDBACK, people, name)
        words, cycle = checked_reason(reason), Cycle.of(now, tx.zone)
        nanos = holdback_of(envelope, cycle)
        back = Entry(cycle.next, EntryKind.REVERTED, -nanos, by.id, now)
        drawn = Entry(cycle, EntryKind.DRAWN, nanos, by.id, now)
        await tx.envelopes.enter(envelope.workload_id, back, drawn, revision=envelope.revision + 1)
        stance = await tx.postures.of(envelope.workload_id, cycle)
        if stance.is_degraded:
            await tx.postures.save(envelope.workload_id, cycle, calmed(stance))
        await tx.audit.append(
            at=now, actor=by.id, act="drew holdback", subject=name,
            detail={"nanos": nanos, "reason": words, "cycle": str(cycle)},
        )  # fmt: skip
        spent = (await spent_of(tx, envelope.workload_id, cycle)).cost_nanos
        stored = await tx.envelopes.of(envelope.workload_id)
        assert stored is not None
        facts = {
            "workload": name, "nanos": nanos, "reason": words, "by": by.id, "size": stored.size(cycle), "spent": spent,
            "cycle": str(cycle),
        }  # fmt: skip
        for person in sorted({people.finance, people.sponsor} - {by.id}):
            await tx.outbox.add(
                f"holdback/{envelope.workload_id}/{cycle}/{person}", HOLDBACK, person, facts=facts, at=now
            )
        return Drawn(nanos, stored, cycle, spent)


async def waiting_for(uow: UnitOfWork, person: str, *, now: datetime) -> Waiting:
    """What waits for somebody and what they wait for, oldest first."""
    async with uow.read() as tx:
        cycle = Cycle.of(now, tx.zone)
        envelopes = await tx.envelopes.all()
        mine = {number for number, one in envelopes.items() if one.terms.people.roles_of(person)}
        open_ones = [one for one in await tx.escalations.waiting(person=person) if one.cycle == cycle]
        changes = await tx.requests.pending(person=person)
        grants = [one for one in await tx.grants.standing() if one.workload_id in mine]
        stances = await tx.postures.all(cycle)
        leave = (await tx.leaves.of((person,), now=now)).get(person)
    pairs = [(one, envelopes[one.workload_id]) for one in open_ones]
    decides = [
        (one, envelope)
        for one, envelope in pairs
        if person in (envelope.terms.people.sponsor, envelope.terms.people.deputy) and one.asked_by != person
    ]
    standing = [
        (envelopes[number], stance)
        for number, stance in sorted(stances.items())
        if number in mine and (stance.is_degraded or stance.is_stopped)
    ]
    return Waiting(
        tuple(decides), tuple(pair for pair in pairs if pair not in decides),
        tuple(one for one in changes if one.requested_by != person), tuple(one for one in changes if one.requested_by == person),
        tuple((one, envelopes[one.workload_id].workload) for one in grants), tuple(standing), leave,
    )  # fmt: skip


async def question(uow: UnitOfWork, escalation_id: int) -> tuple[Escalation, Envelope, int]:
    """One escalation with its envelope and what is spent in its cycle, for a form. Raises AlreadyDecided when it is gone."""
    async with uow.read() as tx:
        found = await tx.escalations.of(escalation_id)
        envelope = await tx.envelopes.of(found.workload_id) if found else None
        if found is None or envelope is None:
            raise AlreadyDecided("This question does not exist any more. See what waits with `/budget approvals`.")
        return found, envelope, (await spent_of(tx, envelope.workload_id, found.cycle)).cost_nanos


def holdback_of(envelope: Envelope, cycle: Cycle) -> int:
    """The reserve that its owner may draw in the cycle, in nanos. Raises OutOfRange without one, AlreadyDecided once drawn."""
    name = envelope.workload
    if any(entry.kind is EntryKind.DRAWN and entry.cycle == cycle for entry in envelope.entries):
        raise AlreadyDecided(
            f"The holdback of {name} was drawn in {cycle.title} already.",
            correction=f"/budget request {name} AMOUNT REASON",
        )
    nanos = envelope.lasting(cycle) * round(envelope.terms.holdback * 10_000) // 10_000
    if nanos <= 0:
        raise OutOfRange(
            f"{name} has no holdback. Its sponsor can give more.", correction=f"/budget request {name} AMOUNT REASON"
        )
    return nanos


async def enveloped(tx: Transaction, workload: str, command: str, *, lock: bool = False) -> Envelope:
    """The envelope of a workload as typed; `command` begins the line to paste. Raises UnknownName."""
    number, name = await resolve(tx, workload, command=command)
    envelope = await tx.envelopes.of(number, lock=lock)
    if envelope is None:
        raise UnknownName(
            f"{name} has no envelope, so there is nothing to add to.", correction=f"/budget set {name} AMOUNT"
        )
    return envelope
