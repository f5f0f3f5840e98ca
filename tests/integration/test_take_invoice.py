"""Invoices in: whole or not at all, with every version kept; on both engines."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from core.errors import NotAllowed, Outdated, OutOfRange, Unreadable
from core.exchange import Conversion
from core.line_kind import LineKind
from core.people import Actor
from core.period import Cycle
from core.services.take_invoice import WrongUnits
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, KIM
from tests.support.invoices import CALL_NANOS, OCTOBER, a_line, an_invoice, delivered, takes, with_october


async def stored(uow: UnitOfWork) -> list[tuple[int, int | None, int]]:
    async with uow.read() as tx:
        versions = await tx.invoices.versions("openai", OCTOBER)
    return [(one.version, one.superseded_by, one.total_nanos) for one in versions]


async def test_an_invoice_is_kept_with_its_lines_as_they_were(uow: UnitOfWork) -> None:
    invoice = an_invoice(
        a_line(1_000, token_class=None, description="Refund of 3 Oct", kind=LineKind.CORRECTION), a_line(2_000, project="p1"),
    )  # fmt: skip
    taken = await takes(uow, invoice)

    async with uow.read() as tx:
        assert await tx.invoices.in_dollars(taken.invoice) == invoice


async def test_the_same_file_again_changes_nothing(uow: UnitOfWork) -> None:
    first = await takes(uow)
    again = await takes(uow)

    assert again.is_known
    assert again.invoice == first.invoice
    assert len(await stored(uow)) == 1


async def test_a_restated_month_takes_the_place_of_the_one_before_which_stays(uow: UnitOfWork) -> None:
    first = await takes(uow)
    second = await takes(uow, an_invoice(a_line(29_000_000)), delivered("restated"))

    assert second.replaced == first.invoice
    assert await stored(uow) == [(1, second.invoice.id, first.invoice.total_nanos), (2, None, 29_000_000)]


async def test_two_who_restate_at_once_make_two_versions_or_one_is_told(uow: UnitOfWork) -> None:
    await takes(uow)
    outcomes = await asyncio.gather(
        takes(uow, an_invoice(a_line(29_000_000)), delivered("a")),
        takes(uow, an_invoice(a_line(30_000_000)), delivered("b")),
        return_exceptions=True,
    )

    assert all(not isinstance(one, BaseException) or isinstance(one, Outdated) for one in outcomes)
    versions = await stored(uow)
    assert [version for version, _, _ in versions] == list(range(1, len(versions) + 1))
    assert [superseded for _, superseded, _ in versions].count(None) == 1


async def test_two_first_invoices_at_once_leave_one_in_force(uow: UnitOfWork) -> None:
    outcomes = await asyncio.gather(
        takes(uow, how=delivered("a")), takes(uow, how=delivered("b")), return_exceptions=True
    )

    assert sum(isinstance(one, Outdated) for one in outcomes) <= 1
    assert [superseded for _, superseded, _ in await stored(uow)].count(None) == 1


async def test_cents_are_not_stored_as_dollars(uow: UnitOfWork) -> None:
    await with_october(uow)
    with pytest.raises(WrongUnits, match=r"100 times more.*cents.*nothing was stored"):
        await takes(uow, an_invoice(a_line(1_000 * CALL_NANOS)))

    assert await stored(uow) == []


async def test_an_amount_that_somebody_vouches_for_is_stored(uow: UnitOfWork) -> None:
    await with_october(uow)
    await takes(uow, an_invoice(a_line(1_000 * CALL_NANOS)), delivered(units_agreed=True))

    assert len(await stored(uow)) == 1


async def test_a_foreign_invoice_keeps_its_currency_and_the_rate_with_day_and_source(uow: UnitOfWork) -> None:
    rate = Conversion("1.0832", date(2026, 10, 31), "ECB")
    taken = await takes(uow, an_invoice(a_line(1_000_001), a_line(3), currency="EUR"), delivered(conversion=rate))

    assert (taken.invoice.currency, taken.invoice.total_nanos, taken.invoice.usd_nanos) == ("EUR", 1_000_004, 1_083_204)
    async with uow.read() as tx:
        kept = await tx.invoices.current("openai", OCTOBER)
        assert kept is not None
        assert kept.conversion == rate
        dollars = await tx.invoices.in_dollars(kept)
    assert sum(line.nanos for line in dollars.lines) == dollars.total_nanos == 1_083_204


async def test_a_foreign_invoice_without_a_rate_is_asked_for_one(uow: UnitOfWork) -> None:
    with pytest.raises(Unreadable, match="Give the dollars for one EUR"):
        await takes(uow, an_invoice(currency="EUR"))


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1e999999", "abc", ""])
async def test_a_rate_that_is_none_is_refused(uow: UnitOfWork, rate: str) -> None:
    with pytest.raises(OutOfRange, match="not an exchange rate"):
        await takes(uow, an_invoice(currency="EUR"), delivered(conversion=Conversion(rate, date(2026, 10, 31), "ECB")))


async def test_an_invoice_of_a_month_to_come_is_refused(uow: UnitOfWork) -> None:
    with pytest.raises(OutOfRange, match="has not begun"):
        await takes(uow, an_invoice(month=Cycle(2027, 1)))


async def test_an_owner_with_spend_there_may_bring_the_invoice_and_nobody_else(uow: UnitOfWork) -> None:
    await with_october(uow)
    await takes(uow, by=Actor(ANA))
    with pytest.raises(NotAllowed, match="for the finance team and for owners"):
        await takes(uow, how=delivered("other"), by=Actor(KIM))


async def test_the_audit_says_who_brought_which_file(uow: UnitOfWork) -> None:
    await takes(uow)

    async with uow.read() as tx:
        lines = await tx.audit.newest(subject="openai 2026-10", limit=5)
    assert [(line.act, line.detail["sha256"]) for line in lines] == [("took invoice", "first")]
