"""Who a question is put before: the sponsor, and the deputy where the sponsor is away, cannot be reached or does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from core.breach import Breach
from core.change_request import ChangeRequest
from core.envelope import Envelope
from core.escalation import Escalation
from core.leave import Leave
from core.people import People
from core.services.escalate import ESCALATION, OUTLAY, UNREACHED, facts_of, held, subject_of
from core.store.columns import micros
from core.store.unit_of_work import Transaction, UnitOfWork

NO_ANSWER: Final = "no_answer"
"""Why it was turned to the deputy; besides, `away_said` and `away_status` (`core.leave`), and Slack's words for who cannot be reached."""


async def ask(
    tx: Transaction, escalation: Escalation, envelope: Envelope, *, now: datetime, breach: Breach | None = None
) -> Escalation:
    """Store a new escalation and put it before the sponsor; before the deputy at once too where the sponsor said to be away."""
    stored = replace(escalation, id=await tx.escalations.add(escalation))
    people = envelope.terms.people
    away = await tx.leaves.of(_deciders(people), now=now)
    if leave := away.get(people.sponsor):
        stored = _turned(stored, because_of(leave), leave, now=now)
    await tx.outbox.add(
        f"{subject_of(stored)}/{people.sponsor}", ESCALATION, people.sponsor,
        facts=await facts_of(tx, stored, envelope, now=now, breach=breach), at=now, subject=subject_of(stored),
    )  # fmt: skip
    if leave:
        await _put_before_deputy(tx, stored, envelope, away=away, now=now, breach=breach)
    return stored


async def turn_to_deputy(
    tx: Transaction,
    escalation: Escalation,
    envelope: Envelope,
    *,
    because: str,
    away: Mapping[str, Leave] | None = None,
    now: datetime,
) -> None:
    """Put it before the deputy, once; without one, tell owner and finance partner that nobody can decide.

    Args:
      because: `no_answer`, `away_said`, `away_status`, or Slack's word for why the sponsor cannot be reached.
      away: who of the two is away, as far as Slack tells; what they said themselves is read here.
    """
    people = envelope.terms.people
    away = {**(away or {}), **await tx.leaves.of(_deciders(people), now=now)}
    turned = _turned(escalation, because, away.get(people.sponsor), now=now)
    await _put_before_deputy(tx, turned, envelope, away=away, now=now)


async def unreached(tx: Transaction, escalation_id: int, recipient: str, *, because: str, now: datetime) -> None:
    """Slack says that this person cannot be reached: the deputy is asked at once, or else who can mend it is told."""
    if (found := await held(tx, escalation_id)) is None or not found[0].is_open:
        return
    escalation, envelope = found
    people = envelope.terms.people
    if recipient == people.sponsor and escalation.deputy_at is None:
        await turn_to_deputy(tx, escalation, envelope, because=because, now=now)
    elif recipient == people.deputy:
        facts = await facts_of(tx, escalation, envelope, now=now)
        await _tell_unreached(tx, escalation, envelope, facts | {"turned_because": because}, now=now)


async def asked_alone(uow: UnitOfWork, *, most: int) -> tuple[str, ...]:
    """Sponsors who are asked and whose deputy is not yet, with those deputies; who waits longest first, at most so many."""
    async with uow.read() as tx:
        envelopes = await tx.envelopes.all()
        waiting = [one for one in await tx.escalations.waiting() if one.deputy_at is None]
        raises = await tx.requests.pending()
    deciders = [envelopes[one.workload_id].terms.people for one in waiting] + [one.deciders for one in raises]
    found = [person for people in deciders for person in (people.sponsor, people.deputy) if person]
    return tuple(dict.fromkeys(found))[:most]


async def note_leaves(uow: UnitOfWork, away: Mapping[str, Leave], *, now: datetime) -> int:
    """Ask the deputies of sponsors whose status shows that they are away; how many questions went to one. Idempotent."""
    if not away:
        return 0
    async with uow.read() as tx:
        waiting = [one for one in await tx.escalations.waiting() if one.deputy_at is None]
        raises = [one for one in await tx.requests.pending() if one.deciders.sponsor in away]
    done = 0
    for one in waiting:
        done += await _turn_if_away(uow, one.id, away, now=now)
    for request in raises:
        async with uow.write() as tx:
            done += await put_raise_before_deputy(tx, request, away[request.deciders.sponsor], now=now)
    return done


