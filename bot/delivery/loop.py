"""Takes from the outbox what is due and gives every conversation a lane of its own, so that a slow one delays nobody else.

A notice is claimed, sent, then marked. When an answer is lost nobody knows whether the message was posted; before it is
sent again, its number is looked for in the recent history (the message's metadata carries it; needs the optional history scopes).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.composed import Composer, Composing, LineComposer
from bot.delivery.lane import Lane
from bot.delivery.pace import Pace
from bot.delivery.poster import Poster
from bot.delivery.refusals import SHUT_OUT
from bot.delivery.showing import Showing
from bot.slack.identity import Readers
from bot.slack.notices_delivery import delivery_composers
from bot.slack.notices_request import request_composers
from bot.slack.views.mrkdwn import is_user
from core.store.outbox import Notice
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

_BATCH: Final = 20
LANES: Final = {True: 8, False: 8}
"""Conversations at once, for people and for channels: direct messages never wait behind slow channels."""


class Delivery:
    """The outbox of one process. Any number of processes may deliver at once: a conversation belongs to one of them."""

    def __init__(
        self,
        uow: UnitOfWork,
        client: AsyncWebClient,
        readers: Readers,
        clock: Callable[[], datetime],
        *,
        composers: Mapping[str, Composer] | None = None,
        lines: Mapping[str, LineComposer] | None = None,
        finance: Sequence[str] = (),
        pace: Pace | None = None,
    ) -> None:
        """
        Args:
          client: without retry handlers: after a lost answer they would post twice.
          composers: make the messages of notices that are not about a request, by kind.
          lines: make one line of those kinds that may share a message.
          pace: how fast Slack may be told.
          finance: hear of what cannot be delivered, the first who can be reached; those of the envelopes when empty.
        """
        whole = {**request_composers(uow, readers), **delivery_composers(), **(composers or {})}
        composing = Composing(whole, lines or {})
        self._uow = uow
        self._clock = clock
        self._lane = Lane(uow, Showing(uow, Poster(client), composing), composing, clock, finance, pace or Pace())
        self._woken = asyncio.Event()
        self._delivering = asyncio.Lock()

    def wake(self) -> None:
        """Something lies in the outbox; does not block."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver whenever woken, until cancelled; the scheduler's tick sees to what had to wait."""
        await self._take_up()
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.deliver_due()
            except SQLAlchemyError:
                log.exception("outbox_unreadable")
            except Exception:
                log.exception("delivery_failed")

    async def _take_up(self) -> None:
        """What an old token kept from being sent is due again: a start may have come with a new one.

        Where this process is the only one, it also takes over at once what the last one had in hand when it died.
        """
        try:
            async with self._uow.write() as tx:
                await tx.outbox.unpark(SHUT_OUT, due_at=self._clock())
                if self._uow.is_sqlite:
                    await tx.outbox.release_all()
        except SQLAlchemyError:
            log.exception("outbox_unreadable")

    async def deliver_due(self) -> int:
        """Send everything that is due; how many were sent. Never raises for a single notice: it stays for later."""
        async with self._delivering:
            lanes: dict[str, asyncio.Task[int]] = {}
            try:
                return await self._until_nothing_is_due(lanes)
            finally:
                for task in lanes.values():
                    task.cancel()
                await asyncio.gather(*lanes.values(), return_exceptions=True)

    async def _until_nothing_is_due(self, lanes: dict[str, asyncio.Task[int]]) -> int:
        sent = 0
        while True:
            self._woken.clear()
            # Asked once for both: a message that is left alone now has to be looked at again later.
            quiet, rest_seconds = self._lane.rests()
            for people in (True, False):
                for recipient, notices in await self._claimed(lanes, people, quiet):
                    lanes[recipient] = asyncio.create_task(self._lane.run(notices), name=f"deliver to {recipient}")
            if not lanes and rest_seconds is None:
                return sent
            await self._something(lanes, rest_seconds)
            for recipient in [one for one, task in lanes.items() if task.done()]:
                sent += lanes.pop(recipient).result()

    async def _something(self, lanes: Mapping[str, asyncio.Task[int]], rest_seconds: float | None) -> None:
        """Until a lane is through, something new lies in the outbox, or a message may be edited again."""
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({woken, *lanes.values()}, timeout=rest_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()

    async def _claimed(
        self, lanes: Mapping[str, object], people: bool, quiet: Collection[tuple[str, str]]
    ) -> list[tuple[str, list[Notice]]]:
        """Due notices of conversations that have no lane yet, for as many as there are lanes free."""
        free = LANES[people] - sum(is_user(recipient) is people for recipient in lanes)
        found: list[tuple[str, list[Notice]]] = []
        while free > len(found):
            busy = {*lanes, *self._lane.busy(), *(recipient for recipient, _ in found)}
            async with self._uow.write() as tx:
                claimed = await tx.outbox.claim(
                    now=self._clock(), limit=_BATCH, busy=busy, quiet=quiet, people=people,
                    recipients=free - len(found),
                )  # fmt: skip
            if not claimed:
                break
            by_recipient = sorted(claimed, key=lambda notice: (notice.recipient, notice.id))
            found += [(to, list(some)) for to, some in groupby(by_recipient, key=lambda notice: notice.recipient)]
        return found
