"""A month as a file over real books on both engines: the file adds up to the books, in every zone."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from core.close import CloseTerms
from core.errors import NotAllowed, OutOfRange
from core.exporting.focus import Form
from core.money import NANOS
from core.period import Cycle
from core.rates import negotiated
from core.services.close_month import freeze_months, turn_months
from core.services.export_spend import export_month
from core.services.manage_prices import set_price
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FINANCE, NOON, Actor, an_event, books_in, records

OCTOBER, NOVEMBER = Cycle(2026, 10), Cycle(2026, 11)
MODELS = (("openai", "gpt-4.1"), ("openai", "gpt-5.4"), ("anthropic", "claude-sonnet-4-5"), ("acme", "own-7b"))


async def with_usage(uow: UnitOfWork, seed: int = 1, count: int = 400) -> None:
    """Calls of four models over seven weeks around October: some very long, some without a price."""
    rng = Random(seed)
    events = []
    for _ in range(count):
        provider, model = rng.choice(MODELS)
        size = rng.choice((900, 40_001, 290_003))
        events.append(
            an_event(
                at=datetime(2026, 9, 25, tzinfo=UTC) + timedelta(seconds=rng.randrange(49 * 86_400)),
                provider=provider, model=model, input_tokens=size, cache_read_tokens=size // 3, output_tokens=size // 7,
                reasoning_tokens=size // 19, web_searches=rng.choice((0, 0, 2)),
                tags={"feature": rng.choice(("search", "chat", "=cmd")), "project": rng.choice(("p1", "p2"))},
            )
        )  # fmt: skip
    await records(uow, events)


async def exported(uow: UnitOfWork, cycle: Cycle = OCTOBER, form: Form = Form.FOCUS_1_2):
    parts: list[str] = []
    told = await export_month(uow, cycle, form, parts.append, now=NOON)
    return told, list(csv.DictReader(io.StringIO("".join(parts))))


async def booked(uow: UnitOfWork, cycle: Cycle) -> tuple[int, int]:
    async with uow.read() as tx:
        spent = (await tx.spend.by_workload(cycle.first_on, cycle.last_on)).values()
    return sum(one.cost_nanos for one in spent), sum(one.requests for one in spent)


@pytest.mark.parametrize("form", list(Form))
async def test_the_file_adds_up_to_the_books_to_the_nano(uow: UnitOfWork, form: Form):
    await with_usage(uow)
    told, rows = await exported(uow, form=form)
    nanos, requests = await booked(uow, OCTOBER)
    cost, count = ("cost_usd", "requests") if form is Form.CSV else ("BilledCost", "x_Requests")
    assert sum(Decimal(row[cost]) for row in rows) * NANOS == nanos == told.nanos > 0
    assert sum(int(row[count]) for row in rows) == requests
    assert len(rows) == told.rows


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
async def test_it_does_so_where_months_are_cut_elsewhere(database_url: str, zone: str):
    async with books_in(database_url, zone) as uow:
        await with_usage(uow, seed=2)
        for cycle in (OCTOBER, NOVEMBER):
            told, rows = await exported(uow, cycle)
            assert (
                sum(Decimal(row["BilledCost"]) for row in rows) * NANOS == (await booked(uow, cycle))[0] == told.nanos
            )
            assert {row["BillingPeriodStart"] for row in rows} == {
                cycle.starts_at(uow.zone).strftime("%Y-%m-%dT%H:%M:%SZ")
            }


async def test_an_agreed_price_stands_beside_the_listed_one(uow: UnitOfWork):
    price = negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=OCTOBER.first_on, set_by=FINANCE.id)
    await set_price(uow, price, by=FINANCE, now=NOON)
    await records(uow, [an_event(at=datetime(2026, 10, 9, tzinfo=UTC), input_tokens=1_000_000, output_tokens=0)])
    _, (row,) = await exported(uow)
    assert (row["ListCost"], row["ContractedCost"], row["BilledCost"]) == ("2.0", "1.0", "1.0")
    assert row["x_RateSource"] == "negotiated from 2026-10-01"


async def test_usage_without_a_price_is_in_the_file_with_its_tokens(uow: UnitOfWork):
    await records(uow, [an_event(at=datetime(2026, 10, 9, tzinfo=UTC), provider="acme", model="own-7b")])
    told, rows = await exported(uow)
    assert told.unpriced_requests == 1
    assert {row["BilledCost"] for row in rows} == {"0.0"}
    assert sum(Decimal(row["ConsumedQuantity"]) for row in rows) == 1100
    assert {row["ListUnitPrice"] for row in rows} == {""}


async def test_a_frozen_month_says_so(uow: UnitOfWork):
    await with_usage(uow)
    await turn_months(uow, CloseTerms(), now=NOON)
    await freeze_months(uow, CloseTerms(), now=NOON)
    told, _ = await exported(uow)
    assert told.month.closing is not None and told.month.closing.frozen_at == NOON
    assert told.month.adjusted_nanos == told.nanos


async def test_only_finance_exports_and_no_month_to_come(uow: UnitOfWork):
    with pytest.raises(NotAllowed, match="finance team"):
        await export_month(uow, OCTOBER, Form.CSV, print, now=NOON, by=Actor("U0KIM"))
    with pytest.raises(OutOfRange, match="has not begun"):
        await export_month(uow, Cycle(2026, 12), Form.CSV, print, now=NOON)
