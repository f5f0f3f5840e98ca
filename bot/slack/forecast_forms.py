"""What lines about the forecast ask for, as values; names are well-formed, but nobody has looked whether they exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from core.scenario import Change

Comparison = Literal["plan", "last", "forecast"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """`forecast`: one workload or all of them; with `accuracy` how good past forecasts were."""

    workload: str | None = None
    accuracy: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """`why`. `against` None compares with the plan where there is one; `as_of` is the day of the forecast meant."""

    workload: str | None = None
    against: Comparison | None = None
    as_of: date | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`whatif`: changes to try, from a day on; None is today."""

    workload: str
    changes: tuple[Change, ...]
    from_on: date | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class PlanCommand:
    """`plan`: without changes it lists, without a workload it opens the form."""

    workload: str | None = None
    changes: tuple[Change, ...] = ()
    from_on: date | None = None
    note: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """`metric`: a business metric's numbers by day; without any the form asks for them. `unit` is singular."""

    workload: str
    unit: str | None = None
    actual: dict[date, float] = field(default_factory=dict)
    planned: dict[date, float] = field(default_factory=dict)
    share: bool = False


ForecastCommand = Forecast | Why | WhatIf | PlanCommand | Metric
