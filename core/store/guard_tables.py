"""The guard's tables: one counter per envelope and cycle, the holds behind it, and what requests really used."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.store.tables import BIG, INSTANT, JSON

SMALL: Any = SmallInteger


class CounterRow(SQLModel, table=True):
    """What one workload has used of one cycle; the row that every process asks and locks.

    Attributes:
      spent_nanos: the journal's sum, kept in the transaction that records the usage: a third projection.
      held_nanos: holds and leases that are open.
      charged_nanos: what counts without being in the journal: holds that expired without their usage, and usage
        without a known price at the ceiling price.
    """

    __tablename__ = "guard_counters"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    cycle: str = Field(primary_key=True)
    spent_nanos: int = Field(sa_type=BIG)
    held_nanos: int = Field(sa_type=BIG)
    charged_nanos: int = Field(sa_type=BIG)


class HoldRow(SQLModel, table=True):
    """Money set aside for a request or a lease, with the answer that was given for it.

    Attributes:
      state: 0 open, 1 settled, 2 expired and charged.
      is_lease: money for many requests; `request_id` is then the id of the lease itself unless the gateway named one.
      worst_nanos: the worst case as the request stated it, before anything learned was added.
      max_output_tokens: what the gateway was told to set; `is_output_stated` when that is what it asked for.
      charged_nanos: once closed, what it came to; while expired, what of it counts in the counter.
    """

    __tablename__ = "guard_holds"
    __table_args__: Any = (
        UniqueConstraint("source_id", "request_id", name="uq_guard_holds_request"),
        Index("ix_guard_holds_due", "state", "expires_at"),
    )
    id: str = Field(primary_key=True)
    source_id: int = Field(sa_type=BIG, foreign_key="sources.id")
    request_id: str
    workload_id: int = Field(sa_type=BIG)
    cycle: str
    is_lease: bool
    provider: str
    model: str
    decision: str
    reason: str
    held_nanos: int = Field(sa_type=BIG)
    worst_nanos: int = Field(sa_type=BIG)
    remaining_nanos: int | None = Field(default=None, sa_type=BIG)
    input_tokens: int = Field(sa_type=BIG)
    max_output_tokens: int = Field(sa_type=BIG)
    is_output_stated: bool
    created_at: datetime = Field(sa_type=INSTANT)
    expires_at: datetime = Field(sa_type=INSTANT)
    state: int = Field(sa_type=SMALL)
    charged_nanos: int = Field(default=0, sa_type=BIG)


class LearnedRow(SQLModel, table=True):
    """What requests of one workload and model used lately; `outputs` and `overruns` are short lists, newest last."""

    __tablename__ = "guard_learned"
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    provider: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    outputs: Any = Field(sa_type=JSON)
    overruns: Any = Field(sa_type=JSON)
