"""What signed invoices teach: the correction of each provider, for whoever shows a forecast or proposes an envelope by one."""

from __future__ import annotations

from core.correction import Correction, Learned, correction_of
from core.period import Cycle
from core.store.reconciliation_rows import SIGNED
from core.store.unit_of_work import Transaction, UnitOfWork


async def corrections_for(uow: UnitOfWork, workload_id: int, cycle: Cycle) -> Learned:
    """What signed invoices say of a workload's forecast for a cycle."""
    async with uow.read() as tx:
        return (await learned_in(tx, cycle, [workload_id]))[workload_id]


async def learned_in(tx: Transaction, cycle: Cycle, workload_ids: list[int]) -> dict[int, Learned]:
    """The same for some workloads. Their providers' parts are those of the cycle and of the one before it."""
    known = await _corrections(tx, cycle)
    labels = await tx.series.all()
    shares: dict[int, dict[str, int]] = {number: {} for number in workload_ids}
    for number, series, nanos, _ in await tx.spend.by_series(cycle.previous.first_on, cycle.last_on):
        if number in shares:
            provider = labels[series].provider
            shares[number][provider] = shares[number].get(provider, 0) + nanos
    return {
        number: Learned(parts, tuple(one for one in known if parts.get(one.provider, 0) > 0))
        for number, parts in shares.items()
    }


async def _corrections(tx: Transaction, cycle: Cycle) -> list[Correction]:
    """One a provider, from its newest signed comparison of an earlier month: an older one says nothing better."""
    negotiated = await tx.prices.negotiated()
    found: list[Correction] = []
    seen: set[str] = set()
    for kept in await tx.reconciliations.standing(state=SIGNED):
        if kept.provider in seen or kept.month >= cycle:
            continue
        seen.add(kept.provider)
        mended = {
            price.model
            for price in negotiated
            if price.provider == kept.provider and price.from_on >= kept.month.first_on
        }
        if one := correction_of(kept.result, mended=mended):
            found.append(one)
    return found
