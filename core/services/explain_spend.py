"""`why`: this cycle's spend against the plan, the last cycle or an earlier forecast, split exactly into its causes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from core.errors import UnknownName
from core.period import Cycle
from core.rates import Rate
from core.services.forecast_spend import outlook
from core.services.names import resolve
from core.services.price_usage import PriceBook
from core.standing import Freshness
from core.store.driver_rows import Drivers
from core.store.unit_of_work import Transaction, UnitOfWork
from core.token_shape import ModelTotals, prorated, totals_by_model
from core.variance import Variance, explain

_DRILLED: Final = ("feature", "customer", "environment", "team")
_MOVERS: Final = 3


class Against(StrEnum):
    """What spend is compared with."""

    PLAN = "plan"
    LAST_CYCLE = "last cycle"
    FORECAST = "forecast"


@dataclass(frozen=True, slots=True)
class Mover:
    """A label whose spend changed most between the two periods; None = carries no such label. Nanos."""

    dimension: str
    label: str | None
    before_nanos: int
    now_nanos: int

    @property
    def change_nanos(self) -> int:
        return self.now_nanos - self.before_nanos


@dataclass(frozen=True, slots=True)
class Explanation:
    """An exact answer to why spend differs.

    Attributes:
      against: what it was compared with; `basis` says it in words, with the days that were compared.
      variance: its parts add up to the difference, to the nano.
      movers: the labels that carry most of the change against the same days of the last cycle, most first.
    """

    workload: str
    cycle: Cycle
    against: Against
    basis: str
    variance: Variance
    movers: tuple[Mover, ...]
    freshness: Freshness


async def explain_spend(
    uow: UnitOfWork, workload: str, against: Against | None, *, now: datetime, as_of: date | None = None
) -> Explanation:
    """Why one workload spends what it does.

    Args:
      against: None takes the plan where the envelope has one, else the last cycle.
      as_of: for FORECAST, the day whose forecast is meant; None is the first of the cycle.

    Raises UnknownName for a workload that is not known, and where there is nothing to compare with.
    """
    cycle = Cycle.of(now, uow.zone)
    today = now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget why")
        sides = await _Sides.of(tx, number, cycle, today)
        freshness = Freshness(now, await tx.spend.latest_at())
        movers = await _movers(tx, number, cycle, today)
    chosen = against or (Against.PLAN if sides.planned else Against.LAST_CYCLE)
    if chosen is Against.FORECAST:
        return await _against_forecast(uow, name, number, cycle, as_of or cycle.first_on, now=now, movers=movers)
    if chosen is Against.PLAN:
        if not sides.planned:
            raise UnknownName(
                f"{name} has no planned drivers: its envelope was set before there was usage to plan from. Compare with the last cycle.",
                correction=f"/budget why {name} vs=last",
            )
        elapsed = cycle.share_elapsed(now, uow.zone)
        before = prorated(sides.planned, elapsed)
        basis = f"spend so far against {elapsed:.0%} of the plan that the envelope was set with"
    else:
        before = sides.last
        days = (today - cycle.first_on).days + 1
        basis = f"the first {days} days of {cycle.title} against the same days of {cycle.previous.title}"
    variance = await asyncio.to_thread(
        explain, before, sides.this, planned_rates=sides.rates_before, actual_rates=sides.rates_now
    )
    return Explanation(name, cycle, chosen, basis, variance, movers, freshness)


async def _against_forecast(
    uow: UnitOfWork, name: str, number: int, cycle: Cycle, as_of: date, *, now: datetime, movers: tuple[Mover, ...]
) -> Explanation:
    """How the expected month-end has moved since an earlier forecast, and why."""
    async with uow.read() as tx:
        told = await tx.forecasts.on(number, as_of)
    if told is None or told.cycle != str(cycle) or not told.expected:
        raise UnknownName(
            f"Nothing was foretold for {name} by {as_of:%-d %b}. The first forecast of this cycle is the earliest to compare with.",
            correction=f"/budget why {name} vs=last",
        )
    current = await outlook(uow, name, now=now)
    rates = current.month.rates
    variance = await asyncio.to_thread(
        explain, told.expected, current.forecast.expected, planned_rates=rates, actual_rates=rates
    )
    basis = f"the month-end expected today against the one expected on {told.as_of:%-d %b}"
    return Explanation(name, cycle, Against.FORECAST, basis, variance, movers, current.freshness)


@dataclass(frozen=True, slots=True)
class _Sides:
    this: tuple[ModelTotals, ...]
    last: tuple[ModelTotals, ...]
    planned: tuple[ModelTotals, ...] | None
    rates_now: Mapping[str, Rate]
    rates_before: Mapping[str, Rate]

    @classmethod
    async def of(cls, tx: Transaction, number: int, cycle: Cycle, today: date) -> _Sides:
        before = cycle.previous
        until = before.first_on + timedelta(days=(today - cycle.first_on).days)
        this = (await tx.drivers.between(cycle.first_on, today, workload_ids=[number])).get(number, Drivers((), {}))
        last = await tx.drivers.between(before.first_on, min(until, before.last_on), workload_ids=[number])
        earlier = last.get(number, Drivers((), {}))
        envelope = await tx.envelopes.of(number)
        planned = await tx.forecasts.planned(number, envelope.revision) if envelope else None
        book = PriceBook(await tx.prices.negotiated())
        models = earlier.models | this.models
        rates = [
            {
                key: rate
                for key, priced in models.items()
                if (rate := book.current(priced.provider, priced.model, priced.tier, on))
            }
            for on in (before.first_on, today)
        ]
        return cls(totals_by_model(this.days), totals_by_model(earlier.days), planned, rates[1], rates[0])


async def _movers(tx: Transaction, number: int, cycle: Cycle, today: date) -> tuple[Mover, ...]:
    """The labels with the largest change against the same days of the last cycle, over all drilled dimensions."""
    before = cycle.previous
    until = min(before.first_on + timedelta(days=(today - cycle.first_on).days), before.last_on)
    found: list[Mover] = []
    for dimension in _DRILLED:
        sums: dict[str | None, list[int]] = {}
        for place, (first, last) in enumerate(((before.first_on, until), (cycle.first_on, today))):
            for _, label, nanos, _ in await tx.spend.by_label(dimension, first, last, workload_id=number):
                sums.setdefault(label, [0, 0])[place] += nanos
        if len(sums) > 1:
            found += [Mover(dimension, label, was, now) for label, (was, now) in sums.items() if was != now]
    return tuple(
        sorted(found, key=lambda mover: (-abs(mover.change_nanos), mover.dimension, mover.label or ""))[:_MOVERS]
    )
