"""Why was I (not) told: what holds now for each kind of alert of an envelope, and everything that held before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.breach import Breach
from core.envelope import Envelope
from core.errors import UnknownName
from core.period import Cycle
from core.services.names import resolve
from core.store.decision_rows import KeptReason
from core.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reasons:
    """One envelope's reasons of a cycle.

    Attributes:
      current: the reason that holds now, one a kind, of the revision in force.
      earlier: all others, latest first.
      breaches: of the cycle, oldest first; they know when their message was out.
      late: breaches of the month before, told after its end because usage came late.
      waits_until: the end of the quiet hours that hold up soft alerts just now; None outside of them.
    """

    workload: str
    cycle: Cycle
    envelope: Envelope
    current: tuple[KeptReason, ...]
    earlier: tuple[KeptReason, ...]
    breaches: tuple[Breach, ...]
    waits_until: datetime | None
    late: tuple[Breach, ...] = ()


async def reasons_of(uow: UnitOfWork, workload: str, *, now: datetime) -> Reasons:
    """Raises UnknownName for a workload that is not known, or has no envelope and so no alerts."""
    cycle = Cycle.of(now, uow.zone)
    await _note_delivered(uow)
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget why-told")
        envelope = await tx.envelopes.of(number)
        if envelope is None:
            raise UnknownName(
                f"{name} has no envelope, so nobody is told anything about it.", correction=f"/budget set {name}"
            )
        kept = (await tx.decisions.of_cycle(cycle, workload_ids=[number])).get(number, [])
        breaches = (await tx.breaches.of_cycle(cycle, workload_ids=[number])).get(number, [])
        before = (await tx.breaches.of_cycle(cycle.previous, workload_ids=[number])).get(number, [])
    current: dict[str, KeptReason] = {}
    for reason in kept:
        if reason.revision == envelope.revision:
            current.setdefault(reason.kind.value, reason)
    earlier = [reason for reason in kept if current.get(reason.kind.value) is not reason]
    quiet = envelope.terms.quiet
    return Reasons(
        name, cycle, envelope, tuple(current.values()), tuple(earlier), tuple(breaches),
        quiet.over_at(now, uow.zone) if quiet else None, tuple(one for one in before if one.facts.get("late")),
    )  # fmt: skip


async def _note_delivered(uow: UnitOfWork) -> None:
    """A message may have gone out since the alerts were looked at last: whoever asks has perhaps just read it."""
    async with uow.read() as tx:
        untold = await tx.breaches.has_undelivered()
    if untold:
        async with uow.write() as tx:
            await tx.breaches.mark_delivered()
