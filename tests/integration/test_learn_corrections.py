"""What a signed invoice teaches goes into the next proposals, and can be switched off; both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.close import CloseTerms
from core.people import Actor
from core.period import Cycle
from core.services.forecast_spend import refresh_forecasts
from core.services.propose_envelopes import propose_envelopes
from core.services.run_close import run_close
from core.services.sign_reconciliation import sign
from core.services.suggest_envelope import proposal
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, DEFAULTS, FARAH, FINANCE, an_event, records
from tests.support.invoices import AFTER, TEAM, a_line, an_invoice, compares, october, takes, with_october

LATER = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWNER = Actor(ANA)
MANY = {"requests": 1_000, "input_tokens": 10_000_000, "output_tokens": 1_000_000, "tags": {"feature": "search"}}
"""28 dollars."""


async def signed(uow: UnitOfWork) -> None:
    """October closed with an invoice a tenth below the books, for a discount; November goes on like it."""
    await with_october(uow, dollars=400)
    await records(uow, october(10, **MANY), now=AFTER)
    cents = [
        a_line(tokens * price * 9 // 10, token_class=kind, on=datetime(2026, 10, 1 + day).date())
        for day in range(10)
        for kind, tokens, price in (("input_uncached", 10_001_000, 2_000), ("output", 1_000_100, 8_000))
    ]
    await takes(uow, an_invoice(*cents))
    shown = await compares(uow)
    assert [cause["cause"] for cause in shown.kept.result["causes"]] == ["discount"]
    for person in (OWNER, FINANCE):
        await sign(uow, shown.kept.id, shown.kept.digest[:12], by=person, finance_team=TEAM, now=AFTER)
    days = [an_event(at=datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=day), **MANY) for day in range(23)]
    await records(uow, days, now=LATER)
    await refresh_forecasts(uow, now=LATER)


async def december(uow: UnitOfWork) -> datetime:
    """The rest of November, and the first morning of the next month with its forecasts."""
    first = datetime(2026, 12, 1, 9, tzinfo=UTC)
    await records(uow, [an_event(at=first - timedelta(days=day), **MANY) for day in range(1, 8)], now=first)
    await refresh_forecasts(uow, now=first)
    return first


async def test_a_suggested_size_is_what_will_be_billed_and_says_why(uow: UnitOfWork) -> None:
    await signed(uow)
    taught = await proposal(uow, "search", by=OWNER, defaults=DEFAULTS, now=LATER)
    plain = await proposal(uow, "search", by=OWNER, defaults=DEFAULTS, now=LATER, learns=False)

    assert "×0.90, as the signed October 2026 invoice of openai came to 10.0% less than the books" in taught.basis
    assert "signed" not in plain.basis
    assert taught.suggested_nanos is not None and plain.suggested_nanos is not None
    assert 0.88 < taught.suggested_nanos / plain.suggested_nanos < 0.92


async def test_a_new_months_proposals_carry_it(uow: UnitOfWork) -> None:
    await signed(uow)
    first = await december(uow)
    await run_close(uow, CloseTerms(), finance=[FARAH], now=first)
    async with uow.read() as tx:
        (made,) = (await tx.proposals.of_cycle(Cycle(2026, 12))).values()
        foretold = await tx.forecasts.latest(Cycle(2026, 12))

    assert made.facts["learned"].startswith("×0.90, as the signed October 2026 invoice")
    assert made.facts["p50"] == foretold[made.workload_id].p50_nanos * 9 // 10


async def test_switched_off_proposals_are_in_the_dollars_of_the_books(uow: UnitOfWork) -> None:
    await signed(uow)
    first = await december(uow)
    await propose_envelopes(uow, Cycle(2026, 12), now=first, learns=False)
    async with uow.read() as tx:
        (made,) = (await tx.proposals.of_cycle(Cycle(2026, 12))).values()
        foretold = await tx.forecasts.latest(Cycle(2026, 12))

    assert (made.facts["learned"], made.facts["p50"]) == ("", foretold[made.workload_id].p50_nanos)
