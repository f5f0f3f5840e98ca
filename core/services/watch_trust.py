"""Numbers that cannot be trusted are an alert of their own: a source that fails its habits, a bucket that grows, a doubtful price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from core.period import Cycle
from core.price_doubt import OLD_AFTER, PriceDoubt
from core.services.doubt_prices import doubted_prices
from core.services.watch_sources import sources_health
from core.source_health import Condition, SourceHealth
from core.store.unit_of_work import UnitOfWork
from core.unattributed import Week, weeks_of
from core.workload import UNATTRIBUTED_ID

KIND: Final = "trust"
GROWN_BY: Final = 0.05
"""Points of the dollars that the unattributed share has to rise in a week, above its last four, to be told."""
_WEEKS: Final = 6


async def watch_trust(
    uow: UnitOfWork, *, finance: Sequence[str], now: datetime, oldest_price: timedelta = OLD_AFTER
) -> bool:
    """Tell the finance team what is newly wrong, each once; whether anything is wrong.

    A silent source is told once a silence; other conditions once a month; the unattributed share once a week, when a whole
    week lies above the mean of the four before it; a price that is old or that an invoice contradicts once
    a month. An unpriced model is told by the envelope it belongs to; here, once a month, where it belongs to none.
    """
    found = [
        (_key(one, now, uow), _source(one, now))
        for one in await sources_health(uow, now=now)
        if one.is_alarming and one.condition is not Condition.UNPRICED
    ]
    found += await _grown(uow, now=now)
    found += await _unpriced(uow, now=now)
    cycle = Cycle.of(now, uow.zone)
    for doubt in await doubted_prices(uow, now=now, oldest=oldest_price):
        found.append((f"price/{doubt.key}/{cycle}", _price(doubt, now)))
    async with uow.write() as tx:
        for key, facts in found:
            for person in finance:
                await tx.outbox.add(f"{KIND}/{key}/{person}", KIND, person, facts=facts, at=now)
    return bool(found)


def _key(one: SourceHealth, now: datetime, uow: UnitOfWork) -> str:
    if one.condition is Condition.SILENT and one.last_seen_at:
        return f"{one.name}/silent/{one.last_seen_at.isoformat()}"
    return f"{one.name}/{one.condition.value}/{Cycle.of(now, uow.zone)}"


def _source(one: SourceHealth, now: datetime) -> dict[str, Any]:
    return {
        "about": "source", "source": one.name, "condition": one.condition.value, "as_of": now.isoformat(),
        "last_seen_at": one.last_seen_at.isoformat() if one.last_seen_at else None,
    }  # fmt: skip


def _price(one: PriceDoubt, now: datetime) -> dict[str, Any]:
    return {
        "about": "price", "why": one.why.value, "provider": one.provider, "model": one.model,
        "since": one.since.isoformat(), "nanos": one.nanos, "millionths": one.millionths, "month": one.month,
        "line": one.line, "as_of": now.isoformat(),
    }  # fmt: skip


async def _grown(uow: UnitOfWork, *, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """The last whole week of the bucket, where it has grown."""
    today = now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        rows = await tx.spend.by_label("workload", today - timedelta(weeks=_WEEKS), today)
    days = ((day, nanos if label == str(UNATTRIBUTED_ID) else 0, nanos) for day, label, nanos, _ in rows)
    *before, last, _ = weeks_of(days, today=today, count=_WEEKS)
    usual = _mean(before)
    if usual is None or last.share is None or last.share - usual < GROWN_BY:
        return []
    facts = {
        "about": "unattributed",
        "share": last.share,
        "usual": usual,
        "nanos": last.part_nanos,
        "as_of": now.isoformat(),
    }
    return [(f"unattributed/{last.starts_on.isoformat()}", facts)]


async def _unpriced(uow: UnitOfWork, *, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Models without a price in spend that no envelope watches."""
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        watched = await tx.envelopes.all()
        models = await tx.spend.unpriced_models(cycle.first_on, cycle.last_on, apart_from=watched.keys())
    return [
        (
            f"unpriced/{model}/{cycle}",
            {"about": "unpriced", "model": model, "requests": requests, "as_of": now.isoformat()},
        )
        for model, requests in models
    ]


def _mean(weeks: Sequence[Week]) -> float | None:
    total = sum(week.total_nanos for week in weeks)
    return sum(week.part_nanos for week in weeks) / total if total else None
