"""Read what Home tabs are made from: a fixed number of statements, however many people and envelopes there are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.home import EnvelopeStanding, Office, WaitingClose
from core.period import Cycle
from core.rollout import glance
from core.services.budget_status import month_end
from core.services.month_stakes import stakes_of
from core.services.read_envelopes import EnvelopeReading, readings
from core.services.watch_sources import sources_health
from core.signing import signers_of, signing_state
from core.standing import Freshness
from core.store.reconciliation_rows import OPEN, StoredReconciliation
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED

MOST_CLOSES: Final = 6
"""Comparisons that are looked at for missing signatures: each takes a sum over its month."""


async def read_office(uow: UnitOfWork, *, now: datetime, finance_team: tuple[str, ...] = ()) -> Office:
    """Everything as it stands now; `finance_team` signs for finance beside the envelopes' partners."""
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        read = await readings(tx, cycle, now=now)
        requests = await tx.requests.pending()
        names = await tx.workloads.names()
        latest = await tx.spend.latest_at()
        rollout = await tx.rollouts.latest()
        ticks = await tx.rollouts.ticks(rollout.id) if rollout else {}
        escalations = await tx.escalations.waiting()
        unsigned = await tx.reconciliations.standing(state=OPEN)
        closes = [await _waiting(tx, one, finance_team) for one in unsigned[:MOST_CLOSES]]
    pending = {request.workload: request.proposed.nanos for request in requests}
    return Office(
        cycle, cycle.share_elapsed(now, uow.zone),
        tuple(_standing(one, pending.get(one.envelope.workload)) for one in read),
        tuple(requests), await sources_health(uow, now=now),
        tuple(name for name in names if name != UNATTRIBUTED), Freshness(now, latest),
        glance(rollout, ticks, now=now) if rollout else None, tuple(escalations), tuple(closes),
    )  # fmt: skip


async def _waiting(tx: Transaction, kept: StoredReconciliation, finance_team: tuple[str, ...]) -> WaitingClose:
    signers = signers_of(await stakes_of(tx, kept.provider, kept.month), finance_team=finance_team)
    signing = signing_state(signers, await tx.signatures.of(kept.id), kept.digest)
    return WaitingClose(kept.provider, kept.month, kept.invoice_nanos - kept.estimate_nanos, signing.waits_for)


def _standing(one: EnvelopeReading, pending_nanos: int | None) -> EnvelopeStanding:
    return EnvelopeStanding(
        one.envelope, one.size_nanos, one.used.spent, one.state, month_end(one.foretold) if one.foretold else None, pending_nanos
    )  # fmt: skip
