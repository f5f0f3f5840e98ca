"""Compare a month's invoice with the books, keep what was found, and tell it: in one thread, which is the record."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from core.errors import NotAllowed, Outdated, UnknownName
from core.estimate import Estimate
from core.invoice import Invoice
from core.people import Actor
from core.period import Cycle
from core.reconciliation import Reconciliation, reconcile
from core.services.build_estimate import Books, fold, read_books
from core.services.month_stakes import stakes_of
from core.services.take_invoice import require_reader
from core.services.tell_reconciliation import tell
from core.side_by_side import by_day, by_model
from core.signing import Signers, SigningState, signers_of, signing_state
from core.store.invoice_rows import StoredInvoice
from core.store.reconciliation_rows import SIGNED, StoredReconciliation
from core.store.unit_of_work import Transaction, UnitOfWork

VOID: Final = "the numbers have changed since"


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison as kept; `is_known` when the very same numbers were there already, with their signatures."""

    kept: StoredReconciliation
    signers: Signers
    signing: SigningState
    is_known: bool = False


async def reconcile_month(
    uow: UnitOfWork, provider: str, month: Cycle, *, by: Actor, finance_team: tuple[str, ...], channel: str | None,
    now: datetime, shown_at: tuple[str, str] | None = None,
) -> Compared:  # fmt: skip
    """Compare the invoice in force with what the books say now.

    The same numbers again change nothing. Other numbers make a new comparison: signatures of the one before are void, and
    those who gave them are told.

    Args:
      channel: where the thread goes the first time; later comparisons stay in theirs.
      shown_at: (channel, ts) of a message there that the first comparison takes over.

    Raises UnknownName without an invoice, NotAllowed, Outdated when the invoice was replaced meanwhile.
    """
    async with uow.read() as tx:
        await require_reader(tx, provider, month, by)
        stored = await tx.invoices.current(provider, month)
        if stored is None:
            raise UnknownName(
                f"There is no invoice of {provider} for {month.title} yet. Upload it with `/budget reconcile {provider} {month}`."
            )
        invoice = await tx.invoices.in_dollars(stored)
        books = await read_books(tx, provider, month)
    # Seconds of arithmetic for a large month; the event loop cannot spare them.
    result = await asyncio.to_thread(_compared, books, invoice, stored)
    async with uow.write() as tx:
        return await _keep(
            tx, result, books, stored, by=by, finance_team=finance_team, channel=channel, now=now, shown_at=shown_at
        )


def _compared(books: Books, invoice: Invoice, stored: StoredInvoice) -> dict[str, Any]:
    estimate = fold(books)
    return facts_of(reconcile(estimate, invoice), estimate, invoice, stored)


def facts_of(found: Reconciliation, estimate: Estimate, invoice: Invoice, stored: StoredInvoice) -> dict[str, Any]:
    """Everything that is shown and signed, in plain values; money in nanos."""
    conversion = stored.conversion
    return {
        "provider": found.provider, "month": str(found.month), "estimate": found.estimate_nanos,
        "invoice": found.invoice_nanos, "unexplained": found.unexplained_nanos, "tolerance": found.tolerance_nanos,
        "causes": [
            {
                "cause": str(cause.name), "nanos": cause.nanos, "confidence": round(cause.confidence, 4),
                "evidence": cause.evidence, "details": dict(cause.details),
            }
            for cause in found.causes
        ],
        "lines": found.lines, "split_by": list(found.split_by), "remarks": list(found.remarks),
        "models": [list(one) for one in by_model(estimate, invoice)],
        "days": [list(one) for one in by_day(estimate, invoice)],
        "prices": estimate.price_source,
        "bill": {
            "id": stored.id, "version": stored.version, "file": stored.file_name, "sha256": stored.fingerprint,
            "origin": stored.origin, "currency": stored.currency, "total": stored.total_nanos,
            "rate": [conversion.rate, conversion.on.isoformat(), conversion.source] if conversion else None,
        },
    }  # fmt: skip


def digest_of(result: Mapping[str, Any]) -> str:
    """What a signature covers: SHA-256 of the facts in one fixed spelling."""
    return hashlib.sha256(msgspec.json.encode(result, order="sorted")).hexdigest()


async def _keep(
    tx: Transaction, result: dict[str, Any], books: Books, stored: StoredInvoice, *, by: Actor,
    finance_team: tuple[str, ...], channel: str | None, now: datetime, shown_at: tuple[str, str] | None,
) -> Compared:  # fmt: skip
    """Store the comparison unless it is the one in force. The audit's lock first: it is what all writers take first."""
    await tx.audit.hold()
    invoice = await tx.invoices.current(stored.provider, stored.month, lock=True)
    if invoice is None or invoice.id != stored.id:
        raise Outdated("The invoice was replaced while it was being compared. Compare again.")
    before = await tx.reconciliations.current(stored.provider, stored.month, lock=True)
    signers = signers_of(await stakes_of(tx, stored.provider, stored.month), finance_team=finance_team)
    digest = digest_of(result)
    if before and before.digest == digest:
        signatures = await tx.signatures.of(before.id)
        return Compared(before, signers, signing_state(signers, signatures, digest), is_known=True)
    if before and before.state == SIGNED and not by.is_finance:
        raise NotAllowed(f"{before.provider} {before.month.title} is signed. Only the finance team can open it again.")
    fresh = StoredReconciliation(
        stored.provider, stored.month, stored.id, by.id, now, digest, result, books.basis, result["estimate"],
        result["invoice"], result["unexplained"], before.channel if before and before.channel else channel,
    )  # fmt: skip
    told = await _void(tx, before) if before else ()
    kept = replace(fresh, id=await tx.reconciliations.add(fresh))
    signing = signing_state(signers, (), digest)
    await tx.audit.append(
        at=now, actor=by.id, act="compared invoice", subject=f"{kept.provider} {kept.month}",
        detail={
            "estimate_nanos": kept.estimate_nanos, "invoice_nanos": kept.invoice_nanos, "digest": digest,
            "unexplained_nanos": kept.unexplained_nanos, "invoice_version": stored.version,
        },
    )  # fmt: skip
    await tell(tx, kept, signers, signing, before=before, voided=told, shown_at=shown_at, now=now)
    return Compared(kept, signers, signing)


async def _void(tx: Transaction, before: StoredReconciliation) -> tuple[str, ...]:
    """Put a comparison aside; who had signed it."""
    people = tuple(dict.fromkeys(one.person for one in await tx.signatures.of(before.id) if one.stands))
    await tx.reconciliations.supersede(before.id)
    await tx.signatures.void(before.id, because=VOID)
    return people
