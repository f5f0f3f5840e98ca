"""The tables of what is told by itself: the outbox of messages, and the slots of the clock's jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, false, text
from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON

_WAITS = text("sent_at IS NULL")


class OutboxRow(SQLModel, table=True):
    """What has to be told to Slack: facts, not blocks. Claimed by lease, marked after it was sent.

    Attributes:
      subject: what it is about, such as `breach/12`; ties edits and replies to their message.
      place: `post`, `edit` or `thread`.
      due_at: not sent before.
      leased_until: a process has it in hand until then.
      holds_back: it failed and waits for another try; what came later in the same conversation waits for it.
      folded_into: the newer row that was shown in its stead.
    """

    __tablename__ = "outbox"
    __table_args__: Any = (
        Index("ix_outbox_subject", "subject", "recipient"),
        Index("ix_outbox_message", "channel", "ts"),
        # Only what waits: the rows that were sent grow for ever.
        Index("ix_outbox_waiting", "due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    dedup_key: str = Field(unique=True)
    kind: str
    recipient: str
    request_id: int | None = Field(default=None, sa_type=BIG, index=True)
    subject: str | None = None
    place: str = Field(default="post", sa_column_kwargs={"server_default": "post"})
    facts: Any = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=INSTANT)
    due_at: datetime = Field(sa_type=INSTANT)
    leased_until: datetime | None = Field(default=None, sa_type=INSTANT)
    holds_back: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_type=INSTANT)
    folded_into: int | None = Field(default=None, sa_type=BIG)
    parked_because: str | None = None
    channel: str | None = None
    ts: str | None = None


class SlotRow(SQLModel, table=True):
    """One tick of one job: whoever inserts it does the job. `done_at` is empty while somebody is at it, or died."""

    __tablename__ = "slots"
    job: str = Field(primary_key=True)
    slot: datetime = Field(primary_key=True, sa_type=INSTANT)
    claimed_at: datetime = Field(sa_type=INSTANT)
    leased_until: datetime = Field(sa_type=INSTANT)
    attempts: int = 1
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)
