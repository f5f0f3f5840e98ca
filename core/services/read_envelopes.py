"""Read envelopes as dashboards and gateways see them: books and guard together, in one consistent view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.degradation import CALM, Stance
from core.envelope import Envelope, State, state_of
from core.guard import Used
from core.period import Cycle
from core.services.names import resolve
from core.store.forecast_rows import Foretold
from core.store.unit_of_work import Transaction, UnitOfWork


@dataclass(frozen=True, slots=True)
class EnvelopeReading:
    """One envelope in the current cycle; money in nanos.

    Attributes:
      used: spent in the books, held by the guard, and charged for holds whose usage never came.
      state: by what is spent and charged, and what was decided.
      foretold: the newest forecast that was kept for the cycle; None before the first.
    """

    envelope: Envelope
    cycle: Cycle
    size_nanos: int
    used: Used
    state: State
    foretold: Foretold | None
    as_of: datetime


async def read_envelopes(uow: UnitOfWork, *, now: datetime) -> tuple[EnvelopeReading, ...]:
    """Every envelope, by the name of its workload."""
    async with uow.read() as tx:
        return await readings(tx, Cycle.of(now, uow.zone), now=now)


async def readings(tx: Transaction, cycle: Cycle, *, now: datetime) -> tuple[EnvelopeReading, ...]:
    """As `read_envelopes`, inside somebody's transaction: six statements, however many envelopes there are."""
    envelopes = await tx.envelopes.all()
    used = await tx.guard.used(str(cycle))
    foretold = await tx.forecasts.latest(cycle)
    stances = await tx.postures.all(cycle)
    found = [
        _reading(envelope, used.get(number, Used()), foretold.get(number), stances.get(number, CALM), cycle, now)
        for number, envelope in envelopes.items()
    ]
    return tuple(sorted(found, key=lambda reading: reading.envelope.workload))


async def read_envelope(uow: UnitOfWork, workload: str, *, now: datetime) -> EnvelopeReading | None:
    """One of them; None when the workload has no envelope. Raises UnknownName with the nearest name."""
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        number, _ = await resolve(tx, workload, command="/budget status")
        envelope = await tx.envelopes.of(number)
        used = (await tx.guard.used(str(cycle))).get(number, Used())
        foretold = (await tx.forecasts.latest(cycle)).get(number)
        stance = await tx.postures.of(number, cycle)
    return _reading(envelope, used, foretold, stance, cycle, now) if envelope else None


def _reading(
    envelope: Envelope, used: Used, foretold: Foretold | None, stance: Stance, cycle: Cycle, now: datetime
) -> EnvelopeReading:
    size = envelope.size(cycle)
    state = state_of(used.spent + used.charged, size, envelope.terms, stance)
    return EnvelopeReading(envelope, cycle, size, used, state, foretold, now)
