"""The outbox: what has to be told, kept in the transaction that decided it, claimed by lease and marked once sent.

A conversation (`recipient`) belongs to one process at a time, for the length of a lease. So nothing overtakes within it:
an edit comes after its message, and newer facts are never replaced by older ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.outbox_tables import OutboxRow
from core.store.series_rows import insert_ignoring

_OUTBOX: Any = OutboxRow.__table__  # type: ignore[attr-defined]
LEASE: Final = timedelta(seconds=60)
"""How long a claim holds: longer than the slowest send with its look-back, short enough after a crash."""
_CLAIM_LOCK: Final = 0x0A0D19
"""The advisory lock on PostgreSQL under which claims are made one after the other: they take a few milliseconds."""


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


class Outbox:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        dedup_key: str,
        kind: str,
        recipient: str,
        *,
        facts: Mapping[str, object],
        at: datetime,
        request_id: int | None = None,
        subject: str | None = None,
        place: Place = Place.POST,
        due_at: datetime | None = None,
    ) -> None:
        """Put a notice in; the same `dedup_key` again changes nothing. Not sent before `due_at`; an edit or a reply needs
        a `subject`."""
        assert subject or place is Place.POST, f"{dedup_key}: an edit or a reply has to name its subject"
        await self._connection.execute(
            insert_ignoring(self._connection, _OUTBOX, unique=["dedup_key"]),
            {
                "dedup_key": dedup_key, "kind": kind, "recipient": recipient, "request_id": request_id, "subject": subject,
                "place": place.value, "facts": dict(facts), "created_at": at, "due_at": due_at or at, "attempts": 0,
            },
        )  # fmt: skip

    async def adopt(
        self, dedup_key: str, kind: str, recipient: str, *, subject: str, channel: str, ts: str, at: datetime
    ) -> None:
        """Take over a message that is shown already: an edit of the subject then changes it."""
        await self.add(dedup_key, kind, recipient, facts={}, at=at, subject=subject)
        mine = update(_OUTBOX).where(_OUTBOX.c.dedup_key == dedup_key, _OUTBOX.c.sent_at.is_(None))
        await self._connection.execute(mine.values(sent_at=at, channel=channel, ts=ts))

    async def claim(
        self,
        *,
        now: datetime,
        limit: int = 10,
        busy: Collection[str] = (),
        quiet: Collection[tuple[str, str]] = (),
        people: bool | None = None,
        recipients: int | None = None,
    ) -> list[Notice]:
        """Take due, unsent notices for the length of the lease, oldest first.

        Left alone are conversations that any process has in hand or that wait for another try of something older, edits
        with a newer one behind them, and edits and replies whose message has not been sent yet. A message with an edit
        behind it comes with the edit's facts.

        Args:
          busy: recipients to leave alone.
          quiet: (subject, recipient) whose edits are to wait.
          people: only direct messages to people, or only channels; both when None.
          recipients: at most so many conversations.
        """
        await self._queue_up()
        await self._fold_overtaken(now)
        rows = (await self._connection.execute(_claimable(now, busy, people).limit(limit + len(quiet)))).all()
        skipped, taken = set(quiet), set[str]()
        claimed: list[Notice] = []
        for row in rows:
            if len(claimed) == limit or (row.place == Place.EDIT and (row.subject, row.recipient) in skipped):
                continue
            if row.recipient not in taken and recipients is not None and len(taken) == recipients:
                continue
            taken.add(row.recipient)
            await self._connection.execute(
                update(_OUTBOX)
                .where(_OUTBOX.c.id == row.id)
                .values(leased_until=now + LEASE, attempts=row.attempts + 1)
            )
            claimed.append(await self._with_newest(row, now))
        return claimed

    async def sent(self, notice: Notice, *, channel: str, ts: str, at: datetime) -> None:
        """It is shown there. Edits of the same message that are older than what is shown are done with it."""
        shown = {"sent_at": at, "channel": channel, "ts": ts, "leased_until": None}
        await self._connection.execute(
            update(_OUTBOX).where(_OUTBOX.c.id == notice.id).values(**shown, parked_because=None)
        )
        if notice.subject is None or notice.place is Place.THREAD:
            return
        upto = max(notice.upto, notice.id)
        older = (
            update(_OUTBOX)
            .where(*_same_message(_OUTBOX, notice.subject, notice.recipient), _OUTBOX.c.place == Place.EDIT)
            .where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.id <= upto)
        )
        await self._connection.execute(older.values(**shown, folded_into=notice.id, parked_because=None))

    async def retry_at(self, notice: Notice, due_at: datetime, *, holds_back: bool = False) -> None:
        """Give it back until then, unless somebody else has taken it over meanwhile.

        With `holds_back`, what came later in the same conversation waits for it: people must not read it first.
        """
        mine = update(_OUTBOX).where(
            _OUTBOX.c.id == notice.id, _OUTBOX.c.sent_at.is_(None), _OUTBOX.c.attempts == notice.attempts
        )
        await self._connection.execute(mine.values(due_at=due_at, leased_until=None, holds_back=holds_back))

    async def release(self, notices: Iterable[Notice]) -> None:
        """Give back what was not tried at all."""
        for notice in notices:
            mine = update(_OUTBOX).where(
                _OUTBOX.c.id == notice.id, _OUTBOX.c.sent_at.is_(None), _OUTBOX.c.attempts == notice.attempts
            )
            await self._connection.execute(mine.values(attempts=notice.attempts - 1, leased_until=None))

    async def release_all(self) -> None:
        """Give back everything: for the start of a process that is the only one, after one that died."""
        await self._connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.leased_until.is_not(None))
            .values(leased_until=None)
        )

    async def park(self, notice_id: int, because: str) -> None:
        """Give up on it until somebody mends the cause; it stays visible as parked."""
        await self._connection.execute(
            update(_OUTBOX).where(_OUTBOX.c.id == notice_id).values(parked_because=because, leased_until=None)
        )

    async def unpark(self, reasons: Collection[str], *, due_at: datetime, since: datetime | None = None) -> int:
        """Try again what was parked for one of these reasons, of what was put in `since` then; how many that are."""
        parked = update(_OUTBOX).where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.parked_because.in_(sorted(reasons)))
        if since is not None:
            parked = parked.where(_OUTBOX.c.created_at >= since)
        return int((await self._connection.execute(parked.values(parked_because=None, due_at=due_at))).rowcount)

    async def message_of(self, subject: str, recipient: str) -> tuple[str, str] | None:
        """(channel, ts) of the latest message about the subject in that conversation; None before there is one."""
        query = (
            select(_OUTBOX.c.channel, _OUTBOX.c.ts)
            .where(*_same_message(_OUTBOX, subject, recipient), _OUTBOX.c.place != Place.THREAD, _OUTBOX.c.ts != "")
            .order_by(_OUTBOX.c.id.desc())
            .limit(1)
        )
        found = (await self._connection.execute(query)).first()
        return (found.channel, found.ts) if found else None

    async def parked_message(self, subject: str, recipient: str) -> str | None:
        """Why the message about the subject was given up; None when there is none or it was not."""
        query = (
            select(_OUTBOX.c.parked_because)
            .where(*_same_message(_OUTBOX, subject, recipient), _OUTBOX.c.place == Place.POST)
            .order_by(_OUTBOX.c.id.desc())
            .limit(1)
        )
        return await self._connection.scalar(query)

    async def shown_at(self, channel: str, ts: str) -> list[Notice]:
        """What one message shows: the newest of every subject on it, oldest subject first. One, unless it is a group's."""
        query = (
            select(_OUTBOX)
            .where(_OUTBOX.c.channel == channel, _OUTBOX.c.ts == ts, _OUTBOX.c.place != Place.THREAD)
            .order_by(_OUTBOX.c.id)
        )
        newest: dict[object, Notice] = {}
        for row in await self._connection.execute(query):
            newest[(row.subject, row.recipient) if row.subject else row.id] = _notice(row)
        return list(newest.values())

    async def copies_of(self, subject: str) -> list[tuple[str, str, str]]:
        """(recipient, channel, ts) of every message about the subject; replies in threads are none."""
        query = (
            select(_OUTBOX.c.recipient, _OUTBOX.c.channel, _OUTBOX.c.ts)
            .where(_OUTBOX.c.subject == subject, _OUTBOX.c.sent_at.is_not(None), _OUTBOX.c.ts != "")
            .where(_OUTBOX.c.place != Place.THREAD)
            .distinct()
            .order_by(_OUTBOX.c.ts, _OUTBOX.c.recipient)
        )
        return [(row.recipient, row.channel, row.ts) for row in await self._connection.execute(query)]

    async def posted(self, subject: str) -> dict[str, Mapping[str, Any]]:
        """By recipient, the facts with which messages about the subject were first put in, sent or not."""
        query = select(_OUTBOX.c.recipient, _OUTBOX.c.facts).where(
            _OUTBOX.c.subject == subject, _OUTBOX.c.place == Place.POST
        )
        return {row.recipient: row.facts for row in await self._connection.execute(query.order_by(_OUTBOX.c.recipient))}

    async def parked_for(self, because: str) -> dict[str, int]:
        """How many notices are parked for this reason, by recipient."""
        query = (
            select(_OUTBOX.c.recipient, func.count())
            .where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.parked_because == because)
            .group_by(_OUTBOX.c.recipient)
        )
        return {row[0]: row[1] for row in await self._connection.execute(query)}

    async def copies(self, request_id: int) -> list[tuple[str, str]]:
        """(channel, ts) of every message sent about a change request."""
        query = select(_OUTBOX.c.channel, _OUTBOX.c.ts).where(
            _OUTBOX.c.request_id == request_id, _OUTBOX.c.sent_at.is_not(None)
        )
        return [(channel, ts) for channel, ts in await self._connection.execute(query)]

    async def _queue_up(self) -> None:
        """On PostgreSQL claims wait for each other; SQLite has one writer anyway."""
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CLAIM_LOCK})

    async def _fold_overtaken(self, now: datetime) -> None:
        """An edit that was committed after a newer one had been shown must not undo it."""
        newer = _OUTBOX.alias()
        shown = (
            select(newer.c.id)
            .where(newer.c.subject == _OUTBOX.c.subject, newer.c.recipient == _OUTBOX.c.recipient)
            .where(newer.c.place == Place.EDIT, newer.c.id > _OUTBOX.c.id, newer.c.sent_at.is_not(None))
            .order_by(newer.c.id.desc())
            .limit(1)
        )
        overtaken = update(_OUTBOX).where(
            _OUTBOX.c.place == Place.EDIT, *_waiting(_OUTBOX), shown.exists()
        )  # fmt: skip
        await self._connection.execute(overtaken.values(sent_at=now, folded_into=shown.scalar_subquery()))

    async def _with_newest(self, row: Any, now: datetime) -> Notice:
        """The claimed row; with the facts of the newest edit of it where one is due already."""
        notice = _notice(row, attempts=row.attempts + 1)
        if row.subject is None or row.place != Place.POST:
            return notice
        query = (
            select(_OUTBOX)
            .where(*_same_message(_OUTBOX, row.subject, row.recipient), *_waiting(_OUTBOX))
            .where(_OUTBOX.c.place == Place.EDIT, _OUTBOX.c.id > row.id, _OUTBOX.c.due_at <= now)
            .order_by(_OUTBOX.c.id.desc())
            .limit(1)
        )
        newest = (await self._connection.execute(query)).first()
        if newest is None:
            return notice
        return Notice(
            row.id, newest.kind, row.recipient, row.request_id, newest.facts, row.attempts + 1, subject=row.subject,
            upto=newest.id, created_at=row.created_at,
        )  # fmt: skip


