"""Keeps Home tabs current: published when somebody opens theirs, and anew when something on it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.slack.identity import Readers
from bot.slack.reply import error_code
from bot.slack.views.blocks import Message
from bot.slack.views.home import View, answer_view, envelopes_view, home_view
from core.home import Home, home_of
from core.services.read_home import read_office
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

AT_HAND: Final = timedelta(days=7)
"""A tab that nobody has opened for a week is made when it is opened again."""
MOST: Final = 200
SETTLE_SECONDS: Final = 1.0
"""Changes that come together are shown together."""
EVERY_SECONDS: Final = 60.0
"""What changes by itself, such as a state as usage arrives, is looked for this often."""


class Homes:
    """The Home tabs of one workspace. With replicas, whoever swaps a page's digest first publishes it."""

    def __init__(
        self,
        uow: UnitOfWork,
        client: AsyncWebClient,
        readers: Readers,
        clock: Callable[[], datetime],
        finance: tuple[str, ...],
    ) -> None:
        self._uow = uow
        self._client = client
        self._readers = readers
        self._clock = clock
        self._finance = finance
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have changed; does not block."""
        self._woken.set()

    async def show(self, person: str) -> None:
        """Publish somebody's front page. Raises SlackApiError."""
        home = await self._home(person)
        await self._publish(person, home_view(home, reader=await self._readers.zone_of(person)))
        async with self._uow.write() as tx:
            await tx.homes.opened(person, home.digest(), at=self._clock())

    async def show_envelopes(self, person: str, start: int) -> None:
        """Publish a further page of somebody's envelopes. Raises SlackApiError."""
        await self._take_place(person, envelopes_view(await self._home(person), start))

    async def answer(self, person: str, message: Message) -> None:
        """Show an answer in place of the front page, until the person goes back. Raises SlackApiError."""
        await self._take_place(person, answer_view(message))

    async def _take_place(self, person: str, view: View) -> None:
        async with self._uow.write() as tx:
            await tx.homes.away(person)
        await self._publish(person, view)

    async def run(self) -> None:
        """Show anew what has changed, whenever woken and once a minute, until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._woken.wait(), EVERY_SECONDS)
                await asyncio.sleep(SETTLE_SECONDS)
            except TimeoutError:
                log.debug("homes_looked_at")
            self._woken.clear()
            try:
                await self.refresh()
            except SQLAlchemyError:
                log.exception("homes_unreadable")

    async def refresh(self) -> int:
        """Publish every open front page that says something else now; how many."""
        async with self._uow.read() as tx:
            pages = await tx.homes.at_hand(self._clock() - AT_HAND, most=MOST)
        if not pages:
            return 0
        office = await read_office(self._uow, now=self._clock(), finance_team=self._finance)
        published = 0
        for page in pages:
            home = home_of(office, page.person, is_finance=page.person in self._finance)
            if home.digest() == page.shown:
                continue
            async with self._uow.write() as tx:
                is_mine = await tx.homes.swap(page, home.digest())
            published += is_mine and await self._republished(home)
        return published

    async def _republished(self, home: Home) -> bool:
        try:
            await self._publish(home.person, home_view(home, reader=await self._readers.zone_of(home.person)))
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as failed:
            # The next change shows it, and so does opening the tab: nobody waits for a page that they do not look at.
            reason = error_code(failed) if isinstance(failed, SlackApiError) else type(failed).__name__
            log.warning("home_not_refreshed", extra={"user": home.person, "error": reason})
            return False
        return True

    async def _home(self, person: str) -> Home:
        office = await read_office(self._uow, now=self._clock(), finance_team=self._finance)
        return home_of(office, person, is_finance=person in self._finance)

    async def _publish(self, person: str, view: View) -> None:
        await self._client.views_publish(user_id=person, view=view)
