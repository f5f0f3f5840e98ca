"""Shows notices in Slack: as a message, on a message, under a message, or several as one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from slack_sdk.errors import SlackApiError

from bot.composed import Composed, Composing, NothingToTell
from bot.delivery.poster import Poster
from bot.delivery.refusals import UNANSWERABLE, UNEDITABLE, code_of
from bot.slack.views.group import group_message
from core.store.outbox import Notice, Place
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

Shown = tuple[str, str]
"""(channel, ts) of a message."""
Told = tuple[Notice, Shown]
"""A notice and where it is shown. One that an earlier try had posted shows what was known at that time: newer facts are then
not taken for shown."""
_PATIENCE: Final = 30
"""Tries after which a notice is sent although Slack cannot say whether it was posted before: twice is better than never."""


class Showing:
    """One notice, or one group of them, at a time. Every method raises SlackApiError, UnshowableMessage, NothingToTell."""

    def __init__(self, uow: UnitOfWork, poster: Poster, composing: Composing) -> None:
        self._uow = uow
        self._poster = poster
        self._composing = composing

    async def one(self, notice: Notice) -> list[Told]:
        """Show it."""
        if notice.place is Place.POST:
            return await self._posted(notice)
        messages = await self._messages_of(notice)
        if not messages:
            return await self._posted(notice)
        if notice.place is Place.THREAD:
            return await self._replied(notice, messages)
        return [(notice, messages[0])] if await self._edited(notice, messages[0]) else await self._posted(notice)

    async def several(self, notices: Sequence[Notice]) -> list[Told]:
        """One message for all of them; those that an earlier try has posted are found instead."""
        channel = await self._poster.channel_of(notices[0].recipient)
        found = await self._look_back(channel, [notice for notice in notices if notice.attempts > 1])
        rest = [notice for notice in notices if notice.id not in found]
        shown = await self._found(channel, found, notices)
        if rest:
            composed = self._together(rest) if len(rest) > 1 else await self._composing.of(rest[0])
            ts = await self._poster.post(channel, composed, [notice.id for notice in rest])
            shown += [(notice, (channel, ts)) for notice in rest]
        return shown

    async def _posted(self, notice: Notice) -> list[Told]:
        channel = await self._poster.channel_of(notice.recipient)
        found = await self._look_back(channel, [notice] if notice.attempts > 1 else [])
        if notice.id in found:
            return await self._found(channel, found, [notice])
        return await self._post(notice, channel)

    async def _replied(self, notice: Notice, messages: Sequence[Shown]) -> list[Told]:
        """Under the latest message; beside it where that has gone. An earlier try may have met another one there."""
        channel, head = messages[0]
        for place, under in (*messages, (channel, None)) if notice.attempts > 1 else ():
            found = await self._look_under(place, under, notice)
            if notice.id in found:
                return await self._found(place, found, [notice])
        try:
            return await self._post(notice, channel, head)
        except SlackApiError as refused:
            if code_of(refused) not in UNANSWERABLE:
                raise
            log.info("thread_gone", extra={"outbox_id": notice.id, "error": code_of(refused)})
        return await self._post(notice, channel)

    async def _post(self, notice: Notice, channel: str, head: str | None = None) -> list[Told]:
        composed = await self._composing.of(notice)
        return [(notice, (channel, await self._poster.post(channel, composed, [notice.id], head)))]

    async def _look_under(self, channel: str, head: str | None, notice: Notice) -> dict[int, str]:
        try:
            return await self._look_back(channel, [notice], head)
        except SlackApiError as refused:
            if code_of(refused) not in UNANSWERABLE:
                raise
            return {}

    async def _found(self, channel: str, found: Mapping[int, str], notices: Sequence[Notice]) -> list[Told]:
        """What an earlier try had posted: of these notices, and of whichever else shares their message. An edit of one of
        them would otherwise take those off it that are not known to be on it."""
        looked_for = {notice.id for notice in notices}
        others = []
        if besides := found.keys() - looked_for:
            async with self._uow.read() as tx:
                others = await tx.outbox.unsent(besides)
        there = [notice for notice in (*notices, *others) if notice.id in found]
        return [(replace(notice, upto=notice.id), (channel, found[notice.id])) for notice in there]

    async def _edited(self, notice: Notice, message: Shown) -> bool:
        """Whether it could be shown on that message. On a message for several the others stay as they are."""
        async with self._uow.read() as tx:
            there = await tx.outbox.shown_at(*message)
        # Rows of its own subject are older than it: the outbox hands out the newest.
        others = [other for other in there if (other.subject, other.recipient) != (notice.subject, notice.recipient)]
        if others and not all(map(self._composing.is_groupable, (*others, notice))):
            return False
        composed = self._together([*others, notice]) if others else await self._composing.of(notice)
        try:
            await self._poster.edit(*message, composed)
        except SlackApiError as refused:
            if code_of(refused) not in UNEDITABLE:
                raise
            log.info("message_not_editable", extra={"outbox_id": notice.id, "error": code_of(refused)})
            return False
        return True

    async def _messages_of(self, notice: Notice) -> list[Shown]:
        """The messages that an edit or a reply may go to, the latest first; none when there never was one."""
        assert notice.subject is not None
        async with self._uow.read() as tx:
            messages = await tx.outbox.messages_of(notice.subject, notice.recipient)
            parked = None if messages else await tx.outbox.parked_message(notice.subject, notice.recipient)
        if parked:
            raise NothingToTell(parked)
        return messages

    async def _look_back(self, channel: str, tried: Sequence[Notice], thread: str | None = None) -> dict[int, str]:
        if not tried:
            return {}
        try:
            return await self._poster.posted(channel, {notice.id for notice in tried}, thread)
        except SlackApiError:
            if max(notice.attempts for notice in tried) <= _PATIENCE:
                raise
            return {}

    def _together(self, notices: Sequence[Notice]) -> Composed:
        lines = [self._composing.lines[notice.kind](notice) for notice in notices]
        message = group_message(lines)
        return Composed(lambda _: message)
