"""Which of two sources that report the same calls counts, and which only checks."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT


class SourceRuleRow(SQLModel, table=True):
    """See `core.double_capture.SourceRule`."""

    __tablename__ = "source_rules"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    provider: str
    counts_id: int = Field(sa_type=BIG, foreign_key="sources.id")
    checks_id: int = Field(sa_type=BIG, foreign_key="sources.id")
    from_at: datetime = Field(sa_type=INSTANT)
    set_by: str
    set_at: datetime = Field(sa_type=INSTANT)
    undone_by: str | None = None
    undone_at: datetime | None = Field(default=None, sa_type=INSTANT)
