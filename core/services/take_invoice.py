"""Take in a provider's invoice for a month: checked as a whole, stored as a whole, in the place of the one before.

The invoice itself was read and checked for month, provider, currency and total by `core.invoice`; here it meets the
books: its units by magnitude, its version, and the dollars that a foreign amount comes to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy.exc import IntegrityError

from core.errors import NotAllowed, Outdated, OutOfRange, Unreadable
from core.exchange import Conversion
from core.invoice import Invoice, WrongInvoice
from core.magnitude import units_problem
from core.people import Actor
from core.period import Cycle
from core.services.build_estimate import basis_of, bounds
from core.services.month_stakes import stakes_of
from core.store.invoice_rows import StoredInvoice
from core.store.unit_of_work import Transaction, UnitOfWork

USD: Final = "USD"
OPERATOR: Final = "outlay import"


class WrongUnits(WrongInvoice):
    """The amounts look like cents, or like prices per thousand; somebody has to look before they are stored."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How an invoice came.

    Attributes:
      origin: `upload`, `import` or `pull`.
      fingerprint: SHA-256 of its content.
      units_agreed: somebody looked at the amounts and says that they are right, whatever their magnitude.
    """

    origin: str
    file_name: str
    fingerprint: str
    conversion: Conversion | None = None
    units_agreed: bool = False


@dataclass(frozen=True, slots=True)
class TakenInvoice:
    """An invoice as stored; `replaced` is the version before it, `is_known` says that the very same one was there."""

    invoice: StoredInvoice
    replaced: StoredInvoice | None
    is_known: bool = False


async def take_invoice(uow: UnitOfWork, invoice: Invoice, how: Delivered, *, by: Actor, now: datetime) -> TakenInvoice:
    """Store an invoice, whole or not at all; the one before it stays as an older version.

    Raises NotAllowed for anybody but finance and owners of workloads with spend there, WrongUnits for amounts that look like
    cents, OutOfRange for a month that has not begun, Unreadable where a rate is missing, Outdated when somebody else
    stored one at the same moment.
    """
    dollars = in_dollars(invoice, how.conversion)
    if invoice.month > Cycle.of(now, uow.zone):
        raise OutOfRange(f"{invoice.month.title} has not begun, so there is no invoice for it yet.")
    try:
        async with uow.write() as tx:
            await require_reader(tx, invoice.provider, invoice.month, by)
            known = await tx.invoices.current(invoice.provider, invoice.month, lock=True)
            fresh = _fresh(invoice, dollars, how, by=by, now=now)
            if known and _same(known, fresh):
                return TakenInvoice(known, None, is_known=True)
            estimate = basis_of(await tx.estimates.shares(invoice.provider, *bounds(invoice.month)))["nanos"]
            if not how.units_agreed and (wrong := units_problem(dollars.total_nanos, estimate)):
                raise WrongUnits(wrong)
            stored = await tx.invoices.add(fresh, invoice.lines, [line.nanos for line in dollars.lines], replaces=known)
            await _write_down(tx, stored, known, by=by, now=now)
    except IntegrityError as met:
        raise Outdated("Somebody else stored this invoice at the same moment. Look at theirs first.") from met
    return TakenInvoice(stored, known)


def in_dollars(invoice: Invoice, conversion: Conversion | None) -> Invoice:
    """The invoice in USD. Raises Unreadable where its currency needs a rate and none is given, OutOfRange."""
    if invoice.currency == USD:
        return invoice
    if conversion is None:
        raise Unreadable(
            f"The invoice is in {invoice.currency}. Give the dollars for one {invoice.currency}, the day and the source of that rate."
        )
    return invoice.converted(exchange_rate(conversion.rate))


def exchange_rate(text: str) -> Decimal:
    """Dollars per unit as typed. Raises OutOfRange."""
    try:
        rate = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        rate = Decimal(-1)
    if not rate.is_finite() or not Decimal("0.000001") <= rate <= Decimal(1_000_000):
        raise OutOfRange(f"“{text.strip()[:40]}” is not an exchange rate. Give dollars for one unit, like 1.0832.")
    return rate


async def require_reader(tx: Transaction, provider: str, month: Cycle, by: Actor) -> None:
    """Finance, or an owner of a workload with spend at the provider. Raises NotAllowed."""
    if by.is_finance or by.id == OPERATOR:
        return
    stakes = await stakes_of(tx, provider, month)
    if all(by.id not in (stake.owner, stake.finance) for stake in stakes):
        raise NotAllowed(
            f"Invoices of {provider} are for the finance team and for owners of what was spent there. Ask one of them."
        )


def _fresh(invoice: Invoice, dollars: Invoice, how: Delivered, *, by: Actor, now: datetime) -> StoredInvoice:
    return StoredInvoice(
        provider=invoice.provider, month=invoice.month, origin=how.origin, file_name=how.file_name[:200],
        fingerprint=how.fingerprint, currency=invoice.currency, total_nanos=invoice.total_nanos,
        usd_nanos=dollars.total_nanos, conversion=None if invoice.currency == USD else how.conversion,
        line_count=invoice.line_count, rounded_to=invoice.rounded_to, remarks=invoice.remarks, taken_by=by.id, taken_at=now,
    )  # fmt: skip


def _same(known: StoredInvoice, fresh: StoredInvoice) -> bool:
    return (known.fingerprint, known.conversion, known.total_nanos) == (
        fresh.fingerprint, fresh.conversion, fresh.total_nanos,
    )  # fmt: skip


async def _write_down(
    tx: Transaction, stored: StoredInvoice, known: StoredInvoice | None, *, by: Actor, now: datetime
) -> None:
    detail: dict[str, object] = {
        "provider": stored.provider, "month": str(stored.month), "version": stored.version, "file": stored.file_name,
        "total_nanos": stored.total_nanos, "currency": stored.currency, "sha256": stored.fingerprint,
    }  # fmt: skip
    if stored.conversion:
        detail["rate"] = f"{stored.conversion.rate} on {stored.conversion.on} by {stored.conversion.source}"
    act = "restated invoice" if known else "took invoice"
    await tx.audit.append(at=now, actor=by.id, act=act, subject=f"{stored.provider} {stored.month}", detail=detail)
