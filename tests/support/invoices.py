"""Builders for the close: a month of usage, the bill for it, and the people who sign."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from core.invoice import Invoice, InvoiceLine
from core.people import Actor
from core.period import Cycle
from core.services.manage_workloads import add_rule
from core.services.reconcile_month import Compared, reconcile_month
from core.services.take_invoice import Delivered, TakenInvoice, take_invoice
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.books import ANA, FARAH, FINANCE, an_event, an_order, records, sets

OCTOBER: Final = Cycle(2026, 10)
AFTER: Final = datetime(2026, 11, 3, 9, tzinfo=UTC)
"""When October is closed."""
TEAM: Final = (FARAH,)
CHANNEL: Final = "C0BUDGET"
CALL_NANOS: Final = 2_800_000
"""What `an_event` costs: 1000 input tokens at 2 and 100 output tokens at 8 dollars a million."""


def october(days: int = 10, *, each: int = 1, **fields: Any) -> list[UsageEvent]:
    """Calls at noon of the first days of October."""
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    tags = {"feature": "search"}
    return [
        an_event(at=noon + timedelta(days=day, seconds=10 * call), **({"tags": tags} | fields))
        for day in range(days)
        for call in range(each)
    ]


async def with_october(uow: UnitOfWork, *, days: int = 10, **order: Any) -> None:
    """Ana's workload `search` with an envelope and ten calls in October."""
    began = datetime(2026, 10, 1, 8, tzinfo=UTC)
    owner = order.get("owner", ANA)
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(owner), reattribute=False, now=began)
    await sets(uow, an_order(**order), by=owner, now=began)
    await records(uow, october(days), now=datetime(2026, 10, 31, tzinfo=UTC))


def a_line(nanos: int, **fields: Any) -> InvoiceLine:
    given: dict[str, Any] = {"on": date(2026, 10, 1), "model": "gpt-4.1", "token_class": "output"}
    return InvoiceLine(nanos=nanos, **(given | fields))


def an_invoice(*lines: InvoiceLine, **fields: Any) -> Invoice:
    """October's bill of openai for ten calls, a cent dearer."""
    shown = lines or (a_line(10 * CALL_NANOS + 10_000_000),)
    given: dict[str, Any] = {"provider": "openai", "month": OCTOBER, "currency": "USD"}
    return Invoice(**(given | fields), lines=shown, total_nanos=sum(line.nanos for line in shown))


def delivered(content: str = "first", **fields: Any) -> Delivered:
    return Delivered(**({"origin": "upload", "file_name": "october.csv", "fingerprint": content} | fields))


async def takes(
    uow: UnitOfWork, invoice: Invoice | None = None, how: Delivered | None = None, *, by: Actor = FINANCE,
    now: datetime = AFTER,
) -> TakenInvoice:  # fmt: skip
    return await take_invoice(uow, invoice or an_invoice(), how or delivered(), by=by, now=now)


async def compares(uow: UnitOfWork, *, by: Actor = FINANCE, now: datetime = AFTER) -> Compared:
    return await reconcile_month(uow, "openai", OCTOBER, by=by, finance_team=TEAM, channel=CHANNEL, now=now)
