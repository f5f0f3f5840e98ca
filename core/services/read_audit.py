"""Who changed what, when; and whether the chain is whole."""

from __future__ import annotations

from core.audit import first_break
from core.services.names import resolve
from core.standing import AuditTrail
from core.store.unit_of_work import UnitOfWork


async def trail(uow: UnitOfWork, workload: str | None, *, limit: int = 20) -> AuditTrail:
    """The newest changes, of one workload or of all; the chain is verified from its start. Raises UnknownName."""
    async with uow.read() as tx:
        subject = (await resolve(tx, workload, command="/budget audit"))[1] if workload else None
        lines = await tx.audit.newest(subject=subject, limit=limit)
        total = await tx.audit.count(subject=subject)
        links = [link async for link in tx.audit.links()]
    return AuditTrail(tuple(lines), total, first_break(links))
