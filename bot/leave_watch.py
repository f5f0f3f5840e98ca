"""Looks whether sponsors who are asked are on leave, soon after they are asked and each minute while they do not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from bot.slack.statuses import Statuses
from core.services.put_question import asked_alone, note_leaves
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
MOST_ASKED: Final = 60
"""People whose status is asked for in one look; Slack answers about a hundred such questions a minute."""


class LeaveWatch:
    """One a process. The sponsor's own message never waits for it: that lies in the outbox by then."""

    def __init__(
        self, uow: UnitOfWork, statuses: Statuses, clock: Callable[[], datetime], wake_delivery: Callable[[], None]
    ) -> None:
        self._uow = uow
        self._statuses = statuses
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Somebody may have been asked just now; does not block."""
        self._woken.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                await self.look()
            except SQLAlchemyError:
                # The next look sees the same books.
                log.exception("leaves_not_looked_at")

    async def look(self) -> int:
        """Now; how many questions went to a deputy."""
        now = self._clock()
        people = await asked_alone(self._uow, most=MOST_ASKED)
        found = {person: await self._statuses.leave_of(person, now=now) for person in people}
        away = {person: leave for person, leave in found.items() if leave}
        turned = await note_leaves(self._uow, away, now=now)
        if turned:
            log.info("deputies_asked", extra={"questions": turned})
            self._wake_delivery()
        return turned
