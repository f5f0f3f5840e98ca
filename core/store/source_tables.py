"""Tables about where usage comes from: who reported a call first, how each source fares, and second opinions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, TEXT


class ClaimRow(SQLModel, table=True):
    """Which event counts for a provider's answer; a second report of it from elsewhere is folded into that one."""

    __tablename__ = "response_claims"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    response_key: int = Field(primary_key=True, sa_type=BIG)
    source_id: int = Field(sa_type=BIG)
    event_id: str = Field(sa_type=TEXT)


class SourceDayRow(SQLModel, table=True):
    """What a source sent on one UTC day of arrival; `latest_event_at` tells its lag, `latest_arrival_at` its silence."""

    __tablename__ = "source_days"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    source_id: int = Field(primary_key=True, sa_type=BIG)
    day: int = Field(primary_key=True, sa_type=BIG)
    accepted: int = Field(sa_type=BIG)
    duplicates: int = Field(sa_type=BIG)
    folded: int = Field(sa_type=BIG)
    rejected: int = Field(sa_type=BIG)
    partial: int = Field(sa_type=BIG)
    guessed: int = Field(sa_type=BIG)
    missing: int = Field(sa_type=BIG)
    repaired: int = Field(sa_type=BIG)
    unpriced: int = Field(sa_type=BIG)
    latest_event_at: datetime = Field(sa_type=INSTANT)
    latest_arrival_at: datetime = Field(sa_type=INSTANT)


class BucketRow(SQLModel, table=True):
    """A row of a provider's own report over one UTC day; a second opinion, in no sum of spend. Replaced when it is read again.

    Rows of counts have no `cost_nanos`; rows of the cost report have no counts. `item` is the provider's word for a charge.
    """

    __tablename__ = "usage_buckets"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    provider: str
    report: str
    starts_at: datetime = Field(sa_type=INSTANT, index=True)
    ends_at: datetime = Field(sa_type=INSTANT)
    project: str | None = None
    api_key: str | None = None
    model: str | None = None
    tier: str = "standard"
    requests: int | None = Field(default=None, sa_type=BIG)
    input_tokens: int = Field(sa_type=BIG)
    cache_read_tokens: int = Field(sa_type=BIG)
    cache_write_tokens: int = Field(sa_type=BIG)
    output_tokens: int = Field(sa_type=BIG)
    cost_nanos: int | None = Field(default=None, sa_type=BIG)
    item: str | None = Field(default=None, sa_type=TEXT)
    read_at: datetime = Field(sa_type=INSTANT)


class CursorRow(SQLModel, table=True):
    """How far a report has been read: everything from `from_at` to `done_until` is kept and can no longer grow."""

    __tablename__ = "pull_cursors"
    name: str = Field(primary_key=True)
    from_at: datetime = Field(sa_type=INSTANT)
    done_until: datetime = Field(sa_type=INSTANT)
    pulled_at: datetime | None = Field(default=None, sa_type=INSTANT)
    problem: str | None = None
