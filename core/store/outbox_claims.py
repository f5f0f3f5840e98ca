"""Who sends what: notices are claimed by lease, a conversation in one process at a time.

So nothing overtakes within a conversation: an edit comes after its message, and newer facts are never replaced by older ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Integer, and_, bindparam, exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.notice import OUTBOX, Notice, Place, notice_of, same_message, waiting

LEASE: Final = timedelta(seconds=60)
"""How long a claim holds: longer than the slowest send with its look-back, short enough after a crash."""
_CLAIM_LOCK: Final = 0x0A0D19
"""The advisory lock on PostgreSQL under which claims are made one after the other: they take a few milliseconds."""


class OutboxClaims:
    """Taking notices for a while, and giving them back."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

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
        wanted = {"now": now, "busy": sorted(busy), "most": limit + len(quiet)}
        rows = (await self._connection.execute(_claimable(people), wanted)).all()
        skipped, taken = set(quiet), set[str]()
        claimed: list[Notice] = []
        for row in rows:
            if len(claimed) == limit or (row.place == Place.EDIT and (row.subject, row.recipient) in skipped):
                continue
            if row.recipient not in taken and recipients is not None and len(taken) == recipients:
                continue
            taken.add(row.recipient)
            await self._connection.execute(
                update(OUTBOX).where(OUTBOX.c.id == row.id).values(leased_until=now + LEASE, attempts=row.attempts + 1)
            )
            claimed.append(await self._with_newest(row, now))
        return claimed

    async def retry_at(self, notice: Notice, due_at: datetime, *, holds_back: bool = False) -> None:
        """Give it back until then, unless somebody else has taken it over meanwhile.

        With `holds_back`, what came later in the same conversation waits for it: people must not read it first.
        """
        mine = update(OUTBOX).where(
            OUTBOX.c.id == notice.id, OUTBOX.c.sent_at.is_(None), OUTBOX.c.attempts == notice.attempts
        )
        await self._connection.execute(mine.values(due_at=due_at, leased_until=None, holds_back=holds_back))

    async def release(self, notices: Iterable[Notice]) -> None:
        """Give back what was not tried at all."""
        for notice in notices:
            mine = update(OUTBOX).where(
                OUTBOX.c.id == notice.id, OUTBOX.c.sent_at.is_(None), OUTBOX.c.attempts == notice.attempts
            )
            await self._connection.execute(mine.values(attempts=notice.attempts - 1, leased_until=None))

    async def release_all(self) -> None:
        """Give back everything: for the start of a process that is the only one, after one that died."""
        await self._connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.leased_until.is_not(None))
            .values(leased_until=None)
        )

    async def _queue_up(self) -> None:
        """On PostgreSQL claims wait for each other; SQLite has one writer anyway."""
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CLAIM_LOCK})

    async def _fold_overtaken(self, now: datetime) -> None:
        """An edit that was committed after a newer one had been shown must not undo it."""
        await self._connection.execute(_fold_overtaken(), {"now": now})

    async def _with_newest(self, row: Any, now: datetime) -> Notice:
        """The claimed row; with the facts of the newest edit of it where one is due already."""
        notice = notice_of(row, attempts=row.attempts + 1)
        if row.subject is None or row.place != Place.POST:
            return notice
        query = (
            select(OUTBOX)
            .where(*same_message(OUTBOX, row.subject, row.recipient), *waiting(OUTBOX))
            .where(OUTBOX.c.place == Place.EDIT, OUTBOX.c.id > row.id, OUTBOX.c.due_at <= now)
            .order_by(OUTBOX.c.id.desc())
            .limit(1)
        )
        newest = (await self._connection.execute(query)).first()
        if newest is None:
            return notice
        return Notice(
            row.id, newest.kind, row.recipient, row.request_id, newest.facts, row.attempts + 1, subject=row.subject,
            upto=newest.id, created_at=row.created_at,
        )  # fmt: skip


# Every process asks every second, so what it asks with is built once: that takes longer than asking an empty outbox.
@cache
def _fold_overtaken() -> Any:
    newer = OUTBOX.alias()
    shown = (
        select(newer.c.id)
        .where(newer.c.subject == OUTBOX.c.subject, newer.c.recipient == OUTBOX.c.recipient)
        .where(newer.c.place == Place.EDIT, newer.c.id > OUTBOX.c.id, newer.c.sent_at.is_not(None))
        .order_by(newer.c.id.desc())
        .limit(1)
    )
    overtaken = update(OUTBOX).where(OUTBOX.c.place == Place.EDIT, *waiting(OUTBOX), shown.exists())
    return overtaken.values(sent_at=bindparam("now", type_=OUTBOX.c.sent_at.type), folded_into=shown.scalar_subquery())


@cache
def _claimable(people: bool | None) -> Any:
    """Takes `now`, `busy` (recipients) and `most` (rows)."""
    now = bindparam("now", type_=OUTBOX.c.due_at.type)
    other = OUTBOX.alias()
    same = and_(other.c.subject == OUTBOX.c.subject, other.c.recipient == OUTBOX.c.recipient)
    in_hand = exists().where(
        other.c.recipient == OUTBOX.c.recipient, other.c.sent_at.is_(None), other.c.leased_until > now
    )
    held_back = exists().where(
        other.c.recipient == OUTBOX.c.recipient, *waiting(other), other.c.holds_back, other.c.due_at > now,
        other.c.id < OUTBOX.c.id,
    )  # fmt: skip
    comes_first = exists().where(same, *waiting(other), other.c.place == Place.POST, other.c.id < OUTBOX.c.id)
    comes_after = exists().where(
        same, *waiting(other), other.c.place == Place.EDIT, other.c.due_at <= now, other.c.id > OUTBOX.c.id
    )
    query = (
        select(OUTBOX)
        .where(*waiting(OUTBOX), OUTBOX.c.due_at <= now, ~in_hand, ~held_back)
        .where(or_(OUTBOX.c.place == Place.POST, ~comes_first))
        .where(or_(OUTBOX.c.place != Place.EDIT, ~comes_after))
        .order_by(OUTBOX.c.id)
    )
    query = query.where(OUTBOX.c.recipient.not_in(bindparam("busy", expanding=True))).limit(
        bindparam("most", type_=Integer)
    )
    if people is not None:
        is_person = or_(OUTBOX.c.recipient.startswith("U"), OUTBOX.c.recipient.startswith("W"))
        query = query.where(is_person if people else ~is_person)
    return query
