"""Tables of the forecast: what was foretold, known plans, business metrics, and the drivers an envelope was planned with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON


class ForecastRow(SQLModel, table=True):
    """One workload's forecast as of one complete day; the last of the day is kept. `expected` is usage by model at p50."""

    __tablename__ = "forecasts"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    as_of: int = Field(primary_key=True, sa_type=BIG)
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    cycle: str = Field(index=True)
    p10_nanos: int = Field(sa_type=BIG)
    p50_nanos: int = Field(sa_type=BIG)
    p90_nanos: int = Field(sa_type=BIG)
    run_rate_nanos: int | None = Field(default=None, sa_type=BIG)
    breach_probability: float | None = None
    breach_first: int | None = Field(default=None, sa_type=BIG)
    breach_last: int | None = Field(default=None, sa_type=BIG)
    method: str
    expected: Any = Field(sa_type=JSON)
    is_backtest: bool = False
    made_at: datetime = Field(sa_type=INSTANT)


class PlanRow(SQLModel, table=True):
    """A change known to come. Taken back, it keeps its row with `withdrawn_at`."""

    __tablename__ = "plans"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="workloads.id", index=True)
    from_day: int = Field(sa_type=BIG)
    changes: Any = Field(sa_type=JSON)
    note: str = ""
    planned_by: str
    planned_at: datetime = Field(sa_type=INSTANT)
    withdrawn_at: datetime | None = Field(default=None, sa_type=INSTANT)


class MetricRow(SQLModel, table=True):
    """The business metric that a workload's volume follows; `unit` in the singular."""

    __tablename__ = "metrics"
    workload_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="workloads.id")
    unit: str


class MetricPointRow(SQLModel, table=True):
    """One day of a metric: counted, or planned for a day to come."""

    __tablename__ = "metric_points"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    day: int = Field(primary_key=True, sa_type=BIG)
    is_planned: bool = Field(primary_key=True)
    amount: float


class PlannedUsageRow(SQLModel, table=True):
    """The usage by model that an envelope was planned with, frozen with its revision, for `why` to compare with."""

    __tablename__ = "planned_usage"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    revision: int = Field(primary_key=True, sa_type=BIG)
    cycle: str
    expected: Any = Field(sa_type=JSON)
    frozen_at: datetime = Field(sa_type=INSTANT)
