"""The books' tables. They are rows, not the domain: values are mapped in and out by the modules beside this one.

Money columns are nanos, `*_at` microseconds since 1970 UTC, `day` days since 1970 in the books' time zone, `hour` Unix seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Integer, SmallInteger, Text
from sqlmodel import Field, SQLModel

from core.store.columns import Instant, Json

BIG: Any = BigInteger
TEXT: Any = Text
INSTANT: Any = Instant
JSON: Any = Json
AUTO: Any = BigInteger().with_variant(Integer, "sqlite")
"""Row numbers: SQLite only counts up by itself in a column that is exactly INTEGER."""


class MetaRow(SQLModel, table=True):
    """Facts about the books as a whole: time zone of the days, version of rules and prices."""

    __tablename__ = "meta"
    name: str = Field(primary_key=True)
    value: str = Field(sa_type=TEXT)


class SourceRow(SQLModel, table=True):
    """Where usage comes from: an ingest token or a named import. Event ids are unique within one."""

    __tablename__ = "sources"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    name: str = Field(unique=True)
    token_hash: str | None = Field(default=None, unique=True)
    scopes: str = ""
    created_at: datetime = Field(sa_type=INSTANT)
    expires_at: datetime | None = Field(default=None, sa_type=INSTANT)
    revoked_at: datetime | None = Field(default=None, sa_type=INSTANT)


class WorkloadRow(SQLModel, table=True):
    __tablename__ = "workloads"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    name: str = Field(unique=True)
    owner: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class RuleRow(SQLModel, table=True):
    """`conditions` is a list of [dimension, value] pairs, sorted."""

    __tablename__ = "rules"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="workloads.id", index=True)
    conditions: Any = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=INSTANT)


class SeriesRow(SQLModel, table=True):
    """A distinct set of labels, interned: events and projections name it by number."""

    __tablename__ = "series"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    digest: str = Field(unique=True)
    provider: str
    model: str
    tier: str
    workload: str | None = None
    tags: Any = Field(sa_type=JSON)
    feature: str | None = None
    team: str | None = None
    environment: str | None = None
    customer: str | None = None
    project: str | None = None


class RateRow(SQLModel, table=True):
    """A rate that has priced something; events keep its number, so past cost can always be explained."""

    __tablename__ = "rates"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    digest: str = Field(unique=True)
    provider: str
    model: str
    tier: str
    source: str
    bands: Any = Field(sa_type=JSON)
    per: int = Field(sa_type=BIG)


class NegotiatedPriceRow(SQLModel, table=True):
    __tablename__ = "negotiated_prices"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    provider: str
    model: str
    tier: str
    from_day: int = Field(sa_type=BIG)
    prices: Any = Field(sa_type=JSON)
    set_by: str
    set_at: datetime = Field(sa_type=INSTANT)
    means: str | None = None


class Counts(SQLModel):
    """Requests and disjoint token classes; the same columns in events and projections."""

    requests: int = Field(sa_type=BIG)
    input_uncached: int = Field(sa_type=BIG)
    cache_read: int = Field(sa_type=BIG)
    cache_write: int = Field(sa_type=BIG)
    cache_write_1h: int = Field(sa_type=BIG)
    input_audio: int = Field(sa_type=BIG)
    output: int = Field(sa_type=BIG)
    reasoning: int = Field(sa_type=BIG)
    output_audio: int = Field(sa_type=BIG)
    web_searches: int = Field(sa_type=BIG)


class UsageRow(Counts, table=True):
    """The journal: append-only. `cost_nanos` is NULL when the model is unpriced, never 0 in its stead."""

    __tablename__ = "usage_events"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    source_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="sources.id")
    event_id: str = Field(primary_key=True, sa_type=TEXT)
    at: datetime = Field(sa_type=INSTANT)
    series_id: int = Field(sa_type=BIG)
    workload_id: int = Field(sa_type=BIG)
    cost_nanos: int | None = Field(default=None, sa_type=BIG)
    rate_id: int | None = Field(default=None, sa_type=BIG)
    reported_nanos: int | None = Field(default=None, sa_type=BIG)
    response_id: str | None = Field(default=None, sa_type=TEXT)
    quality: int = Field(default=0, sa_type=SmallInteger)
    trust: int = Field(default=3, sa_type=SmallInteger)
    knows: int = Field(default=3, sa_type=SmallInteger)
    superseded: int = Field(default=0, sa_type=SmallInteger)


class Sums(Counts):
    """What a projection adds up. `unpriced_requests` are those whose cost is unknown; `latest_at` the newest event in it."""

    unpriced_requests: int = Field(sa_type=BIG)
    cost_nanos: int = Field(sa_type=BIG)
    latest_at: datetime = Field(sa_type=INSTANT)


class HourlyRow(Sums, table=True):
    __tablename__ = "hourly_spend"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    hour: int = Field(primary_key=True, sa_type=BIG)
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    series_id: int = Field(primary_key=True, sa_type=BIG)


class DailyRow(Sums, table=True):
    __tablename__ = "daily_spend"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    day: int = Field(primary_key=True, sa_type=BIG)
    workload_id: int = Field(primary_key=True, sa_type=BIG)
    series_id: int = Field(primary_key=True, sa_type=BIG)


class EnvelopeRow(SQLModel, table=True):
    """Terms and people; the size is the sum of its entries. `posture_revision` grows with every change of its posture."""

    __tablename__ = "envelopes"
    workload_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="workloads.id")
    owner: str
    finance: str
    sponsor: str
    deputy: str | None = None
    channel: str | None = None
    soft_share: float
    hard_share: float
    margin: float
    holdback: float
    degrade: str | None = None
    quiet: str | None = None
    revision: int
    posture_revision: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": "0"})


class EntryRow(SQLModel, table=True):
    """Append-only."""

    __tablename__ = "envelope_entries"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="envelopes.workload_id", index=True)
    cycle: str
    kind: str
    nanos: int = Field(sa_type=BIG)
    by: str
    at: datetime = Field(sa_type=INSTANT)
    approved_by: str | None = None


class ChangeRequestRow(SQLModel, table=True):
    __tablename__ = "change_requests"
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    workload_id: int = Field(sa_type=BIG, foreign_key="workloads.id", index=True)
    cycle: str
    revision: int
    current_nanos: int = Field(sa_type=BIG)
    proposed_nanos: int = Field(sa_type=BIG)
    proposed_terms: Any = Field(sa_type=JSON)
    loosenings: Any = Field(sa_type=JSON)
    requested_by: str
    requested_at: datetime = Field(sa_type=INSTANT)
    state: str = Field(index=True)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)


class ImportRow(SQLModel, table=True):
    """How far a file has been imported; `fingerprint` names its content, so that a moved file goes on where it was."""

    __tablename__ = "imports"
    fingerprint: str = Field(primary_key=True)
    source_id: int = Field(primary_key=True, sa_type=BIG)
    file_name: str
    rows_done: int = Field(sa_type=BIG)
    accepted: int = Field(sa_type=BIG)
    duplicates: int = Field(sa_type=BIG)
    rejected: int = Field(sa_type=BIG)
    updated_at: datetime = Field(sa_type=INSTANT)


class AuditRow(SQLModel, table=True):
    """The hash-chained log: append-only, numbered without gaps from 1."""

    __tablename__ = "audit_log"
    seq: int = Field(primary_key=True, sa_type=BIG)
    at: datetime = Field(sa_type=INSTANT)
    actor: str
    act: str
    subject: str = Field(index=True)
    detail: Any = Field(sa_type=JSON)
    digest: str
