"""Whose spend a provider's month is: the workloads with their owners and finance partners, for rights and signatures."""

from __future__ import annotations

from core.period import Cycle
from core.services.build_estimate import bounds
from core.signing import Stake
from core.store.estimate_rows import Share
from core.store.unit_of_work import Transaction


async def stakes_of(
    tx: Transaction, provider: str, month: Cycle, shares: list[Share] | None = None
) -> tuple[Stake, ...]:
    """The workloads with spend there, most first. An envelope's people count before the workload's owner.

    Args:
      shares: where they were read already.
    """
    known = await tx.estimates.shares(provider, *bounds(month)) if shares is None else shares
    workloads = {one.id: one for one in await tx.workloads.all()}
    envelopes = await tx.envelopes.all()
    stakes = []
    for share in known:
        workload = workloads[share.workload_id]
        people = envelopes[share.workload_id].terms.people if share.workload_id in envelopes else None
        owner = people.owner if people else workload.owner
        stakes.append(Stake(workload.name, owner, people.finance if people else None, share.nanos))
    return tuple(sorted(stakes, key=lambda stake: (-stake.nanos, stake.workload)))
