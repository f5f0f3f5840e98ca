"""Read what Home tabs are made from: a fixed number of statements, however many people and envelopes there are."""

from __future__ import annotations

from datetime import datetime

from core.home import EnvelopeStanding, Office
from core.period import Cycle
from core.rollout import glance
from core.services.budget_status import month_end
from core.services.read_envelopes import EnvelopeReading, readings
from core.services.watch_sources import sources_health
from core.standing import Freshness
from core.store.unit_of_work import UnitOfWork
from core.workload import UNATTRIBUTED


async def read_office(uow: UnitOfWork, *, now: datetime) -> Office:
    """Envelopes, requests and sources as they stand now."""
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        read = await readings(tx, cycle, now=now)
        requests = await tx.requests.pending()
        names = await tx.workloads.names()
        latest = await tx.spend.latest_at()
        rollout = await tx.rollouts.latest()
        ticks = await tx.rollouts.ticks(rollout.id) if rollout else {}
    pending = {request.workload: request.proposed.nanos for request in requests}
    return Office(
        cycle, cycle.share_elapsed(now, uow.zone),
        tuple(_standing(one, pending.get(one.envelope.workload)) for one in read),
        tuple(requests), await sources_health(uow, now=now),
        tuple(name for name in names if name != UNATTRIBUTED), Freshness(now, latest),
        glance(rollout, ticks, now=now) if rollout else None,
    )  # fmt: skip


def _standing(one: EnvelopeReading, pending_nanos: int | None) -> EnvelopeStanding:
    return EnvelopeStanding(
        one.envelope, one.size_nanos, one.used.spent, one.state, month_end(one.foretold) if one.foretold else None, pending_nanos
    )  # fmt: skip
