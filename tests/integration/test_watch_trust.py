"""Numbers that cannot be trusted are told to finance, once."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from bot.slack.views.trust import trust_message
from core.price_doubt import Doubt, PriceDoubt
from core.rates import NegotiatedPrice, negotiated
from core.services.doubt_prices import doubted_prices
from core.services.manage_prices import set_price
from core.services.manage_tokens import create_token
from core.services.record_usage import Bookkeeper
from core.services.watch_trust import KIND, watch_trust
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FARAH, FINANCE, NOON, an_event, an_order, records, sets
from tests.support.invoices import AFTER, a_line, an_invoice, compares, october, takes, with_october
from tests.support.shown import refused


async def notices(uow: UnitOfWork) -> list[str]:
    async with uow.read() as tx:
        rows = await tx.connection.execute(text("SELECT recipient FROM outbox WHERE kind = :kind"), {"kind": KIND})
        return [recipient for (recipient,) in rows]


async def watched(uow: UnitOfWork, days: int = 0) -> bool:
    return await watch_trust(uow, finance=[FARAH], now=NOON + timedelta(days=days))


async def test_a_source_that_falls_silent_is_told_once_a_silence(uow: UnitOfWork):
    await create_token(uow, "gateway", frozenset({"usage"}), by=ANA, now=NOON)
    async with uow.read() as tx:
        (source,) = [one.id for one in await tx.sources.all() if one.name == "gateway"]
    await Bookkeeper(uow).record(source, [(0, an_event())], now=NOON)
    assert not await watched(uow)
    assert await watched(uow, 3)
    await watched(uow, 4)
    assert await notices(uow) == [FARAH]


async def test_a_bucket_that_grows_is_told_once_a_week(uow: UnitOfWork):
    await sets(uow, an_order("search", 100))
    known = [an_event(at=NOON - timedelta(days=day), workload="search", requests=10) for day in range(1, 40)]
    stray = [an_event(at=NOON - timedelta(days=day), requests=10) for day in range(2, 9)]
    await records(uow, known)
    assert not await watched(uow)
    await records(uow, stray)
    await watched(uow)
    await watched(uow, 1)
    assert await notices(uow) == [FARAH]


async def test_an_unpriced_model_that_no_envelope_watches_is_told_once_a_month(uow: UnitOfWork):
    await sets(uow, an_order("search", 100))
    await records(uow, [an_event(model="made-up-7b", workload="search"), an_event(model="stray-7b", requests=3)])
    await watched(uow)
    await watched(uow, 1)
    async with uow.read() as tx:
        (kept,) = await tx.connection.execute(text("SELECT facts FROM outbox WHERE kind = :kind"), {"kind": KIND})
    facts = kept[0] if isinstance(kept[0], dict) else json.loads(kept[0])
    assert (facts["model"], facts["requests"]) == ("stray-7b", 3)
    said = trust_message(facts, reader=ZoneInfo("UTC"))
    assert not refused(said)
    assert "*3 requests* of this month on *stray-7b* have no price" in said["text"]


async def doubts(uow: UnitOfWork, days: int = 0) -> list[PriceDoubt]:
    return list(await doubted_prices(uow, now=NOON + timedelta(days=days)))


def a_price(**fields: Any) -> NegotiatedPrice:
    given: dict[str, Any] = {"provider": "openai", "model": "gpt-4.1", "prices": {"input": "1.5", "output": "6"}}
    given = given | fields
    return negotiated(given["provider"], given["model"], given["prices"], from_on=NOON.date(), set_by=FARAH)


async def test_a_negotiated_price_that_nobody_confirmed_for_a_quarter_is_told_once_a_month(uow: UnitOfWork):
    await set_price(uow, a_price(), by=FINANCE, now=NOON)
    later = NOON + timedelta(days=97)
    await records(uow, [an_event(at=later)], now=later)
    assert await doubts(uow) == []

    (doubt,) = [one for one in await doubts(uow, 97) if one.why is Doubt.OLD_PRICE]
    assert doubt.line.startswith("/budget price gpt-4.1 input=1.5 output=6")

    for _ in range(2):
        await watched(uow, 97)
    told = len(await notices(uow))
    await set_price(uow, a_price(), by=FINANCE, now=later)
    assert [one for one in await doubts(uow, 97) if one.why is Doubt.OLD_PRICE] == []
    await watched(uow, 97)
    assert len(await notices(uow)) == told


async def test_a_price_that_an_invoice_contradicts_is_told_with_the_line_that_mends_it(uow: UnitOfWork):
    await with_october(uow)
    many = {"requests": 1_000, "input_tokens": 1_000_000, "output_tokens": 100_000}
    for model in ("gpt-4.1", "gpt-4o"):
        await records(uow, october(10, model=model, **many), now=AFTER)
    prices = {
        "gpt-4.1": (3_000, 12_000, 1_001),
        "gpt-4o": (2_500, 10_000, 1_000),
    }  # gpt-4.1 at one and a half times the list
    dear = [
        a_line(
            price * tokens * calls, on=date(2026, 10, 1 + day), model=model, token_class=kind,
            quantity=Decimal(tokens * calls), unit="tokens",
        )
        for day in range(10)
        for model, (into, out, calls) in prices.items()
        for kind, price, tokens in (("input_uncached", into, 1000), ("output", out, 100))
    ]  # fmt: skip
    await takes(uow, an_invoice(*dear))
    compared = await compares(uow)
    assert [cause["cause"] for cause in compared.kept.result["causes"]] == ["wrong_price"]

    (doubt,) = await doubted_prices(uow, now=AFTER)
    assert doubt.why is Doubt.INVOICE
    assert doubt.millionths == 1_500_000
    await set_price(uow, a_price(), by=FINANCE, now=AFTER + timedelta(hours=1))
    assert await doubted_prices(uow, now=AFTER + timedelta(hours=2)) == ()


def test_every_notice_can_be_shown():
    zone = ZoneInfo("UTC")
    unattributed = {
        "about": "unattributed",
        "share": 0.3,
        "usual": 0.1,
        "nanos": 5_000_000_000,
        "as_of": NOON.isoformat(),
    }
    assert refused(dict(trust_message(unattributed, reader=zone))) == []
    for why, model in (("old_list", "gpt-4.1"), ("old_price", "<!channel>"), ("invoice", "gpt-4.1"), ("invoice", "")):
        facts = {
            "about": "price", "why": why, "provider": "openai", "model": model, "since": "2026-08-01",
            "nanos": 5_000_000_000, "millionths": 1_200_000, "month": "2026-10", "line": "/budget price gpt-4.1 input=2",
            "as_of": NOON.isoformat(),
        }  # fmt: skip
        shown = dict(trust_message(facts, reader=zone))
        assert refused(shown) == []
        assert "<!channel>" not in shown["text"]
    for condition in ("silent", "refused", "guessing", "late"):
        facts = {"about": "source", "source": "<!channel>", "condition": condition, "last_seen_at": NOON.isoformat()}
        shown = dict(trust_message(facts, reader=zone))
        assert refused(shown) == []
        assert "<!channel>" not in shown["text"]
