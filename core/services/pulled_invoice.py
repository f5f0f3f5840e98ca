"""A month's invoice out of the charges that were pulled from a provider's cost API, where they cover the month to its end."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from core.errors import UnknownName
from core.intake.openai import line_item
from core.intake.record import CostLine
from core.invoice import Invoice, invoice_of
from core.period import Cycle
from core.pulling import ProviderBucket, Window
from core.services.build_estimate import bounds
from core.services.read_coverage import COSTS
from core.services.take_invoice import Delivered
from core.store.unit_of_work import Transaction, UnitOfWork
from core.usage import CLASS_NAMES


async def pulled_until(tx: Transaction, provider: str, month: Cycle) -> datetime | None:
    """The end of the pulled charges, if they cover the whole month; else None."""
    cursor = await tx.cursors.named(f"{provider}/{COSTS}")
    starts_at, ends_at = bounds(month)
    if cursor is None or cursor.from_at > starts_at or cursor.done_until < ends_at:
        return None
    return cursor.done_until


async def pulled_invoice(uow: UnitOfWork, provider: str, month: Cycle) -> tuple[Invoice, Delivered]:
    """The invoice that the pulled charges make, before tax and credits, which no cost API tells.

    Raises UnknownName where they do not cover the month, WrongInvoice where there are none.
    """
    async with uow.read() as tx:
        if await pulled_until(tx, provider, month) is None:
            raise UnknownName(
                f"The pulled charges of {provider} do not cover {month.title} to its end. Upload the invoice instead."
            )
        charges = await tx.buckets.charges(provider, COSTS, Window(*bounds(month)))
    invoice = invoice_of((_line(provider, charge) for charge in charges), provider=provider, month=month)
    content = msgspec.json.encode([provider, str(month), invoice.total_nanos, list(invoice.lines)], order="sorted")
    return invoice, Delivered("pull", f"{provider} cost API", hashlib.sha256(content).hexdigest())


def _line(provider: str, charge: ProviderBucket) -> CostLine:
    """The charge as a line of a bill; what it is for stands in the provider's own words."""
    words = charge.item or ""
    named = line_item(words) if provider == "openai" and words not in CLASS_NAMES else (None, None, charge.tier)
    token_class = words if words in CLASS_NAMES else named[1]
    nanos = charge.cost_nanos or 0
    return CostLine(
        provider=provider, model=charge.model or named[0], token_class=token_class, tier=charge.tier,
        starts_at=charge.starts_at, ends_at=charge.ends_at, billed_nanos=nanos, effective_nanos=nanos,
        project=charge.project, api_key=charge.api_key, description=words,
    )  # fmt: skip
