"""Somebody has seen a breach: it stays quiet until it gets worse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.breach import Breach
from core.errors import AlreadyDecided, NotAllowed, UnknownName
from core.people import Actor
from core.services.breach_facts import of_breach
from core.services.tell_breach import NOTE, edit, recipients_of
from core.store.outbox import Place
from core.store.unit_of_work import UnitOfWork


async def acknowledge(uow: UnitOfWork, breach_id: int, *, by: Actor, now: datetime) -> Breach:
    """Note who has seen it, on every copy of its message and in its thread. A second time changes nothing.

    Raises UnknownName, NotAllowed for somebody who does not answer for the envelope, AlreadyDecided when it has ended.
    """
    async with uow.write() as tx:
        breach = await tx.breaches.of(breach_id, lock=True)
        envelope = await tx.envelopes.of(breach.workload_id) if breach else None
        if breach is None or envelope is None:
            raise UnknownName("This alert is not in the books any more. See how things stand with `/budget status`.")
        people = envelope.terms.people
        if not by.is_finance and by.id not in (people.owner, people.finance, people.sponsor, people.deputy):
            raise NotAllowed(
                f"Only those who answer for {breach.workload} can acknowledge this: its owner (<@{people.owner}>), finance "
                f"partner (<@{people.finance}>), sponsor (<@{people.sponsor}>) or deputy."
            )
        if breach.is_closed:
            raise AlreadyDecided(f"This alert about {breach.workload} has ended; there is nothing left to acknowledge.")
        if breach.acknowledged_by is not None:
            return breach
        # From here on "worse" is counted.
        facts = {**breach.facts, "told_nanos": breach.facts.get("shown_nanos", 0)}
        seen = replace(breach, acknowledged_by=by.id, acknowledged_at=now, facts=facts)
        await tx.breaches.save(seen)
        await tx.audit.append(
            actor=by.id, act="acknowledged an alert", subject=breach.workload, at=now,
            detail={"breach": breach.id, "kind": breach.kind.value, "cycle": str(breach.cycle)},
        )  # fmt: skip
        await edit(tx, seen, envelope, now=now)
        for recipient in recipients_of(seen, envelope):
            await tx.outbox.add(
                f"{seen.dedup_key}/{recipient}/{now.isoformat()}/acknowledged", NOTE, recipient,
                facts=of_breach(seen) | {"said": "acknowledged", "by": by.id}, at=now, subject=seen.subject,
                place=Place.THREAD,
            )  # fmt: skip
        return seen


async def breach_of(uow: UnitOfWork, breach_id: int) -> Breach:
    """One breach. Raises UnknownName."""
    async with uow.read() as tx:
        breach = await tx.breaches.of(breach_id)
    if breach is None:
        raise UnknownName("This alert is not in the books any more. See how things stand with `/budget status`.")
    return breach
