"""What becomes of a notice that cannot be delivered: it waits, visibly, and somebody who can mend the cause is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.services.escalate import ESCALATION
from core.services.put_question import unreached
from core.store.outbox import Notice, Place
from core.store.unit_of_work import Transaction

KIND: Final = "undelivered"
MOST_NAMED: Final = 10
"""Conversations that the notice names; the rest is a number."""


async def park_notice(
    tx: Transaction, notice: Notice, because: str, *, is_unreached: bool = False, finance: Sequence[str], now: datetime
) -> None:
    """Park it for this reason (Slack's word, or ours), and tell finance once per reason and day.

    What else is parked for the same reason on that day is added to the same message. Where the finance partner cannot be
    reached either, the next one is told. Whoever waits for a sponsor's answer hears that nobody has been asked.

    Args:
      is_unreached: its recipient cannot be reached, now or later.
      finance: Slack user ids, the first first; the finance partners of the envelopes when empty.
    """
    await tx.outbox.park(notice.id, because)
    await _tell_finance(tx, notice, because, finance=finance, now=now)
    if notice.kind == ESCALATION and is_unreached:
        await unreached(tx, int(notice.facts["id"]), notice.recipient, because=because, now=now)
    if notice.kind == "request" and notice.place is Place.POST and is_unreached:
        asked = await tx.requests.of(int(notice.facts["request_id"]))
        if asked is not None:
            # Whoever asked was told that the sponsor has it; without this they would wait for nothing.
            await tx.outbox.add(
                f"request/{asked.id}/unreached", "request_unreached", asked.requested_by,
                facts={"request_id": asked.id, "because": because}, at=now,
            )  # fmt: skip


async def _tell_finance(
    tx: Transaction, notice: Notice, because: str, *, finance: Sequence[str], now: datetime
) -> None:
    people = list(finance) or sorted({one.terms.people.finance for one in (await tx.envelopes.all()).values()})
    if notice.kind == KIND:
        # It was for the one before; whoever comes after them is told the first cause.
        people = people[people.index(notice.recipient) + 1 :] if notice.recipient in people else []
        because = str(notice.facts["because"])
    people = [person for person in people if person != notice.recipient]
    if not people:
        return
    day = now.astimezone(tx.zone).date()
    subject = f"{KIND}/{because}/{day.isoformat()}"
    waiting = await tx.outbox.parked_for(because)
    waiting.pop(people[0], None)
    facts = {
        "because": because, "day": day.isoformat(), "total": sum(waiting.values()),
        "waiting": sorted(waiting.items(), key=lambda one: -one[1])[:MOST_NAMED],
    }  # fmt: skip
    if people[0] not in await tx.outbox.posted(subject):
        await tx.outbox.add(f"{subject}/{people[0]}", KIND, people[0], facts=facts, at=now, subject=subject)
        return
    await tx.outbox.add(
        f"{subject}/{people[0]}/{notice.id}", KIND, people[0], facts=facts, at=now, subject=subject, place=Place.EDIT
    )
