"""Tables of alerts: breaches with their life, every reason why something was told or not, and what the guard refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON


class BreachRow(SQLModel, table=True):
    """One threshold of one envelope, crossed once a cycle and revision; see `core.breach.Breach`."""

    __tablename__ = "breaches"
    __table_args__: Any = (
        UniqueConstraint("workload_id", "cycle", "revision", "kind", "threshold_bp", name="uq_breaches_threshold"),
        Index("ix_breaches_state", "state"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="workloads.id")
    cycle: str
    revision: int
    kind: str
    threshold_bp: int
    state: str
    opened_at: datetime = Field(sa_type=INSTANT)
    told_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decided_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    closed_because: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = Field(default=None, sa_type=INSTANT)
    worst_nanos: int = Field(sa_type=BIG)
    facts: Any = Field(sa_type=JSON)


class DecisionRow(SQLModel, table=True):
    """Why something was told or not. One row a reason, however often it held, so that a month stays small.

    Attributes:
      times: how often it became the reason.
      last_at: when it last held, to a quarter of an hour; `facts` are of its last change.
    """

    __tablename__ = "alert_decisions"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    cycle: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    threshold_bp: int = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    times: int
    first_at: datetime = Field(sa_type=INSTANT)
    last_at: datetime = Field(sa_type=INSTANT)
    facts: Any = Field(sa_type=JSON)


class RefusalRow(SQLModel, table=True):
    """Requests that the guard refused because an envelope was used up, by the revision that was in force."""

    __tablename__ = "guard_refusals"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    cycle: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    refused: int = Field(sa_type=BIG)
    first_at: datetime = Field(sa_type=INSTANT)
    last_at: datetime = Field(sa_type=INSTANT)
