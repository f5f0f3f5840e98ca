"""Tables of what follows a breach: how an envelope was told to stand, grants, what waits for a sponsor, and who is away."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, TEXT


class PostureRow(SQLModel, table=True):
    """How an envelope was told to stand in one cycle; see `core.degradation.Stance`."""

    __tablename__ = "postures"
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    cycle: str = Field(primary_key=True)
    is_degraded: bool
    is_stopped: bool
    is_dry_run: bool
    since: datetime = Field(sa_type=INSTANT)
    by: str
    because: str = Field(sa_type=TEXT)
    breach_id: int | None = Field(default=None, sa_type=BIG)
    undone_at: datetime | None = Field(default=None, sa_type=INSTANT)
    undone_by: str | None = None


class GrantRow(SQLModel, table=True):
    """A sponsor's bounded yes; its money is in the envelope's entries. Open while `ended_at` is empty."""

    __tablename__ = "grants"
    __table_args__: ClassVar[Any] = (Index("ix_grants_due", "ended_at", "until"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="envelopes.workload_id", index=True)
    cycle: str
    breach_id: int | None = Field(default=None, sa_type=BIG)
    nanos: int = Field(sa_type=BIG)
    until: datetime = Field(sa_type=INSTANT)
    reason: str = Field(sa_type=TEXT)
    asked_by: str | None = None
    granted_by: str
    granted_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_because: str = ""


class EscalationRow(SQLModel, table=True):
    """A question to a sponsor, with what became of it."""

    __tablename__ = "escalations"
    __table_args__: ClassVar[Any] = (Index("ix_escalations_workload", "workload_id", "cycle", "state"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="envelopes.workload_id")
    cycle: str
    breach_id: int | None = Field(default=None, sa_type=BIG)
    kind: str
    asked_nanos: int | None = Field(default=None, sa_type=BIG)
    reason: str = Field(sa_type=TEXT)
    asked_by: str | None = None
    opened_at: datetime = Field(sa_type=INSTANT)
    reminded: int
    deputy_at: datetime | None = Field(default=None, sa_type=INSTANT)
    state: str = Field(index=True)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decision: str | None = None
    closed_because: str = ""
    turned_because: str = Field(default="", sa_column_kwargs={"server_default": ""})
    away_until: datetime | None = Field(default=None, sa_type=INSTANT)


class LeaveRow(SQLModel, table=True):
    """Somebody said that they are away; over once `until` has passed."""

    __tablename__ = "leaves"
    person: str = Field(primary_key=True)
    until: datetime = Field(sa_type=INSTANT)
    said_at: datetime = Field(sa_type=INSTANT)


class TurnRow(SQLModel, table=True):
    """How many requests a throttled workload let through in one minute of the clock (`minute` = Unix time / 60).

    Written under the lock of the envelope's counter, so that all processes count together.
    """

    __tablename__ = "guard_turns"
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    minute: int = Field(sa_type=BIG)
    taken: int = Field(sa_type=BIG)
