"""Forecast the cycle of one workload or of all: read the drivers, compute off the event loop, keep what was foretold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.envelope import Envelope
from core.forecast import BusinessMetric, Forecast, PartialDay, WorkloadMonth, forecast_all, hour_profile
from core.period import Cycle
from core.rates import Rate
from core.scenario import Change, ModelMove, Plan, PriceChange
from core.services.names import resolve
from core.services.price_usage import PriceBook
from core.standing import Freshness
from core.store.driver_rows import Drivers, Priced
from core.store.unit_of_work import Transaction, UnitOfWork

HISTORY: Final = timedelta(days=180)
"""As far back as the model looks; beyond it nothing improved in the backtests (benchmarks/RESULTS.md)."""
_PROFILE_DAYS: Final = 28


@dataclass(frozen=True, slots=True)
class Outlook:
    """One workload's forecast with what it was made from.

    Attributes:
      month: the input; a what-if changes it and forecasts again.
      days: spend per day of the cycle so far, nanos, today included.
      models: what the model keys of the drivers stand for.
    """

    workload_id: int
    cycle: Cycle
    envelope: Envelope | None
    month: WorkloadMonth
    forecast: Forecast
    days: tuple[tuple[date, int], ...]
    models: Mapping[str, Priced]
    freshness: Freshness


async def outlook(uow: UnitOfWork, workload: str, *, now: datetime, extra: Sequence[Change] = ()) -> Outlook:
    """Forecast one workload now; `extra` are models or prices a what-if may move to. Raises UnknownName.

    What is foretold is kept, as the day's forecast of the scorecard.
    """
    async with uow.read() as tx:
        number, _ = await resolve(tx, workload, command="/budget forecast")
        desk = await _Desk.of(tx, uow.zone, now, [number], extra=extra)
        cycle = desk.cycle
        models = await tx.spend.unpriced_models(cycle.first_on, cycle.last_on, workload_id=number)
        freshness = Freshness(now, desk.latest_at, sum(count for _, count in models), tuple(name for name, _ in models))
    month = desk.month(number)
    (made,) = await asyncio.to_thread(forecast_all, [month])
    async with uow.write() as tx:
        await tx.forecasts.keep([(number, cycle, made)], at=now)
    spent = dict.fromkeys(_days(cycle.first_on, min(desk.today, cycle.last_on)), 0)
    for row in desk.drivers[number].days if number in desk.drivers else ():
        if row.on in spent:
            spent[row.on] += row.cost_nanos
    models_of = desk.drivers[number].models if number in desk.drivers else {}
    return Outlook(number, cycle, desk.envelopes.get(number), month, made, tuple(spent.items()), models_of, freshness)


async def refresh_forecasts(uow: UnitOfWork, *, now: datetime) -> int:
    """Forecast every workload that has usage or an envelope, keep it, and freeze the drivers of new envelopes.

    Idempotent: a day's forecast replaces the one made before on that day. How many were made.
    """
    async with uow.read() as tx:
        names = await tx.workloads.names()
        desk = await _Desk.of(tx, uow.zone, now, sorted(names.values()))
    numbers = [number for number in names.values() if number in desk.drivers or number in desk.envelopes]
    made = await asyncio.to_thread(lambda: forecast_all([desk.month(number) for number in numbers]))
    async with uow.write() as tx:
        await tx.forecasts.keep(((number, desk.cycle, one) for number, one in zip(numbers, made, strict=True)), at=now)
        frozen = await tx.forecasts.frozen_revisions()
        for number, one in zip(numbers, made, strict=True):
            envelope = desk.envelopes.get(number)
            if envelope and one.expected and (number, envelope.revision) not in frozen:
                await tx.forecasts.freeze(number, envelope.revision, desk.cycle, one.expected, at=now)
    return len(numbers)


async def freeze_plan(uow: UnitOfWork, workload: str, *, now: datetime) -> bool:
    """Keep what an envelope that was just set is planned with, and the chance to pass it; whether there was anything.

    Idempotent: what was frozen first for a revision stays. Raises UnknownName.
    """
    made = await outlook(uow, workload, now=now)
    envelope = made.envelope
    if envelope is None or not made.forecast.expected:
        return False
    async with uow.write() as tx:
        await tx.forecasts.freeze(made.workload_id, envelope.revision, made.cycle, made.forecast.expected, at=now)
    return True


async def backtest(uow: UnitOfWork, *, now: datetime, cycles: int = 3) -> int:
    """Forecast the last cycles again as of each of their days, knowing only what was known then; kept as backtests.

    Gives new books a scorecard from their imported history. Days that were really foretold are left alone.
    """
    this = Cycle.of(now, uow.zone)
    past = [this]
    while len(past) <= cycles:
        past.append(past[-1].previous)
    async with uow.read() as tx:
        names = await tx.workloads.names()
        desk = await _Desk.of(tx, uow.zone, now, sorted(names.values()), back=timedelta(days=31 * cycles))
        known = {(one.workload_id, one.as_of) for one in await tx.forecasts.of_cycles(past)}
    wanted = [
        (number, cycle, as_of)
        for cycle in past
        for as_of in _days(cycle.first_on, min(cycle.last_on, desk.today - timedelta(days=1)))
        for number, drivers in desk.drivers.items()
        if (number, as_of) not in known and any(day.on <= as_of for day in drivers.days)
    ]
    made = await asyncio.to_thread(lambda: forecast_all([desk.month_as_of(*one) for one in wanted]))
    async with uow.write() as tx:
        kept = [(number, cycle, one) for (number, cycle, _), one in zip(wanted, made, strict=True)]
        await tx.forecasts.keep(kept, at=now, is_backtest=True)
    return len(made)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Everything the months of some workloads are made from, read in a handful of statements."""

    zone: ZoneInfo
    now: datetime
    cycle: Cycle
    today: date
    latest_at: datetime | None
    drivers: Mapping[int, Drivers]
    hours: Mapping[int, list[list[float]]]
    envelopes: Mapping[int, Envelope]
    plans: Mapping[int, list[Plan]]
    metrics: Mapping[int, BusinessMetric]
    names: Mapping[int, str]
    prices: PriceBook
    extra: tuple[Change, ...]

    @classmethod
    async def of(
        cls, tx: Transaction, zone: ZoneInfo, now: datetime, numbers: Sequence[int], *,
        extra: Sequence[Change] = (), back: timedelta = timedelta(),
    ) -> _Desk:  # fmt: skip
        today = now.astimezone(zone).date()
        midnight = datetime.combine(today, time(), zone).astimezone(UTC)
        plans: dict[int, list[Plan]] = {}
        for stored in await tx.plans.standing():
            plans.setdefault(stored.workload_id, []).append(stored.plan)
        return cls(
            zone=zone, now=now, cycle=Cycle.of(now, zone), today=today, latest_at=await tx.spend.latest_at(),
            drivers=await tx.drivers.between(today - HISTORY - back, today, workload_ids=numbers),
            hours=await tx.drivers.hours(numbers, midnight - timedelta(days=_PROFILE_DAYS), midnight, zone),
            envelopes=await tx.envelopes.all(), plans=plans, metrics=await tx.plans.metrics(),
            names={number: name for name, number in (await tx.workloads.names()).items()},
            prices=PriceBook(await tx.prices.negotiated()), extra=tuple(extra),
        )  # fmt: skip

    def month(self, number: int) -> WorkloadMonth:
        """This cycle as it stands: complete days up to yesterday, and today as far as usage has arrived."""
        month = self.month_as_of(number, self.cycle, self.today - timedelta(days=1))
        drivers = self.drivers.get(number)
        booked = sum(day.cost_nanos for day in drivers.days if day.on == self.today) if drivers else 0
        today = PartialDay(booked, self._hours_known(), hour_profile(self.hours.get(number, [])))
        return replace(month, today=today, plans=tuple(self.plans.get(number, ())))

    def month_as_of(self, number: int, cycle: Cycle, as_of: date) -> WorkloadMonth:
        """A cycle as it was known at the end of a day; without plans, since nobody knows when they were known."""
        drivers = self.drivers.get(number, Drivers((), {}))
        envelope = self.envelopes.get(number)
        return WorkloadMonth(
            workload=self.names[number], history=[day for day in drivers.days if day.on <= as_of], first_on=cycle.first_on,
            last_on=cycle.last_on, as_of=as_of, rates=self.rates(number, as_of), metric=self.metrics.get(number),
            envelope_nanos=(envelope.size(cycle) or None) if envelope else None,
        )  # fmt: skip

    def rates(self, number: int, on: date) -> dict[str, Rate]:
        """The rate in force for every model of the workload, and of those that plans and what-ifs move to."""
        drivers = self.drivers.get(number, Drivers((), {}))
        wanted = dict(drivers.models)
        provider = next((priced.provider for priced in wanted.values()), "")
        planned = [change for plan in self.plans.get(number, ()) for change in plan.changes]
        for change in (*planned, *self.extra):
            if isinstance(change, ModelMove) and change.to_model not in wanted:
                wanted[change.to_model] = Priced(provider, change.to_model, "standard")
        found = {key: self._rate(priced, on) for key, priced in wanted.items()}
        rates = {key: rate for key, rate in found.items() if rate}
        rates |= {
            change.model: change.rate
            for change in planned
            if isinstance(change, PriceChange) and change.model not in rates
        }
        return rates

    def _rate(self, priced: Priced, on: date) -> Rate | None:
        return self.prices.current(priced.provider, priced.model, priced.tier, on)

    def _hours_known(self) -> float:
        """Hours of today until the newest usage event: what has not arrived yet has not been free."""
        local = min(self.latest_at or self.now, self.now).astimezone(self.zone)
        if local.date() < self.today:
            return 0.0
        return local.hour + local.minute / 60 + local.second / 3600


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
