"""Builders for the books' tests, with valid defaults; a test names only what matters to it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.attribution import Labels
from core.change_request import SetOrder
from core.money import NANOS
from core.people import Actor
from core.services.book_usage import Receipt
from core.services.keep_books import check_books, open_books
from core.services.manage_envelopes import Defaults, SetOutcome, set_envelope
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from core.usage import TokenClasses, UsageEvent

NOON: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATEST: Final = NOON + timedelta(hours=24)
ANA, FARAH, SAM, DANA, KIM = "U0ANA", "U0FARAH", "U0SAM", "U0DANA", "U0KIM"
"""Owner, finance partner (and finance team), sponsor, deputy, somebody else."""

FINANCE: Final = Actor(FARAH, is_finance=True)
DEFAULTS: Final = Defaults(finance=FARAH, channel="C0BUDGET")
_NUMBERS = itertools.count(1)


def an_event(**fields: Any) -> UsageEvent:
    """A priced request of gpt-4.1 at noon, with an id of its own."""
    given: dict[str, Any] = {
        "id": f"e-{next(_NUMBERS)}", "at": NOON, "provider": "openai", "model": "gpt-4.1",
        "input_tokens": 1000, "output_tokens": 100,
    }  # fmt: skip
    return UsageEvent(**(given | fields))


def a_payload(**fields: Any) -> dict[str, Any]:
    """The same as it is sent: plain JSON values. A field given as `...` is left out."""
    given: dict[str, Any] = {
        "id": f"p-{next(_NUMBERS)}", "at": "2026-11-24T12:00:00Z", "provider": "openai", "model": "gpt-4.1",
        "input_tokens": 1000, "output_tokens": 100,
    }  # fmt: skip
    return {name: value for name, value in (given | fields).items() if value is not ...}


def classes(**amounts: int) -> TokenClasses:
    return TokenClasses(**amounts)


def labels(*, workload: str | None = None, model: str = "gpt-4.1", **tags: str) -> Labels:
    """The labels of an openai event with these tags."""
    return Labels("openai", model, "standard", workload, tuple(sorted(tags.items())))


def an_order(workload: str = "search", dollars: float | None = 4000, **fields: Any) -> SetOrder:
    """What Ana orders: an envelope of her own with Sam as its sponsor."""
    nanos = None if dollars is None else round(dollars * NANOS)
    people = {"owner": ANA, "finance": FARAH, "sponsor": SAM}
    return SetOrder(workload, nanos, **(people | fields))


async def sets(uow: UnitOfWork, order: SetOrder, *, by: str = ANA, now: datetime = NOON) -> SetOutcome:
    return await set_envelope(uow, order, by=Actor(by), defaults=DEFAULTS, now=now)


async def records(
    uow: UnitOfWork, events: Iterable[UsageEvent], *, source: str = "test", now: datetime = NOON
) -> Receipt:
    """Record events under a named source with a bookkeeper that knows nothing yet."""
    number = (await import_source(uow, source, now=now)).id
    return await Bookkeeper(uow).record(number, list(enumerate(events)), now=now)


async def agreed(uow: UnitOfWork) -> tuple[int, int, int]:
    """(requests, nanos, output tokens) of the books, once journal, hours, days and workloads were found to agree."""
    agreement = await check_books(uow)
    assert agreement.events == agreement.hourly == agreement.daily
    async with uow.read() as tx:
        first, last = NOON.date() - timedelta(days=2500), NOON.date() + timedelta(days=400)
        spent = (await tx.spend.by_workload(first, last)).values()
    assert sum(part.cost_nanos for part in spent) == agreement.events[1]
    assert sum(part.requests for part in spent) == agreement.events[0]
    return agreement.events


@asynccontextmanager
async def books_in(url: str, zone: str = "UTC", *, to_rebuild: bool = False) -> AsyncIterator[UnitOfWork]:
    """Open books in a time zone of the test's choice."""
    opened = UnitOfWork(url, ZoneInfo(zone))
    try:
        await open_books(opened, default_owner=FARAH, to_rebuild=to_rebuild)
        yield opened
    finally:
        await opened.close()
