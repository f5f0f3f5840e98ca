"""Charges that were pulled from a provider's cost API stand in for an invoice, where they cover the month; both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import UnknownName
from core.pulling import Cursor, ProviderBucket, Window
from core.services.pulled_invoice import pulled_invoice
from core.services.take_invoice import take_invoice
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FINANCE
from tests.support.invoices import AFTER, OCTOBER

START = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


async def pulled(uow: UnitOfWork, *, until: datetime = END, nanos: int = 5_000) -> None:
    """Two days of charges, the first in OpenAI's own words."""
    days = [
        ProviderBucket("costs", START, START + DAY, "p1", None, None, cost_nanos=nanos, item="gpt-4.1, output"),
        ProviderBucket("costs", START + DAY, START + 2 * DAY, "p1", None, "gpt-4.1", cost_nanos=7_000),
    ]
    async with uow.write() as tx:
        cursor = await tx.cursors.locked(Cursor("openai/costs", START, until))
        await tx.buckets.replace("openai", "costs", Window(START, END), days, read_at=AFTER)
        await tx.cursors.save(cursor)


async def test_the_charges_of_a_whole_month_make_its_invoice(uow: UnitOfWork) -> None:
    await pulled(uow)
    invoice, how = await pulled_invoice(uow, "openai", OCTOBER)

    assert (invoice.total_nanos, how.origin) == (12_000, "pull")
    assert {(line.model, line.token_class) for line in invoice.lines} == {("gpt-4.1", "output"), ("gpt-4.1", None)}


async def test_the_same_charges_again_are_the_same_invoice_and_others_a_restated_one(uow: UnitOfWork) -> None:
    await pulled(uow)
    await take_invoice(uow, *await pulled_invoice(uow, "openai", OCTOBER), by=FINANCE, now=AFTER)
    again = await take_invoice(uow, *await pulled_invoice(uow, "openai", OCTOBER), by=FINANCE, now=AFTER)
    assert again.is_known
    await pulled(uow, nanos=6_000)
    newer = await take_invoice(uow, *await pulled_invoice(uow, "openai", OCTOBER), by=FINANCE, now=AFTER)

    assert (newer.invoice.version, newer.invoice.total_nanos) == (2, 13_000)


async def test_a_month_that_is_not_read_to_its_end_is_no_invoice(uow: UnitOfWork) -> None:
    await pulled(uow, until=END - 2 * DAY)
    with pytest.raises(UnknownName, match="do not cover October 2026"):
        await pulled_invoice(uow, "openai", OCTOBER)
