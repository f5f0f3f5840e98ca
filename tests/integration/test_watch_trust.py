"""Numbers that cannot be trusted are told to finance, once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from bot.slack.views.trust import trust_message
from core.services.manage_tokens import create_token
from core.services.record_usage import Bookkeeper
from core.services.watch_trust import KIND, watch_trust
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FARAH, NOON, an_event, an_order, records, sets
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
    for condition in ("silent", "refused", "guessing", "late"):
        facts = {"about": "source", "source": "<!channel>", "condition": condition, "last_seen_at": NOON.isoformat()}
        shown = dict(trust_message(facts, reader=zone))
        assert refused(shown) == []
        assert "<!channel>" not in shown["text"]
