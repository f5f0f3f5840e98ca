"""What time does by itself: grants end, sponsors are reminded, and the deputy is asked when they do not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from core.envelope import Entry, EntryKind, Envelope
from core.escalation import Escalation, Grant
from core.period import Cycle
from core.services.escalate import (
    ESCALATION,
    OUTLAY,
    REMINDER,
    UNREACHED,
    close,
    facts_of,
    subject_of,
)
from core.store.outbox import Place
from core.store.unit_of_work import Transaction, UnitOfWork

REMINDERS: Final = (timedelta(hours=1), timedelta(hours=4))
DEPUTY_AFTER: Final = timedelta(hours=24)
GRANT_ENDED: Final = "grant_ended"


async def keep_promises(uow: UnitOfWork, *, now: datetime) -> int:
    """End grants whose time is over, remind, and turn to deputies; how many changes. Idempotent: one transaction each."""
    async with uow.read() as tx:
        due = await tx.grants.due(now)
        waiting = await tx.escalations.waiting()
    done = 0
    for grant in due:
        done += await _end_grant(uow, grant, now=now)
    for escalation in waiting:
        done += await _remind(uow, escalation.id, now=now)
    return done


async def _end_grant(uow: UnitOfWork, grant: Grant, *, now: datetime) -> bool:
    async with uow.write() as tx:
        envelope = await tx.envelopes.of(grant.workload_id, lock=True)
        is_over = grant.until >= grant.cycle.ends_at(tx.zone)
        because = "cycle_over" if is_over else "expired"
        if envelope is None or not await tx.grants.end(grant.id, at=now, because=because):
            return False
        if not is_over:
            # One that ends with its month was taken back when it was given.
            back = Entry(grant.cycle, EntryKind.REVERTED, -grant.nanos, OUTLAY, now)
            await tx.envelopes.enter(grant.workload_id, back, revision=envelope.revision + 1)
        await tx.audit.append(
            at=now, actor=OUTLAY, act="ended grant", subject=envelope.workload,
            detail={"nanos": grant.nanos, "grant": grant.id, "because": because},
        )  # fmt: skip
        stored = await tx.envelopes.of(grant.workload_id)
        assert stored is not None
        facts = {
            "workload": envelope.workload, "nanos": grant.nanos, "because": because, "size": stored.size(Cycle.of(now, tx.zone)),
            "granted_by": grant.granted_by,
        }  # fmt: skip
        people = envelope.terms.people
        for person in sorted({people.owner, grant.granted_by}):
            await tx.outbox.add(f"grant/{grant.id}/ended/{person}", GRANT_ENDED, person, facts=facts, at=now)
        return True


async def _remind(uow: UnitOfWork, escalation_id: int, *, now: datetime) -> bool:
    async with uow.write() as tx:
        found = await tx.escalations.of(escalation_id)
        envelope = await tx.envelopes.of(found.workload_id, lock=True) if found else None
        escalation = await tx.escalations.of(escalation_id, lock=True)
        if escalation is None or envelope is None or not escalation.is_open:
            return False
        if now >= escalation.cycle.ends_at(tx.zone):
            await close(tx, escalation, envelope, because="cycle_over", now=now)
            return True
        age = now - escalation.opened_at
        due = sum(age >= wait for wait in REMINDERS)
        is_late = age >= DEPUTY_AFTER and escalation.deputy_at is None
        if due <= escalation.reminded and not is_late:
            return False
        escalation = replace(escalation, reminded=max(due, escalation.reminded))
        await tx.escalations.save(escalation)
        if is_late:
            await turn_to_deputy(tx, escalation, envelope, because="no_answer", now=now)
            return True
        subject, sponsor = subject_of(escalation), envelope.terms.people.sponsor
        await tx.outbox.add(
            f"{subject}/reminder/{escalation.reminded}", REMINDER, sponsor,
            facts=await facts_of(tx, escalation, envelope, now=now), at=now, subject=subject, place=Place.THREAD,
        )  # fmt: skip
        return True


async def turn_to_deputy(
    tx: Transaction, escalation: Escalation, envelope: Envelope, *, because: str, now: datetime
) -> None:
    """Put it before the deputy, once; without one, tell owner and finance partner that nobody can decide.

    `because` is `no_answer` or Slack's word for why the sponsor cannot be reached.
    """
    people = envelope.terms.people
    escalation = replace(escalation, deputy_at=escalation.deputy_at or now)
    await tx.escalations.save(escalation)
    facts = await facts_of(tx, escalation, envelope, now=now) | {"turned_because": because}
    if people.deputy and people.deputy != escalation.asked_by:
        await tx.outbox.add(
            f"{subject_of(escalation)}/{people.deputy}", ESCALATION, people.deputy,
            facts=facts, at=now, subject=subject_of(escalation),
        )  # fmt: skip
    else:
        for person in sorted({people.owner, people.finance}):
            await tx.outbox.add(f"{subject_of(escalation)}/unreached/{person}", UNREACHED, person, facts=facts, at=now)


async def unreached(tx: Transaction, escalation_id: int, recipient: str, *, because: str, now: datetime) -> None:
    """Slack says that this person cannot be reached: the deputy is asked at once, or else who can mend it is told."""
    found = await tx.escalations.of(escalation_id)
    envelope = await tx.envelopes.of(found.workload_id, lock=True) if found else None
    escalation = await tx.escalations.of(escalation_id, lock=True)
    if escalation is None or envelope is None or not escalation.is_open:
        return
    people = envelope.terms.people
    if recipient == people.sponsor and escalation.deputy_at is None:
        await turn_to_deputy(tx, escalation, envelope, because=because, now=now)
    elif recipient == people.deputy:
        facts = await facts_of(tx, escalation, envelope, now=now) | {"turned_because": because}
        for person in sorted({people.owner, people.finance}):
            await tx.outbox.add(f"{subject_of(escalation)}/unreached/{person}", UNREACHED, person, facts=facts, at=now)
