"""Give past usage the prices that are now known to have held. Explicit, audited, and in frozen months by an adjustment only.

A price change by itself never touches past cost; this act does, for some models from a day on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from core.attribution import Labels
from core.close import Because, Figure, Place
from core.errors import OutOfRange, TooLarge
from core.people import Actor
from core.period import Cycle
from core.rates import Rate
from core.services.close_month import adjustment, record_adjustments
from core.services.price_usage import PriceBook
from core.store.columns import EPOCH, day_number
from core.store.price_rows import RateKey
from core.store.projections import rebuild
from core.store.repricing_rows import PricedCall
from core.store.unit_of_work import Transaction, UnitOfWork

MOST: Final = 2_000_000
"""Events of one act: they are rewritten in one transaction, during which nothing is recorded."""
FARTHEST: Final = timedelta(days=400)
_PART: Final = 5_000


@dataclass(frozen=True, slots=True)
class Repriced:
    """What an act changed, in nanos; `adjusted` are the frozen months that got an adjustment."""

    events: int
    before_nanos: int
    after_nanos: int
    adjusted: tuple[Cycle, ...]

    @property
    def difference_nanos(self) -> int:
        return self.after_nanos - self.before_nanos


async def reprice_usage(
    uow: UnitOfWork, provider: str, models: Sequence[str], *, since: date, by: Actor, now: datetime
) -> Repriced:
    """Price the usage of these models from the UTC day `since` on as if today's prices had been known.

    Raises NotAllowed for anybody but finance, OutOfRange for a day too long ago, TooLarge.
    """
    by.require_finance("reprice usage")
    if not now.date() - FARTHEST <= since <= now.date():
        raise OutOfRange(f"Usage is repriced from a day of the last {FARTHEST.days} days on.")
    async with uow.write() as tx:
        # In the order that all keep: the chain of the audit, then the books, so that nothing is recorded meanwhile.
        await tx.audit.hold()
        await tx.meta.next_version()
        return await _reprice(tx, uow, provider, models, since=since, by=by, now=now)


async def _reprice(
    tx: Transaction, uow: UnitOfWork, provider: str, models: Sequence[str], *, since: date, by: Actor, now: datetime
) -> Repriced:
    starts_at, until = datetime.combine(since, time(0), UTC), now + timedelta(days=2)
    wanted = {model.lower() for model in models}
    labels = {
        number: known for number, known in (await tx.series.all()).items()
        if known.provider == provider and known.model.lower() in wanted
    }  # fmt: skip
    series = sorted(labels)
    if await tx.repricing.count(series, since=starts_at, until=until) > MOST:
        raise TooLarge(f"More than {MOST:,} events would be repriced at once. Begin at a later day.")
    book = PriceBook(await tx.prices.negotiated())
    changes: dict[tuple[Cycle, Place], int] = defaultdict(int)
    events = before = after = 0
    last: PricedCall | None = None
    while part := await tx.repricing.part(series, since=starts_at, until=until, after=last, limit=_PART):
        last = part[-1]
        priced = await _priced(tx, book, labels, part)
        await tx.repricing.set_costs(priced)
        for one, nanos, _ in priced:
            if one.superseded:
                continue
            events += 1
            before += one.cost_nanos or 0
            after += nanos
            cycle = Cycle.of(one.at, uow.zone)
            changes[cycle, Place(one.workload_id, provider)] += nanos - (one.cost_nanos or 0)
    if events:
        await rebuild(tx.connection, uow.zone, series_ids=series, since=starts_at)
    await tx.audit.append(
        at=now, actor=by.id, act="repriced usage", subject=provider,
        detail={
            "models": sorted(wanted), "since": since.isoformat(), "events": events, "before_nanos": before,
            "after_nanos": after,
        },
    )  # fmt: skip
    adjusted = await _adjust(tx, uow, changes, by=by, now=now)
    return Repriced(events, before, after, adjusted)


async def _priced(
    tx: Transaction, book: PriceBook, labels: Mapping[int, Labels], part: Sequence[PricedCall]
) -> list[tuple[PricedCall, int, int]]:
    """Those events of a part whose price is another now, with their new cost and rate."""
    rates: dict[tuple[int, int], list[tuple[int, RateKey]]] = {}
    for one in part:
        place = one.series_id, day_number(one.at.date())
        if place not in rates:
            rates[place] = book.rates_on(labels[one.series_id], place[1])
    numbers = await book.intern(tx, rates.values())
    found = []
    for one in part:
        second = (one.at - EPOCH).seconds
        known = rates[one.series_id, day_number(one.at.date())]
        key = next((key for start, key in reversed(known) if start <= second), None)
        if key is None:
            continue
        rate: Rate = key[3]
        nanos, number = rate.cost(one.tokens, one.requests), numbers[key]
        if (nanos, number) != (one.cost_nanos, one.rate_id):
            found.append((one, nanos, number))
    return found


async def _adjust(
    tx: Transaction, uow: UnitOfWork, changes: dict[tuple[Cycle, Place], int], *, by: Actor, now: datetime
) -> tuple[Cycle, ...]:
    """Frozen months keep their estimate; the difference stands beside it, with its reason."""
    adjusted = []
    for cycle in sorted({cycle for cycle, _ in changes}):
        if not await tx.closings.is_frozen(cycle):
            continue
        found = [
            adjustment(cycle, place, Figure(nanos, 0), Because.REPRICED, uow=uow, by=by.id, now=now)
            for (of, place), nanos in changes.items()
            if of == cycle and nanos
        ]
        await record_adjustments(tx, found, now=now)
        adjusted.append(cycle)
    return tuple(adjusted)
