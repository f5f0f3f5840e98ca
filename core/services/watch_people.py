"""Who is named on envelopes, and telling finance of those whom Slack has deactivated: once a person and set of roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Final

from core.home import roles_in
from core.store.unit_of_work import UnitOfWork

DEPARTED: Final = "person_departed"


async def people_named(uow: UnitOfWork) -> tuple[str, ...]:
    """Everybody with a role on an envelope, sorted."""
    async with uow.read() as tx:
        envelopes = await tx.envelopes.all()
    return tuple(sorted(set().union(*(_people(one.terms.people) for one in envelopes.values()))))


async def tell_departed(uow: UnitOfWork, departed: Collection[str], *, finance: tuple[str, ...], now: datetime) -> int:
    """Put a message to finance into the outbox for each of them who still has a role; how many had one."""
    if not finance or not departed:
        return 0
    async with uow.write() as tx:
        roles: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for envelope in (await tx.envelopes.all()).values():
            for person in departed:
                roles[person] += [(envelope.workload, role) for role in roles_in(envelope, person)]
        told = {person: held for person, held in roles.items() if held}
        recipient = next((person for person in finance if person not in departed), None)
        if recipient is None:
            return 0
        for person, held in told.items():
            # Roles are part of the key: whoever gets another role after they left is told of again.
            key = f"{DEPARTED}/{person}/" + ",".join(f"{workload}:{role}" for workload, role in sorted(held))
            await tx.outbox.add(key[:500], DEPARTED, recipient, facts={"person": person, "roles": sorted(held)}, at=now)
    return len(told)


def _people(people: object) -> set[str]:
    named = {getattr(people, role) for role in ("owner", "finance", "sponsor", "deputy")}
    return {person for person in named if person}
