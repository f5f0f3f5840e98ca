"""A notice as it is read from its row: what to tell whom, and where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.store.outbox_tables import OutboxRow

OUTBOX: Any = OutboxRow.__table__  # type: ignore[attr-defined]


class Place(StrEnum):
    """Where a notice is shown.

    POST: a message of its own. EDIT: newer facts on the latest message of the same subject and recipient; a new message
    where there is none or it cannot be changed any more. THREAD: a reply under that message.
    """

    POST = "post"
    EDIT = "edit"
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to send, or one change of a message.

    Attributes:
      kind: what the facts mean; the view is chosen by it.
      recipient: a Slack user id (a DM) or a channel id.
      facts: of the moment of the decision, plain values; of the newest edit where that came before the message was sent.
      attempts: with this one; more than one means that an earlier try may have posted it after all.
      upto: the newest row whose facts these are; equal to `id` unless an edit came before the message was sent.
      channel, ts: where it is shown, once it is.
    """

    id: int
    kind: str
    recipient: str
    request_id: int | None
    facts: Mapping[str, Any]
    attempts: int
    channel: str | None = None
    ts: str | None = None
    subject: str | None = None
    place: Place = Place.POST
    upto: int = 0
    created_at: datetime | None = None


def waiting(table: Any) -> tuple[Any, ...]:
    """The conditions for rows that are neither shown nor given up."""
    return table.c.sent_at.is_(None), table.c.parked_because.is_(None)


def same_message(table: Any, subject: str, recipient: str) -> tuple[Any, ...]:
    """The conditions for rows about one subject in one conversation."""
    return table.c.subject == subject, table.c.recipient == recipient


def notice_of(row: Any, *, attempts: int | None = None) -> Notice:
    """The row as a value; with `attempts` where a claim has just counted one more."""
    return Notice(
        row.id, row.kind, row.recipient, row.request_id, row.facts, row.attempts if attempts is None else attempts,
        row.channel, row.ts, row.subject, Place(row.place), row.id, row.created_at,
    )  # fmt: skip
