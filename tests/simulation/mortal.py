"""Processes that can die between any two steps: before and after every transaction, and around every call to Slack."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy import event

from core.store.brief_connection import BriefConnection
from core.store.unit_of_work import Transaction, UnitOfWork


class Killed(BaseException):
    """`kill -9`: nothing is caught, nothing is written down."""


@dataclass
class Fate:
    """Decides at each step whether the process dies there; a dead one does nothing any more.

    `steps` counts where it could have died, by the name of the step; `deaths` where it did.
    """

    choose: random.Random
    chance: float
    is_dead: bool = False
    deaths: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        if self.is_dead:
            raise Killed(name)
        if self.choose.random() < self.chance:
            self.is_dead = True
            self.deaths.append(name)
            raise Killed(name)


class MortalBooks(UnitOfWork):
    """Books whose process may die before it begins to write, before it commits (nothing is kept) and after (all is).

    Args:
      before: those of the process that died, closed: its program is loaded already, so that no statement has to be compiled
        anew. No connection and nothing read comes from there.
    """

    def __init__(self, url: str, fate: Fate, before: MortalBooks | None = None) -> None:
        super().__init__(url, ZoneInfo("UTC"))
        self._fate = fate
        self._opened: list[Any] = before._opened if before else []
        if before:
            self._writer, self._reader = before._writer, before._reader
            return
        for engine in {self._writer, self._reader}:
            event.listen(engine.sync_engine, "connect", lambda raw, _: self._opened.append(raw))

    async def close(self) -> None:
        """The system closes what a dead process had open, in use or not: its locks go with it."""
        await super().close()
        for raw in self._opened:
            with suppress(Exception):
                await asyncio.wait_for(raw.driver_connection.close(), 20)
        self._opened.clear()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        self._fate.step("begin")
        async with super().write() as tx:
            async with at_once(tx):
                yield tx
            self._fate.step("commit")
        self._fate.step("committed")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        async with super().read() as tx, at_once(tx):
            yield tx


@asynccontextmanager
async def at_once(tx: Transaction) -> AsyncIterator[None]:
    """On SQLite statements run where they are called: handing each to a thread takes longer than the statement.

    Beginning and committing still wait in their thread, and that is where two processes meet.
    """
    raw = (await tx.connection.get_raw_connection()).driver_connection
    if not isinstance(raw, BriefConnection):
        yield
        return
    raw.runs_inline = True
    try:
        yield
    finally:
        raw.runs_inline = False


class MortalClient(AsyncWebClient):
    """Slack's client of a process that may die before it calls and before it has heard the answer."""

    def __init__(self, fate: Fate, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        super().__init__(token, base_url=base_url, retry_handlers=[], timeout=5, session=session)
        self._fate = fate

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        self._fate.step(f"call {api_method}")
        answer = await super().api_call(api_method, **how)
        self._fate.step(f"answered {api_method}")
        return answer
