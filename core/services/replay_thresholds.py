"""`replay`: proposed thresholds over a workload's past months, beside those in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core.envelope import DEFAULT_HARD, DEFAULT_SOFT
from core.errors import OutOfRange, UnknownName
from core.period import Cycle
from core.replay import PastMonth, Replay, replay
from core.services.names import resolve
from core.store.unit_of_work import Transaction, UnitOfWork

MONTHS: Final = 6
"""Whole months looked back at, as far as there was usage."""


@dataclass(frozen=True, slots=True)
class Replays:
    """The proposed thresholds, and those in force where they differ and there is an envelope.

    Attributes:
      unforetold: months without kept forecasts: their soft alerts are by spend alone.
    """

    workload: str
    proposed: Replay
    in_force: Replay | None
    unforetold: int


async def replay_thresholds(
    uow: UnitOfWork, workload: str, *, soft: float | None, hard: float | None, nanos: int | None, now: datetime
) -> Replays:
    """What these thresholds would have sent; what is not given is as in force, or as of a new envelope.

    Raises UnknownName; OutOfRange for thresholds that contradict each other, without an envelope or an amount, and without
    a whole month of usage.
    """
    this = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget replay")
        envelope = await tx.envelopes.of(number)
        months = await _months(tx, number, this)
    size = nanos or (envelope.size(this) if envelope else 0)
    if size <= 0:
        raise OutOfRange(
            f"{name} has no envelope yet, so say how large it would be.",
            correction=f"/budget replay {name} amount=4000",
        )
    if not months:
        raise UnknownName(f"{name} has no whole month of usage behind it yet, so there is nothing to replay.")
    terms = envelope.terms if envelope else None
    soft_bp = round((soft or (terms.soft_share if terms else DEFAULT_SOFT)) * 10_000)
    hard_bp = round((hard or (terms.hard_share if terms else DEFAULT_HARD)) * 10_000)
    if not 100 <= soft_bp < hard_bp <= 20_000:
        raise OutOfRange(
            f"The soft threshold ({soft_bp / 10_000:.0%}) has to be below the hard one ({hard_bp / 10_000:.0%}), both from 1% to 200%.",
            correction=f"/budget replay {name} soft=80% hard=100%",
        )
    proposed = replay(months, size_nanos=size, soft_bp=soft_bp, hard_bp=hard_bp)
    in_force = None
    if envelope and terms:
        now_in_force = replay(
            months,
            size_nanos=envelope.size(this),
            soft_bp=round(terms.soft_share * 10_000),
            hard_bp=round(terms.hard_share * 10_000),
        )
        same = (proposed.size_nanos, soft_bp, hard_bp) == (
            now_in_force.size_nanos,
            now_in_force.soft_bp,
            now_in_force.hard_bp,
        )
        in_force = None if same or now_in_force.size_nanos <= 0 else now_in_force
    return Replays(name, proposed, in_force, sum(not month.foretold for month in months))


async def _months(tx: Transaction, number: int, this: Cycle) -> list[PastMonth]:
    """The whole months before this one, from the first with usage on, oldest first."""
    cycles = [this.previous]
    while len(cycles) < MONTHS:
        cycles.append(cycles[-1].previous)
    cycles.reverse()
    by_day = await tx.spend.by_day(number, cycles[0].first_on, cycles[-1].last_on)
    foretold: dict[str, dict[date, int]] = {}
    for told in await tx.forecasts.of_cycles(cycles, workload_id=number):
        foretold.setdefault(told.cycle, {})[told.as_of] = told.p50_nanos
    months: list[PastMonth] = []
    for cycle in cycles:
        days = tuple(by_day.get(cycle.first_on + timedelta(days=step), 0) for step in range(cycle.days))
        if months or any(days):
            months.append(PastMonth(cycle, days, foretold.get(str(cycle), {})))
    return months
