"""The outbox: what has to be told, kept in the transaction that decided it and marked once sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update

from core.store.notice import OUTBOX, Notice, Place, notice_of, same_message
from core.store.outbox_claims import LEASE, OutboxClaims
from core.store.series_rows import insert_ignoring

__all__ = ["LEASE", "Notice", "Outbox", "Place"]
_MOST_MESSAGES: Final = 5


class Outbox(OutboxClaims):
    """What was put in, what is shown where, and what was given up; who sends it is in the claims."""

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
            insert_ignoring(self._connection, OUTBOX, unique=["dedup_key"]),
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
        mine = update(OUTBOX).where(OUTBOX.c.dedup_key == dedup_key, OUTBOX.c.sent_at.is_(None))
        await self._connection.execute(mine.values(sent_at=at, channel=channel, ts=ts))

    async def sent(self, notice: Notice, *, channel: str, ts: str, at: datetime) -> None:
        """It is shown there. Edits of the same message that are older than what is shown are done with it."""
        shown = {"sent_at": at, "channel": channel, "ts": ts, "leased_until": None}
        await self._connection.execute(
            update(OUTBOX).where(OUTBOX.c.id == notice.id).values(**shown, parked_because=None)
        )
        if notice.subject is None or notice.place is Place.THREAD:
            return
        upto = max(notice.upto, notice.id)
        older = (
            update(OUTBOX)
            .where(*same_message(OUTBOX, notice.subject, notice.recipient), OUTBOX.c.place == Place.EDIT)
            .where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.id <= upto)
        )
        await self._connection.execute(older.values(**shown, folded_into=notice.id, parked_because=None))

    async def park(self, notice_id: int, because: str) -> None:
        """Give up on it until somebody mends the cause; it stays visible as parked."""
        await self._connection.execute(
            update(OUTBOX).where(OUTBOX.c.id == notice_id).values(parked_because=because, leased_until=None)
        )

    async def unpark(self, reasons: Collection[str], *, due_at: datetime, since: datetime | None = None) -> int:
        """Try again what was parked for one of these reasons, of what was put in `since` then; how many that are."""
        parked = update(OUTBOX).where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.parked_because.in_(sorted(reasons)))
        if since is not None:
            parked = parked.where(OUTBOX.c.created_at >= since)
        return int((await self._connection.execute(parked.values(parked_because=None, due_at=due_at))).rowcount)

    async def messages_of(self, subject: str, recipient: str) -> list[tuple[str, str]]:
        """(channel, ts) of the last few messages about the subject in that conversation, the latest first; mostly one."""
        newest = func.max(OUTBOX.c.id)
        query = (
            select(OUTBOX.c.channel, OUTBOX.c.ts)
            .where(*same_message(OUTBOX, subject, recipient), OUTBOX.c.place != Place.THREAD, OUTBOX.c.ts != "")
            .group_by(OUTBOX.c.channel, OUTBOX.c.ts)
            .order_by(newest.desc())
            .limit(_MOST_MESSAGES)
        )
        return [(row.channel, row.ts) for row in await self._connection.execute(query)]

    async def unsent(self, numbers: Collection[int]) -> list[Notice]:
        """Those of these notices of which nobody knows that they are shown, given up ones too."""
        query = select(OUTBOX).where(OUTBOX.c.id.in_(sorted(numbers)), OUTBOX.c.sent_at.is_(None)).order_by(OUTBOX.c.id)
        return [notice_of(row) for row in await self._connection.execute(query)]

    async def parked_message(self, subject: str, recipient: str) -> str | None:
        """Why the message about the subject was given up; None when there is none or it was not."""
        query = (
            select(OUTBOX.c.parked_because)
            .where(*same_message(OUTBOX, subject, recipient), OUTBOX.c.place == Place.POST)
            .order_by(OUTBOX.c.id.desc())
            .limit(1)
        )
        return await self._connection.scalar(query)

    async def shown_at(self, channel: str, ts: str) -> list[Notice]:
        """What one message shows: the newest of every subject on it, oldest subject first. One, unless it is a group's."""
        query = (
            select(OUTBOX)
            .where(OUTBOX.c.channel == channel, OUTBOX.c.ts == ts, OUTBOX.c.place != Place.THREAD)
            .order_by(OUTBOX.c.id)
        )
        newest: dict[object, Notice] = {}
        for row in await self._connection.execute(query):
            newest[(row.subject, row.recipient) if row.subject else row.id] = notice_of(row)
        return list(newest.values())

    async def copies_of(self, subject: str) -> list[tuple[str, str, str]]:
        """(recipient, channel, ts) of every message about the subject; replies in threads are none."""
        query = (
            select(OUTBOX.c.recipient, OUTBOX.c.channel, OUTBOX.c.ts)
            .where(OUTBOX.c.subject == subject, OUTBOX.c.sent_at.is_not(None), OUTBOX.c.ts != "")
            .where(OUTBOX.c.place != Place.THREAD)
            .distinct()
            .order_by(OUTBOX.c.ts, OUTBOX.c.recipient)
        )
        return [(row.recipient, row.channel, row.ts) for row in await self._connection.execute(query)]

    async def posted(self, subject: str) -> dict[str, Mapping[str, Any]]:
        """By recipient, the facts with which messages about the subject were first put in, sent or not."""
        query = select(OUTBOX.c.recipient, OUTBOX.c.facts).where(
            OUTBOX.c.subject == subject, OUTBOX.c.place == Place.POST
        )
        return {row.recipient: row.facts for row in await self._connection.execute(query.order_by(OUTBOX.c.recipient))}

    async def parked_for(self, because: str) -> dict[str, int]:
        """How many notices are parked for this reason, by recipient."""
        query = (
            select(OUTBOX.c.recipient, func.count())
            .where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.parked_because == because)
            .group_by(OUTBOX.c.recipient)
        )
        return {row[0]: row[1] for row in await self._connection.execute(query)}

    async def copies(self, request_id: int) -> list[tuple[str, str]]:
        """(channel, ts) of every message sent about a change request."""
        query = select(OUTBOX.c.channel, OUTBOX.c.ts).where(
            OUTBOX.c.request_id == request_id, OUTBOX.c.sent_at.is_not(None)
        )
        return [(channel, ts) for channel, ts in await self._connection.execute(query)]
