"""Tables of tag hygiene: spellings that stand for another value, and which values of a tag are known."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.store.tables import BIG, INSTANT, TEXT


class AliasRow(SQLModel, table=True):
    """`spelling` (lower case) of a tag stands for `value`; it never is one that has an alias itself."""

    __tablename__ = "tag_aliases"
    dimension: str = Field(primary_key=True)
    spelling: str = Field(primary_key=True)
    value: str = Field(sa_type=TEXT)
    added_by: str
    added_at: datetime = Field(sa_type=INSTANT)


class TagValueRow(SQLModel, table=True):
    """A value of a tag that is kept as it is, and the UTC day of usage that brought it; beyond the bound none is added."""

    __tablename__ = "tag_values"
    __table_args__: ClassVar[Any] = (
        Index("ix_tag_values_dimension_first_day", "dimension", "first_day"),
        {"sqlite_with_rowid": False},
    )
    dimension: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    first_day: int = Field(sa_type=BIG)
