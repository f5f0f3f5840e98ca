"""The first 30 days: rollouts, the items that are done, and marks of what leaves no other trace in the books."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON, TEXT


class RolloutRow(SQLModel, table=True):
    """One run of the checklist; days are days since 1970 in `zone`. At most one is running or paused."""

    __tablename__ = "rollouts"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    channel: str
    zone: str
    started_on: int = Field(sa_type=BIG)
    people: Any = Field(sa_type=JSON)
    started_by: str
    started_at: datetime = Field(sa_type=INSTANT)
    state: str = Field(index=True)
    paused_on: int | None = Field(default=None, sa_type=BIG)
    paused_days: int = 0
    posted: int = 0


class RolloutTickRow(SQLModel, table=True):
    """An item that is done; `by` is NULL where the books proved it."""

    __tablename__ = "rollout_items"
    rollout_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="rollouts.id")
    item: str = Field(primary_key=True)
    ticked_at: datetime = Field(sa_type=INSTANT)
    ticked_by: str | None = None
    evidence: str = Field(default="", sa_type=TEXT)


class MarkRow(SQLModel, table=True):
    """The first time that somebody did something, such as replaying thresholds."""

    __tablename__ = "rollout_marks"
    kind: str = Field(primary_key=True)
    subject: str
    marked_by: str
    marked_at: datetime = Field(sa_type=INSTANT)