def _claimable(now: datetime, busy: Collection[str], people: bool | None) -> Any:
    other = _OUTBOX.alias()
    same = and_(other.c.subject == _OUTBOX.c.subject, other.c.recipient == _OUTBOX.c.recipient)
    in_hand = exists().where(
        other.c.recipient == _OUTBOX.c.recipient, other.c.sent_at.is_(None), other.c.leased_until > now
    )
    held_back = exists().where(
        other.c.recipient == _OUTBOX.c.recipient, *_waiting(other), other.c.holds_back, other.c.due_at > now,
        other.c.id < _OUTBOX.c.id,
    )  # fmt: skip
    comes_first = exists().where(same, *_waiting(other), other.c.place == Place.POST, other.c.id < _OUTBOX.c.id)
    comes_after = exists().where(
        same, *_waiting(other), other.c.place == Place.EDIT, other.c.due_at <= now, other.c.id > _OUTBOX.c.id
    )
    query = (
        select(_OUTBOX)
        .where(*_waiting(_OUTBOX), _OUTBOX.c.due_at <= now, ~in_hand, ~held_back)
        .where(or_(_OUTBOX.c.place == Place.POST, ~comes_first))
        .where(or_(_OUTBOX.c.place != Place.EDIT, ~comes_after))
        .order_by(_OUTBOX.c.id)
    )
    if busy:
        query = query.where(_OUTBOX.c.recipient.not_in(sorted(busy)))
    if people is not None:
        is_person = or_(_OUTBOX.c.recipient.startswith("U"), _OUTBOX.c.recipient.startswith("W"))
        query = query.where(is_person if people else ~is_person)
    return query


def _waiting(table: Any) -> tuple[Any, ...]:
    return table.c.sent_at.is_(None), table.c.parked_because.is_(None)


def _same_message(table: Any, subject: str, recipient: str) -> tuple[Any, ...]:
    return table.c.subject == subject, table.c.recipient == recipient


def _notice(row: Any, *, attempts: int | None = None) -> Notice:
    return Notice(
        row.id, row.kind, row.recipient, row.request_id, row.facts, row.attempts if attempts is None else attempts,
        row.channel, row.ts, row.subject, Place(row.place), row.id, row.created_at,
    )  # fmt: skip
