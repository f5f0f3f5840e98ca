"""What time does by itself: grants end, sponsors are reminded, and the deputy is asked when they do not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from core.envelope import Entry, EntryKind
from core.escalation import Grant
from core.period import Cycle
from core.services.escalate import OUTLAY, REMINDER, close, facts_of, held, subject_of
from core.services.put_question import NO_ANSWER, because_of, turn_to_deputy
from core.store.outbox import Place
from core.store.unit_of_work import UnitOfWork

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
        if (found := await held(tx, escalation_id)) is None or not found[0].is_open:
            return False
        escalation, envelope = found
        if now >= escalation.cycle.ends_at(tx.zone):
            await close(tx, escalation, envelope, because="cycle_over", now=now)
            return True
        people = envelope.terms.people
        leave = (await tx.leaves.of((people.sponsor,), now=now)).get(people.sponsor)
        if leave and escalation.deputy_at is None:
            await turn_to_deputy(tx, escalation, envelope, because=because_of(leave), now=now)
            return True
        age = now - escalation.opened_at
        due = sum(age >= wait for wait in REMINDERS)
        is_late = age >= DEPUTY_AFTER and escalation.deputy_at is None
        if due <= escalation.reminded and not is_late:
            return False
        escalation = replace(escalation, reminded=max(due, escalation.reminded))
        await tx.escalations.save(escalation)
        if is_late:
            await turn_to_deputy(tx, escalation, envelope, because=NO_ANSWER, now=now)
            return True
        subject, facts = subject_of(escalation), await facts_of(tx, escalation, envelope, now=now)
        # Who is asked is reminded: a sponsor who is away may still look, and the deputy answers for both.
        deputy = people.deputy if escalation.deputy_at and people.deputy != escalation.asked_by else None
        for person in (people.sponsor, *([deputy] if deputy else [])):
            await tx.outbox.add(
                f"{subject}/reminder/{escalation.reminded}/{person}", REMINDER, person,
                facts=facts, at=now, subject=subject, place=Place.THREAD,
            )  # fmt: skip
        return True
