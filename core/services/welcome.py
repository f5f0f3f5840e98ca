"""Tell whoever becomes owner, finance partner, sponsor or deputy what is expected of them: once a person and role."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.people import People
from core.store.unit_of_work import Transaction

KIND: Final = "welcome"
AFTER: Final = timedelta(minutes=1)
"""What somebody is asked to decide comes before what is generally expected of them."""
BOTH: Final = "owner and finance partner"


async def welcome(tx: Transaction, people: People, workload: str, *, by: str, now: datetime) -> None:
    """Put the direct messages into the outbox, in the transaction that gives the roles; nobody is told twice."""
    roles = {
        "finance partner": people.finance,
        "sponsor": people.sponsor,
        "deputy": people.deputy,
        "owner": people.owner,
    }
    if people.owner == people.finance:
        roles = {BOTH: people.owner, "sponsor": people.sponsor, "deputy": people.deputy}
    for role, person in roles.items():
        if person is not None:
            facts = {"role": role, "workload": workload, "by": by}
            await tx.outbox.add(f"{KIND}/{role}/{person}", KIND, person, facts=facts, at=now, due_at=now + AFTER)
