"""Tables of the month turn: closed cycles, their frozen estimates, what changed later, and proposed envelopes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON, TEXT


class CycleClosingRow(SQLModel, table=True):
    """A cycle that is over; see `core.close.CycleClosing`."""

    __tablename__ = "cycle_closings"
    cycle: str = Field(primary_key=True)
    ended_at: datetime = Field(sa_type=INSTANT)
    frozen_from: datetime = Field(sa_type=INSTANT)
    turned_at: datetime = Field(sa_type=INSTANT)
    frozen_at: datetime | None = Field(default=None, sa_type=INSTANT)


class FrozenRow(SQLModel, table=True):
    """One line of a frozen estimate; written once. `rate_id` is 0 for usage without a price."""

    __tablename__ = "frozen_spend"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    cycle: str = Field(primary_key=True)
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    tier: str = Field(primary_key=True)
    rate_id: int = Field(primary_key=True, sa_type=BIG)
    requests: int = Field(sa_type=BIG)
    cost_nanos: int = Field(sa_type=BIG)


class AdjustmentRow(SQLModel, table=True):
    """Append-only: what changed a frozen month, and when."""

    __tablename__ = "cycle_adjustments"
    __table_args__: ClassVar[Any] = (Index("ix_cycle_adjustments_cycle", "cycle"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    cycle: str
    workload_id: int = Field(sa_type=BIG)
    provider: str
    requests: int = Field(sa_type=BIG)
    cost_nanos: int = Field(sa_type=BIG)
    because: str
    booked_day: int = Field(sa_type=BIG)
    at: datetime = Field(sa_type=INSTANT)
    by: str = Field(sa_type=TEXT)


class ProposalRow(SQLModel, table=True):
    """What an envelope was proposed to be in a new cycle, and what became of it."""

    __tablename__ = "envelope_proposals"
    cycle: str = Field(primary_key=True)
    workload_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="envelopes.workload_id")
    nanos: int = Field(sa_type=BIG)
    revision: int
    facts: Any = Field(sa_type=JSON)
    made_at: datetime = Field(sa_type=INSTANT)
    state: str
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
