"""What is left of months whose single events are gone."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.store.tables import BIG, INSTANT


class ReleasedRow(SQLModel, table=True):
    """A UTC month whose events were let go, with what they came to: the hours of that month have to say the same for good."""

    __tablename__ = "released_months"
    month: str = Field(primary_key=True)
    requests: int = Field(sa_type=BIG)
    cost_nanos: int = Field(sa_type=BIG)
    output: int = Field(sa_type=BIG)
    released_at: datetime = Field(sa_type=INSTANT)
