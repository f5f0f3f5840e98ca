"""How good past forecasts were: error, bias and coverage, beside the run-rate's, with the FinOps maturity marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Final

MATURITY: Final = ((0.12, "run"), (0.15, "walk"), (0.20, "crawl"))
"""Forecast variance by maturity: FinOps Foundation, capability “Forecasting” (framework of 2025): 20, 15 and 12 %."""
BUCKETS: Final = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 31))
"""Days of the cycle that are scored together: the first days are hard, the last are not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One forecast and what came of it. Nanos; `day` is the day of the cycle that it was made after, from 1."""

    workload: str
    day: int
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    run_rate_nanos: int | None
    actual_nanos: int


@dataclass(frozen=True, slots=True)
class Score:
    """The quality of some forecasts. Shares; None where nothing can be said.

    Attributes:
      label: a workload's name, or `days 6–10`.
      wape: summed absolute error / summed actual spend.
      run_rate_wape: the same for the straight line, over the same months.
      bias: summed error / summed actual spend; above 0 is foretelling too much.
      coverage: share of months that ended between p10 and p90; 0.8 is right.
    """

    label: str
    forecasts: int
    wape: float
    run_rate_wape: float | None
    bias: float
    coverage: float

    @property
    def maturity(self) -> str | None:
        """`run`, `walk` or `crawl` by the FinOps marks; None above 20 %."""
        return next((name for most, name in MATURITY if self.wape <= most), None)


def scored(label: str, outcomes: Sequence[Outcome]) -> Score | None:
    """One score over these outcomes; None without any that had spend."""
    counted = [one for one in outcomes if one.actual_nanos > 0]
    actual = sum(one.actual_nanos for one in counted)
    if not counted or not actual:
        return None
    straight = [one for one in counted if one.run_rate_nanos is not None]
    straight_actual = sum(one.actual_nanos for one in straight)
    straight_error = sum(abs((one.run_rate_nanos or 0) - one.actual_nanos) for one in straight)
    return Score(
        label=label,
        forecasts=len(counted),
        wape=sum(abs(one.p50_nanos - one.actual_nanos) for one in counted) / actual,
        run_rate_wape=straight_error / straight_actual if straight_actual else None,
        bias=sum(one.p50_nanos - one.actual_nanos for one in counted) / actual,
        coverage=fmean(one.p10_nanos <= one.actual_nanos <= one.p90_nanos for one in counted),
    )


def by_workload(outcomes: Iterable[Outcome]) -> tuple[Score, ...]:
    """One score per workload, the best first."""
    groups: dict[str, list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault(one.workload, []).append(one)
    scores = [score for name, group in groups.items() if (score := scored(name, group))]
    return tuple(sorted(scores, key=lambda score: (score.wape, score.label)))


def by_day(outcomes: Sequence[Outcome]) -> tuple[Score, ...]:
    """One score per stretch of the cycle, in order."""
    found = []
    for first, last in BUCKETS:
        if score := scored(f"days {first}–{last}", [one for one in outcomes if first <= one.day <= last]):
            found.append(score)
    return tuple(found)


def day_of_cycle(as_of: date, first_on: date) -> int:
    """1 for a forecast made after the first day."""
    return (as_of - first_on).days + 1
