"""Two hundred envelopes of a dollar each, and what each of them will have spent when the month is over."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.change_request import SetOrder
from core.money import NANOS
from core.people import Actor
from core.services.keep_books import open_books
from core.services.manage_envelopes import Defaults, set_envelope
from core.services.manage_tokens import import_source
from core.services.manage_workloads import add_rule
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent

ENVELOPES: Final = 200
CHANNELS: Final = tuple(f"C0SIM{number:03d}" for number in range(20))
OWNERS: Final = ("U0ANA", "U0BEN", "U0CHEN")
FARAH, DANA = "U0FARAH", "U0DANA"
SPONSORS: Final = ("U0SAM", "U0KIM", "U0DANA")
BEGINS: Final = datetime(2026, 11, 1, tzinfo=UTC)
NEXT_MONTH: Final = datetime(2026, 12, 1, tzinfo=UTC)
SOURCE: Final = "simulated"
CALM: Final = 0.85
"""The share of envelopes that pass no threshold."""
CENT: Final = 5_000
"""Input tokens of gpt-4.1 that cost one cent (2.00 a million)."""


async def furnish(url: str, envelopes: int = ENVELOPES) -> None:
    """An empty, migrated database becomes a company's books at the beginning of November."""
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    try:
        await open_books(uow, default_owner=FARAH)
        await import_source(uow, SOURCE, now=BEGINS)
        for number in range(envelopes):
            owner = OWNERS[number % len(OWNERS)]
            by = Actor(FARAH, is_finance=True)
            await add_rule(uow, name_of(number), {"feature": name_of(number)}, by=by, reattribute=False, now=BEGINS)
            channel = CHANNELS[number % len(CHANNELS)]
            order = SetOrder(
                name_of(number), NANOS, owner=owner, finance=FARAH, sponsor=SPONSORS[number % 7 % 3], channel=channel
            )  # fmt: skip
            await set_envelope(uow, order, by=by, defaults=Defaults(FARAH, None), now=BEGINS)
    finally:
        await uow.close()


def name_of(number: int) -> str:
    return f"w{number:03d}"


@dataclass(frozen=True)
class Spend:
    """One event to come."""

    at: datetime
    workload: int
    cents: int


def spends(choose: random.Random, envelopes: int = ENVELOPES) -> list[Spend]:
    """What the month will bring, oldest first: most stay below everything, the others pass one threshold or both, at once
    or bit by bit; some do it again in the first days of the next month."""
    found = []
    for workload in range(envelopes):
        is_calm = choose.random() < CALM
        total = choose.choice((0, 0, 0, 30, 78) if is_calm else (60, 81, 90, 99, 101, 120, 250))
        days = sorted(choose.uniform(0.2, 29.5) for _ in range(choose.randint(1, 5)))
        found += [
            Spend(BEGINS + timedelta(days=day), workload, cents)
            for day, cents in zip(days, parts(choose, total, len(days)), strict=True)
        ]
        if choose.random() < 0.05:
            at = NEXT_MONTH + timedelta(hours=choose.uniform(2, 40))
            found.append(Spend(at, workload, choose.choice((85, 150))))
    return sorted((one for one in found if one.cents), key=lambda one: one.at)


def parts(choose: random.Random, total: int, count: int) -> list[int]:
    """The total in that many parts, some of which may be 0."""
    cuts = sorted(choose.randint(0, total) for _ in range(count - 1))
    return [end - start for start, end in zip((0, *cuts), (*cuts, total), strict=True)]


def event_of(number: int, spend: Spend) -> UsageEvent:
    return UsageEvent(
        id=f"s-{number}", at=spend.at, provider="openai", model="gpt-4.1", input_tokens=spend.cents * CENT, output_tokens=0,
        tags={"feature": name_of(spend.workload)},
    )  # fmt: skip
