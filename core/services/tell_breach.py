"""Puts what has to be said about a breach into the outbox: one message a person or channel, edited, with a thread."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.alerts import NEVER_WAITS
from core.breach import Breach, BreachKind
from core.envelope import Envelope
from core.services.breach_facts import of_breach
from core.store.outbox import Place
from core.store.unit_of_work import Transaction

KIND: Final = "breach"
NOTE: Final = "breach_note"


def recipients_of(breach: Breach, envelope: Envelope) -> tuple[str, ...]:
    """Who hears of it: the channel, or the owner where there is none; of a runaway both; of bad data the finance partner."""
    people = envelope.terms.people
    if breach.kind is BreachKind.UNTRUSTED:
        return (people.finance,)
    place = place_of(envelope)
    if breach.kind is BreachKind.VELOCITY and place != people.owner:
        return (place, people.owner)
    return (place,)


def place_of(envelope: Envelope) -> str:
    """Where its people read of it: its channel, or its owner's messages."""
    return envelope.terms.channel or envelope.terms.people.owner


async def post(tx: Transaction, breach: Breach, envelope: Envelope, *, now: datetime, zone: ZoneInfo) -> None:
    """The first message of a breach; soft ones wait for the end of the quiet hours."""
    due = due_at(breach, envelope, now, zone)
    for recipient in recipients_of(breach, envelope):
        await tx.outbox.add(
            f"{breach.dedup_key}/{recipient}", KIND, recipient,
            facts=of_breach(breach), at=now, subject=breach.subject, due_at=due,
        )  # fmt: skip


async def edit(tx: Transaction, breach: Breach, envelope: Envelope, *, now: datetime) -> None:
    """Newer facts on every copy; silent, so at any hour."""
    for recipient in recipients_of(breach, envelope):
        await tx.outbox.add(
            f"{breach.dedup_key}/{recipient}/{now.isoformat()}", KIND, recipient,
            facts=of_breach(breach), at=now, subject=breach.subject, place=Place.EDIT,
        )  # fmt: skip


async def note(
    tx: Transaction, breach: Breach, envelope: Envelope, said: str, *, now: datetime, zone: ZoneInfo
) -> None:
    """A word in the thread of every copy; `said` names the sentence (`bot/slack/views/breach_note.py`)."""
    due = due_at(breach, envelope, now, zone)
    for recipient in recipients_of(breach, envelope):
        await tx.outbox.add(
            f"{breach.dedup_key}/{recipient}/{now.isoformat()}/{said}", NOTE, recipient,
            facts=of_breach(breach) | {"said": said}, at=now, subject=breach.subject, place=Place.THREAD, due_at=due,
        )  # fmt: skip


def due_at(breach: Breach, envelope: Envelope, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours for what may wait; a month that is over can always wait."""
    quiet = envelope.terms.quiet
    may_wait = breach.kind not in NEVER_WAITS or breach.is_closed
    return quiet.over_at(now, zone) if quiet and may_wait else None
