"""One process of Outlay that can die and come back: its books, its delivery, and what it has in memory."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import aiohttp

from bot.composed import Composed, Composer, Line, LineComposer
from bot.delivery import Delivery
from bot.delivery.pace import Pace
from bot.slack.identity import Readers
from bot.slack.notices_breach import breach_lines
from bot.slack.views import blocks
from bot.slack.views.breach import breach_message
from bot.slack.views.breach_note import note_message
from bot.slack.views.breach_said import BreachSaid
from core.services.alert_memory import AlertMemory
from core.services.escalate import ANSWER, ESCALATION, REMINDER, UNREACHED
from core.services.keep_promises import GRANT_ENDED
from core.services.record_usage import Bookkeeper
from core.services.tell_breach import KIND, NOTE
from core.services.welcome import KIND as WELCOME
from core.store.outbox import Notice
from sandbox import Sandbox
from tests.simulation.company import FARAH
from tests.simulation.mortal import Fate, Killed, MortalBooks, MortalClient

UTC: Final = ZoneInfo("UTC")
Answer = TypeVar("Answer")


class Unhurried(Pace):
    """Takes no time of its own: the month would take one."""

    def turn(self, conversation: str) -> float:
        return 0.0

    def breath(self, message: tuple[str, str]) -> float:
        return 0.0


class Replica:
    def __init__(
        self,
        url: str,
        box: Sandbox,
        session: aiohttp.ClientSession,
        clock: Callable[[], datetime],
        choose: random.Random,
        chance: float,
    ) -> None:
        self._url = url
        self._box = box
        self._session = session
        self._clock = clock
        self._choose = choose
        self._chance = chance
        self.deaths: list[str] = []
        self._born(None)

    def _born(self, before: MortalBooks | None) -> None:
        """A new process: nothing is known but what the books say."""
        self.fate = Fate(self._choose, self._chance, deaths=self.deaths)
        self.books = MortalBooks(self._url, self.fate, before)
        client = MortalClient(self.fate, self._box.bot_token, self._box.api_url, self._session)
        self.bookkeeper = Bookkeeper(self.books)
        self.memory = AlertMemory()
        self.is_new = True
        self.delivery = Delivery(
            self.books, client, Readers(client, UTC), self._clock,
            composers=COMPOSERS, lines=LINES, finance=(FARAH,), pace=Unhurried(),
        )  # fmt: skip

    async def attempts(self, work: Callable[[Replica], Awaitable[Answer]]) -> Answer | None:
        """Do something; None when the process died at it. Another one starts in its place."""
        try:
            return await work(self)
        except Killed:
            await self.restarts()
            return None

    async def restarts(self) -> None:
        with suppress(Killed):
            await self.books.close()
        self._born(self.books)

    async def stops(self) -> None:
        await self.books.close()


def marked(notice: Notice) -> str:
    """What a message says for the checks: `⟦workload cycle revision kind state⟧`."""
    said = notice.facts
    ended = "closed" if said.get("closed_because") else "open"
    return f"⟦{said['workload']} {said['cycle']} {said['revision']} {said['kind']} {ended}⟧"


async def _breach(notice: Notice) -> Composed:
    message = breach_message(BreachSaid.of(notice.facts), chart_file=None, alt="", reader=UTC)
    message["text"] = f"{marked(notice)} {message['text']}"
    return Composed(lambda _: message)


async def _note(notice: Notice) -> Composed:
    message = note_message(
        BreachSaid.of(notice.facts), str(notice.facts["said"]), by=notice.facts.get("by"), reader=UTC
    )
    return Composed(lambda _: message)


async def _other(notice: Notice) -> Composed:
    text = f"{notice.kind} {notice.subject}"
    message = blocks.message(text, blocks.section(text))
    return Composed(lambda _: message)


def _line(notice: Notice) -> Line:
    line = breach_lines()[KIND](notice)
    return Line(line.urgency, f"{marked(notice)} {line.text}", line.way)


_PLAIN: Final = (ESCALATION, ANSWER, REMINDER, UNREACHED, GRANT_ENDED, WELCOME)
COMPOSERS: Final[Mapping[str, Composer]] = {KIND: _breach, NOTE: _note, **dict.fromkeys(_PLAIN, _other)}
LINES: Final[Mapping[str, LineComposer]] = {KIND: _line}
