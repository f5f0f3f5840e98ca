"""The words of a forecast: what goes in for one workload and cycle, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from core.forecasting.partial_day import PartialDay
from core.rates import Rate
from core.scenario import Plan
from core.token_shape import DayUsage, ModelTotals

THIN_DAYS: Final = 14
"""Under two weeks of history a weekday has been seen at most once; the forecast says so and gives a wide range."""


@dataclass(frozen=True, slots=True)
class BusinessMetric:
    """What volume follows: active users, tickets, documents.

    Attributes:
      unit: singular, as on screen: `ticket`.
      actual: by day, > 0; with a number for fewer than 14 of the last 28 days volume does not follow it.
      planned: by day to come; days without one keep the mean of the last seven known days.
    """

    unit: str
    actual: Mapping[date, float]
    planned: Mapping[date, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadMonth:
    """One workload's cycle to forecast.

    Attributes:
      workload: its name; only carried through.
      history: in any order, one row per day and model; the cycle's own days and up to half a year before.
      first_on, last_on: the cycle, both included.
      as_of: the last complete day; may lie before the cycle.
      rates: in force on `as_of`, by the history's model keys; a model without a rate is taken at what was booked.
      plans: known changes. Once there is usage from a plan's day on, the data say more and more what it did; a price plan
        whose day has come is left to `rates`.
      envelope_nanos: None when there is none; then nothing is said about a breach.
      today: the day after `as_of`, as far as it is known.
    """

    workload: str
    history: Sequence[DayUsage]
    first_on: date
    last_on: date
    as_of: date
    rates: Mapping[str, Rate]
    plans: Sequence[Plan] = ()
    envelope_nanos: int | None = None
    today: PartialDay | None = None
    metric: BusinessMetric | None = None


@dataclass(frozen=True, slots=True)
class DriverRow:
    """One line of the drivers table.

    Attributes:
      name: `requests a day`, `cost a request`, `output a request` and the other classes, `cache share`.
      recent: mean of the last 28 days; None where there was no usage.
      expected: mean of the days still to come; None when the cycle is over.
      unit: `requests`, `nanos`, `tokens` or `share` (0–1).
    """

    name: str
    recent: float | None
    expected: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class DayRange:
    """The end of one day to come: spend of the cycle until then, in nanos."""

    on: date
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """End-of-cycle spend of one workload.

    Attributes:
      p10_nanos, p50_nanos, p90_nanos: total of the cycle; in four months out of five it ends between the outer two.
      spent_nanos: booked in the cycle so far, today included.
      run_rate_nanos: spent so far ÷ days so far × days; None before the first complete day.
      breach_probability: chance that the cycle ends above the envelope, 0–1; None without an envelope.
      breach_on: the middle half of the days on which that would happen; None below a chance of 5 % or when the cycle is
        over. When spend is over already, both are the first day to come.
      method: by name; basis: what it rests on, in words for a person.
      is_thin_history: under 14 days; the range is wide and the weekday profile mostly flat.
      path: each day from the first not complete one to the last of the cycle; empty when the cycle is over.
      expected: the whole cycle's usage by model at p50; what an envelope freezes and `core.variance` compares with.
      plans: those that take part, in order of their days.
    """

    workload: str
    as_of: date
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    spent_nanos: int
    run_rate_nanos: int | None
    breach_probability: float | None
    breach_on: tuple[date, date] | None
    method: str
    basis: str
    is_thin_history: bool
    history_days: int
    path: tuple[DayRange, ...]
    drivers: tuple[DriverRow, ...]
    expected: tuple[ModelTotals, ...]
    plans: tuple[Plan, ...]
