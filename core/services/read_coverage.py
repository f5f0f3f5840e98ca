"""Read coverage: hold a provider's own counts against the books, over the days that both know to their end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core.coverage import Coverage, Reading, Tally, compare
from core.intake.labels import UNKNOWN
from core.pulling import DAY, Cursor, Window, start_of
from core.store.unit_of_work import Transaction, UnitOfWork

COSTS: Final = "costs"
"""The one report of charges; all others count usage."""
API_KEY_TAG: Final = "api_key"
RECENT_DAYS: Final = 28
"""Four whole weeks, as for sources: a gap that was mended months ago is nobody's next step."""


@dataclass(frozen=True, slots=True)
class ReadCoverage:
    """Coverage of one provider.

    Attributes:
      first_on, last_on: the UTC days compared, both included: of those asked for, those that every report has been read
        of and that can no longer grow. Comparing open days would show late buckets as doubles.
      has_costs: whether charges cover these days too; if not, the provider's dollars are None.
    """

    provider: str
    first_on: date
    last_on: date
    has_costs: bool
    coverage: Coverage


async def read_coverage(uow: UnitOfWork, provider: str, *, first_on: date, last_on: date) -> ReadCoverage | None:
    """Coverage over some UTC days, both included; None when nothing was pulled that covers any of them to its end."""
    async with uow.read() as tx:
        cursors = {
            one.name.partition("/")[2]: one for one in await tx.cursors.all() if one.name.startswith(f"{provider}/")
        }
        charges = cursors.pop(COSTS, None)
        window = _comparable(list(cursors.values()), start_of(first_on), start_of(last_on) + DAY)
        if window is None:
            return None
        has_costs = charges is not None and charges.from_at <= window.starts_at and charges.done_until >= window.ends_at
        theirs = [
            Reading(
                one.day, one.project, one.api_key, one.model,
                Tally(one.requests, one.tokens, one.cost_nanos if has_costs else None),
            )
            for one in await tx.buckets.sums(provider, window)
        ]  # fmt: skip
        ours = await _of_books(tx, provider, window)
    last = (window.ends_at - DAY).date()
    # A month of 200 keys with 20 models each takes a second, which the event loop cannot spare.
    coverage = await asyncio.to_thread(compare, theirs, ours)
    return ReadCoverage(provider, window.starts_at.date(), last, has_costs, coverage)


async def recent_coverage(uow: UnitOfWork, *, now: datetime) -> tuple[ReadCoverage, ...]:
    """Coverage of the last `RECENT_DAYS` days for every provider that was ever pulled, by name."""
    async with uow.read() as tx:
        providers = {one.name.partition("/")[0] for one in await tx.cursors.all()}
    first, last = now.date() - timedelta(days=RECENT_DAYS), now.date()
    found = [await read_coverage(uow, provider, first_on=first, last_on=last) for provider in sorted(providers)]
    return tuple(one for one in found if one is not None)


def _comparable(counts: list[Cursor], starts_at: datetime, ends_at: datetime) -> Window | None:
    """The part of these days that every report which was ever read has been read of."""
    read = [one for one in counts if one.pulled_at is not None]
    if not read:
        return None
    window = Window(max(starts_at, *(one.from_at for one in read)), min(ends_at, *(one.done_until for one in read)))
    return window if window.starts_at < window.ends_at else None


async def _of_books(tx: Transaction, provider: str, window: Window) -> list[Reading]:
    spent = await tx.spend.by_utc_day(provider, window.starts_at, window.ends_at)
    series = await tx.series.of({one.series_id for one in spent})
    return [
        Reading(
            one.day, labels.value("project"), labels.value(API_KEY_TAG), None if labels.model == UNKNOWN else labels.model,
            Tally(one.requests, one.tokens, one.cost_nanos),
        )
        for one in spent
        for labels in (series[one.series_id],)
    ]  # fmt: skip
