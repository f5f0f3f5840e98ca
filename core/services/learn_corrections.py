"""The correction of each provider from its newest signed comparison, for whoever shows a forecast."""

from __future__ import annotations

from core.correction import Correction, correction_of
from core.period import Cycle
from core.store.reconciliation_rows import SIGNED
from core.store.unit_of_work import UnitOfWork


async def corrections_for(
    uow: UnitOfWork, workload_id: int, cycle: Cycle
) -> tuple[dict[str, int], tuple[Correction, ...]]:
    """(spend of the cycle by provider in nanos, corrections of those providers that a signed invoice teaches)."""
    async with uow.read() as tx:
        rows = await tx.spend.by_label("provider", cycle.first_on, cycle.last_on, workload_id=workload_id)
        signed = await tx.reconciliations.standing(state=SIGNED)
        negotiated = await tx.prices.negotiated()
    shares: dict[str, int] = {}
    for _, provider, nanos, _ in rows:
        shares[provider or ""] = shares.get(provider or "", 0) + nanos
    found: dict[str, Correction] = {}
    seen: set[str] = set()
    for kept in signed:
        # Newest month first: an older one says nothing that the newest has not said better.
        if kept.provider in seen or kept.provider not in shares or kept.month >= cycle:
            continue
        seen.add(kept.provider)
        mended = {
            price.model
            for price in negotiated
            if price.provider == kept.provider and price.from_on >= kept.month.first_on
        }
        if one := correction_of(kept.result, mended=mended):
            found[kept.provider] = one
    return shares, tuple(found.values())
