"""The scorecard: what was foretold for past cycles against what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.period import Cycle
from core.scorecard import Outcome, Score, by_day, by_workload, day_of_cycle, scored
from core.services.names import resolve
from core.store.unit_of_work import UnitOfWork

_CYCLES = 6


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Scores over the cycles that have ended.

    Attributes:
      workload: None for all.
      whole: over everything; None when no forecast of an ended cycle is known yet.
      backtested: share of the forecasts that were made afterwards from history, 0–1.
    """

    workload: str | None
    cycles: tuple[Cycle, ...]
    whole: Score | None
    workloads: tuple[Score, ...]
    days: tuple[Score, ...]
    backtested: float


async def scorecard(uow: UnitOfWork, workload: str | None, *, now: datetime) -> Scorecard:
    """How good the forecasts of up to six past cycles were. Raises UnknownName."""
    past = [Cycle.of(now, uow.zone).previous]
    while len(past) < _CYCLES:
        past.append(past[-1].previous)
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget forecast") if workload else (None, None)
        told = await tx.forecasts.of_cycles(past, workload_id=number)
        names = {one: label for label, one in (await tx.workloads.names()).items()}
        spent = {str(cycle): await tx.spend.by_workload(cycle.first_on, cycle.last_on) for cycle in past}
    first = {str(cycle): cycle.first_on for cycle in past}
    outcomes, backtests = [], 0
    for one in told:
        actual = spent[one.cycle].get(one.workload_id)
        if actual is None or one.workload_id not in names or one.as_of < first[one.cycle]:
            continue
        backtests += one.is_backtest
        outcomes.append(
            Outcome(
                names[one.workload_id], day_of_cycle(one.as_of, first[one.cycle]), one.p10_nanos, one.p50_nanos, one.p90_nanos,
                one.run_rate_nanos, actual.cost_nanos,
            )
        )  # fmt: skip
    seen = {one.cycle for one in told}
    return Scorecard(
        workload=name,
        cycles=tuple(sorted(cycle for cycle in past if str(cycle) in seen)),
        whole=scored("all", outcomes),
        workloads=by_workload(outcomes),
        days=by_day(outcomes),
        backtested=backtests / len(outcomes) if outcomes else 0.0,
    )
