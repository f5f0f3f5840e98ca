"""Mending a price that an invoice showed: what it would do, from its day on, and what is booked only on request; both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from core.close import CloseTerms
from core.errors import NotAllowed, OutOfRange
from core.people import Actor
from core.rates import NegotiatedPrice
from core.services.close_month import freeze_months, turn_months
from core.services.mend_prices import AliasMend, PriceMend, mend_prices, preview_mend
from core.services.price_usage import PriceBook
from core.services.reprice_usage import reprice_usage
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FINANCE, NOON, agreed, an_event, records
from tests.support.invoices import (
    AFTER,
    CALL_NANOS,
    OCTOBER,
    a_line,
    an_invoice,
    compares,
    october,
    takes,
    with_october,
)

HALF = PriceMend("openai", ("gpt-4.1",), 500_000, date(2026, 10, 1))
DOUBLE = PriceMend("openai", ("gpt-4.1",), 2_000_000, date(2026, 10, 6))


async def test_past_cost_stays_until_somebody_reprices_it(uow: UnitOfWork) -> None:
    await with_october(uow)
    await mend_prices(uow, HALF, reprice=False, by=FINANCE, now=NOON)
    assert (await agreed(uow))[1] == 10 * CALL_NANOS
    await records(uow, [an_event()])
    assert (await agreed(uow))[1] == 10 * CALL_NANOS + CALL_NANOS // 2


async def test_repricing_reaches_back_to_its_day_and_keeps_the_books_in_agreement(uow: UnitOfWork) -> None:
    await with_october(uow)
    _, done = await mend_prices(uow, DOUBLE, reprice=True, by=FINANCE, now=NOON)

    assert done is not None
    assert (done.events, done.difference_nanos) == (5, 5 * CALL_NANOS)
    assert (await agreed(uow))[1] == 15 * CALL_NANOS


async def test_repricing_twice_changes_nothing_more(uow: UnitOfWork) -> None:
    await with_october(uow)
    await mend_prices(uow, HALF, reprice=True, by=FINANCE, now=NOON)
    again = await reprice_usage(uow, "openai", ["gpt-4.1"], since=HALF.from_on, by=FINANCE, now=NOON)

    assert (again.events, again.difference_nanos) == (0, 0)


async def test_what_was_unpriced_gets_its_cost(uow: UnitOfWork) -> None:
    await records(uow, [an_event(model="house-model")])
    async with uow.write() as tx:
        both = (("input_uncached", 10**9), ("output", 10**9))
        await tx.prices.add(
            NegotiatedPrice("openai", "house-model", "standard", date(2026, 11, 1), both, "U0FARAH"), at=NOON
        )
    done = await reprice_usage(uow, "openai", ["house-model"], since=date(2026, 11, 1), by=FINANCE, now=NOON)

    assert done.difference_nanos == (1000 + 100) * 1000
    assert (await agreed(uow))[1] == 1_100_000


async def test_a_frozen_month_keeps_its_estimate_and_gets_an_adjustment_with_its_reason(uow: UnitOfWork) -> None:
    await with_october(uow)
    for day in (1, 5):
        at = datetime(2026, 11, day, 9, tzinfo=UTC)
        await turn_months(uow, CloseTerms(), now=at)
        await freeze_months(uow, CloseTerms(), now=at)
    _, done = await mend_prices(uow, HALF, reprice=True, by=FINANCE, now=NOON)

    assert done is not None
    assert done.adjusted == (OCTOBER,)
    async with uow.read() as tx:
        frozen = sum(line.nanos for line in await tx.closings.frozen(OCTOBER))
        (adjustment,) = await tx.closings.adjustments(OCTOBER)
    assert frozen == 10 * CALL_NANOS
    assert (adjustment.figure.nanos, adjustment.because) == (-5 * CALL_NANOS, "repriced")


async def test_the_preview_names_the_envelopes_that_breach_and_changes_nothing(uow: UnitOfWork) -> None:
    await with_october(uow, dollars=0.02)
    lately = [an_event(at=NOON - timedelta(days=day), tags={"feature": "search"}) for day in range(5)]
    await records(uow, lately)
    preview = await preview_mend(
        uow, PriceMend("openai", ("gpt-4.1",), 2_000_000, date(2026, 11, 1)), by=FINANCE, now=NOON
    )

    (effect,) = preview.effects
    assert (effect.workload, effect.spent_nanos, effect.would_nanos) == ("search", 5 * CALL_NANOS, 10 * CALL_NANOS)
    assert effect.breaches
    assert (await agreed(uow))[1] == 15 * CALL_NANOS


async def test_only_finance_mends_and_reprices(uow: UnitOfWork) -> None:
    with pytest.raises(NotAllowed):
        await mend_prices(uow, HALF, reprice=True, by=Actor(ANA), now=NOON)
    with pytest.raises(NotAllowed):
        await reprice_usage(uow, "openai", ["gpt-4.1"], since=HALF.from_on, by=Actor(ANA), now=NOON)


async def test_a_model_with_long_context_prices_is_left_out_and_said(uow: UnitOfWork) -> None:
    preview = await preview_mend(
        uow, PriceMend("openai", ("gpt-5.4",), 900_000, date(2026, 11, 1)), by=FINANCE, now=NOON
    )

    assert (preview.prices, preview.left_out) == ((), ("gpt-5.4",))
    with pytest.raises(OutOfRange, match="one plain price"):
        await mend_prices(
            uow, PriceMend("openai", ("gpt-5.4",), 900_000, date(2026, 11, 1)), reprice=False, by=FINANCE, now=NOON
        )


@pytest.mark.parametrize("millionths", [0, 9_999, 1_000_000, 100_000_001])
def test_a_factor_that_is_no_price_is_refused(millionths: int) -> None:
    with pytest.raises(OutOfRange):
        PriceMend("openai", ("gpt-4.1",), millionths, date(2026, 11, 1))


ALIAS = AliasMend("openai", "gpt-4.1", "gpt-4.1-mini", date(2026, 10, 1))


async def test_a_name_that_stands_for_another_model_costs_what_that_one_costs(uow: UnitOfWork) -> None:
    await with_october(uow)
    preview, done = await mend_prices(uow, ALIAS, reprice=True, by=FINANCE, now=NOON)

    assert preview.left_out == ()
    assert done is not None
    assert (done.events, done.after_nanos) == (10, 10 * CALL_NANOS // 5)
    await records(uow, [an_event()])
    assert (await agreed(uow))[1] == 11 * CALL_NANOS // 5
    async with uow.read() as tx:
        rows = await tx.connection.execute(text("SELECT detail FROM audit_log WHERE act = 'set negotiated price'"))
        assert "gpt-4.1-mini" in str(rows.scalar_one())


async def test_a_later_price_ends_an_alias_and_a_circle_of_aliases_is_none(uow: UnitOfWork) -> None:
    def means(model: str, other: str, on: date = date(2026, 10, 1)) -> NegotiatedPrice:
        return NegotiatedPrice("openai", model, "standard", on, (), FINANCE.id, other)

    book = PriceBook([means("a", "b"), means("b", "gpt-4.1"), means("x", "y"), means("y", "x")])
    assert book.meant("openai", "a", NOON.date(), "batch") == "gpt-4.1"
    assert book.in_force("openai", "x", "standard", NOON.date()) == ()
    priced = NegotiatedPrice("openai", "a", "standard", date(2026, 11, 1), (("output", 10**9),), FINANCE.id)
    assert PriceBook([means("a", "b"), priced]).meant("openai", "a", NOON.date()) == "a"


async def test_the_comparison_after_an_alias_is_like_for_like(uow: UnitOfWork) -> None:
    await with_october(uow)
    await mend_prices(uow, ALIAS, reprice=True, by=FINANCE, now=AFTER)
    lines = [
        a_line(price * tokens, on=date(2026, 10, 1 + day), model="gpt-4.1-mini", token_class=kind)
        for day in range(10)
        for kind, price, tokens in (("input_uncached", 400, 1000), ("output", 1_600, 100))
    ]
    await takes(uow, an_invoice(*lines))
    found = (await compares(uow)).kept

    assert (found.result["causes"], found.unexplained_nanos) == ([], 0)


async def test_a_price_of_one_class_leaves_the_others_as_they_were(uow: UnitOfWork) -> None:
    await with_october(uow)
    output = PriceMend("openai", ("gpt-4.1",), 1_250_000, date(2026, 10, 1), token_class="output")
    _, done = await mend_prices(uow, output, reprice=True, by=FINANCE, now=NOON)

    assert done is not None
    assert done.difference_nanos == 10 * 100 * 8_000 // 4


async def test_a_price_of_a_tier_leaves_the_standard_one(uow: UnitOfWork) -> None:
    await with_october(uow)
    await records(uow, october(2, tier="priority"), now=AFTER)
    before = (await agreed(uow))[1]
    tier = PriceMend("openai", ("gpt-4.1",), 500_000, date(2026, 10, 1), tier="priority")
    _, done = await mend_prices(uow, tier, reprice=True, by=FINANCE, now=NOON)

    assert done is not None
    assert done.events == 2
    assert (await agreed(uow))[1] == before - done.before_nanos // 2


async def test_a_mended_price_holds_for_every_spelling_in_the_books(uow: UnitOfWork) -> None:
    await records(uow, october(1, model="gpt-4.1-2025-04-14"), now=AFTER)
    _, done = await mend_prices(uow, HALF, reprice=True, by=FINANCE, now=NOON)

    assert done is not None
    assert done.difference_nanos == -CALL_NANOS // 2
