"""How far the close of each provider's months has come: for the form, and for the sponsor who only wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.period import Cycle
from core.services.month_stakes import stakes_of
from core.services.pulled_invoice import pulled_until
from core.signing import SigningState, signers_of, signing_state
from core.store.reconciliation_rows import StoredReconciliation
from core.store.unit_of_work import UnitOfWork

MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class MonthStatus:
    """One provider's month: what the books hold, the comparison if there is one, and its signing."""

    provider: str
    month: Cycle
    estimate_nanos: int
    has_invoice: bool
    kept: StoredReconciliation | None
    signing: SigningState | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers: providers with spend lately, most first, and the month that waits for its invoice.

    `pulled_until` is set where the pulled charges of the provider in question cover that month, `stored` is the name of the
    invoice that is there already.
    """

    providers: tuple[str, ...]
    month: Cycle
    pulled_until: datetime | None
    stored: str | None = None


async def close_status(
    uow: UnitOfWork,
    *,
    finance_team: tuple[str, ...],
    now: datetime,
    provider: str | None = None,
    month: Cycle | None = None,
) -> tuple[MonthStatus, ...]:
    """The closed months of late, newest first; months without spend and without an invoice are left out."""
    last = Cycle.of(now, uow.zone).previous
    months = [month] if month else [last, last.previous, last.previous.previous][:MONTHS]
    found = []
    async with uow.read() as tx:
        for one in months:
            spent = await tx.spend.by_label("provider", one.first_on, one.last_on)
            estimates: dict[str, int] = {}
            for _, label, nanos, _ in spent:
                estimates[label or ""] = estimates.get(label or "", 0) + nanos
            invoiced = {invoice.provider for invoice in await tx.invoices.of_month(one)}
            for name in sorted(
                {*(name for name, nanos in estimates.items() if nanos), *invoiced} - {""},
                key=lambda name: (-estimates.get(name, 0), name),
            ):
                if provider not in (None, name):
                    continue
                kept = await tx.reconciliations.current(name, one)
                signing = None
                if kept:
                    signers = signers_of(await stakes_of(tx, name, one), finance_team=finance_team)
                    signing = signing_state(signers, await tx.signatures.of(kept.id), kept.digest)
                found.append(MonthStatus(name, one, estimates.get(name, 0), name in invoiced, kept, signing))
    return tuple(found)


async def choices(uow: UnitOfWork, *, provider: str | None, month: Cycle | None, now: datetime) -> Choices:
    """What the form is filled in with: last month, unless another was asked for."""
    chosen = month or Cycle.of(now, uow.zone).previous
    async with uow.read() as tx:
        spent = await tx.spend.by_label("provider", chosen.first_on, chosen.last_on)
        sums: dict[str, int] = {}
        for _, label, nanos, _ in spent:
            if label:
                sums[label] = sums.get(label, 0) + nanos
        names = tuple(sorted(sums, key=lambda name: (-sums[name], name)))
        asked = provider or next(iter(names), None)
        pulled = await pulled_until(tx, asked, chosen) if asked else None
        known = await tx.invoices.current(asked, chosen) if asked else None
    return Choices(names, chosen, pulled, known.file_name if known else None)