async def put_raise_before_deputy(tx: Transaction, request: ChangeRequest, leave: Leave, *, now: datetime) -> bool:
    """A raise that waits for a sponsor who is away is shown to the deputy too; whether it was this call that did it."""
    deputy, subject = request.deciders.deputy, f"request/{request.id}"
    if deputy in (None, request.requested_by) or deputy in await tx.outbox.posted(subject):
        return False
    assert deputy is not None
    facts = {"request_id": request.id, "turned_because": because_of(leave), "away_until": _until(leave)}
    await tx.outbox.add(
        f"{subject}/{deputy}", "request", deputy, facts=facts, at=now, request_id=request.id, subject=subject
    )
    await tx.audit.append(
        at=now, actor=OUTLAY, act="asked the deputy", subject=request.workload,
        detail={"deputy": deputy, "because": _WHY[because_of(leave)], "request": request.id},
    )  # fmt: skip
    return True


def because_of(leave: Leave) -> str:
    """`away_said` or `away_status`."""
    return f"away_{leave.source.value}"


async def _turn_if_away(uow: UnitOfWork, escalation_id: int, away: Mapping[str, Leave], *, now: datetime) -> bool:
    async with uow.write() as tx:
        if (found := await held(tx, escalation_id)) is None or not found[0].is_open or found[0].deputy_at is not None:
            return False
        escalation, envelope = found
        leave = away.get(envelope.terms.people.sponsor)
        if leave is None or not leave.covers(now):
            return False
        await turn_to_deputy(tx, escalation, envelope, because=because_of(leave), away=away, now=now)
        return True


_WHY: Final = {
    NO_ANSWER: "the sponsor has not answered for a day", "away_said": "the sponsor said to be away",
    "away_status": "the sponsor's Slack status shows leave",
}  # fmt: skip


def _turned(escalation: Escalation, because: str, leave: Leave | None, *, now: datetime) -> Escalation:
    until = leave.until if leave else None
    return replace(escalation, deputy_at=escalation.deputy_at or now, turned_because=because, away_until=until)


async def _put_before_deputy(
    tx: Transaction,
    turned: Escalation,
    envelope: Envelope,
    *,
    away: Mapping[str, Leave],
    now: datetime,
    breach: Breach | None = None,
) -> None:
    people = envelope.terms.people
    await tx.escalations.save(turned)
    deputy = people.deputy if people.deputy != turned.asked_by else None
    facts = await facts_of(tx, turned, envelope, now=now, breach=breach)
    if deputy:
        await tx.outbox.add(
            f"{subject_of(turned)}/{deputy}", ESCALATION, deputy, facts=facts, at=now, subject=subject_of(turned)
        )
    if not deputy or deputy in away:
        await _tell_unreached(tx, turned, envelope, facts | {"deputy_away": bool(deputy)}, now=now)
    detail: dict[str, object] = {"because": _WHY.get(turned.turned_because, "Slack cannot reach the sponsor")}
    if turned.away_until:
        detail["away_until"] = turned.away_until.astimezone(tx.zone).isoformat(timespec="minutes")
    await tx.audit.append(
        at=now, actor=OUTLAY, act="asked the deputy" if deputy else "found nobody to ask", subject=envelope.workload,
        detail={"deputy": deputy, **detail, "escalation": turned.id} if deputy else {**detail, "escalation": turned.id},
    )  # fmt: skip


async def _tell_unreached(
    tx: Transaction, escalation: Escalation, envelope: Envelope, facts: Mapping[str, object], *, now: datetime
) -> None:
    for person in sorted({envelope.terms.people.owner, envelope.terms.people.finance}):
        await tx.outbox.add(f"{subject_of(escalation)}/unreached/{person}", UNREACHED, person, facts=facts, at=now)


def _deciders(people: People) -> tuple[str, ...]:
    return (people.sponsor, people.deputy) if people.deputy else (people.sponsor,)


def _until(leave: Leave) -> int | None:
    return micros(leave.until) if leave.until else None
