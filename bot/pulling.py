"""Pulling on a schedule, and the one place where a provider's admin key becomes a client."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.providers.anthropic import AnthropicReports
from bot.providers.openai import OpenAIReports
from bot.settings import Settings
from bot.wiring import Clock
from core.errors import SettingsProblem
from core.services.pull_usage import Reports, pull_usage, read_cursors
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

PROVIDERS: Final = ("openai", "anthropic")
SPREAD_SECONDS: Final = 600
_RECENT: Final = timedelta(minutes=35)
"""A report read within this time is not due: another replica has just done it. Less than an hour minus the jitter."""


@asynccontextmanager
async def reports_of(settings: Settings, provider: str, clock: Clock) -> AsyncIterator[Reports]:
    """A client of one provider's reports, closed at the end. Raises SettingsProblem without an admin key."""
    key = settings.openai_admin_key if provider == "openai" else settings.anthropic_admin_key
    if key is None:
        raise SettingsProblem(
            f"{provider.upper()}_ADMIN_KEY is not set. Make an admin key in {provider}'s console and put it into .env "
            "(docs/pulling.md shows where)."
        )
    client: OpenAIReports | AnthropicReports
    if provider == "openai":
        client = OpenAIReports(key.get_secret_value(), clock=clock, base_url=settings.outlay_openai_url)
    else:
        client = AnthropicReports(key.get_secret_value(), clock=clock, base_url=settings.outlay_anthropic_url)
    try:
        yield client
    finally:
        await client.close()


class Pulls:
    """The hourly job of one process. Replicas may all run it: a window is replaced as a whole, never added to.

    Attributes:
      providers: those that have an admin key; empty when nothing is to be pulled.
      minute: how long after the full hour; another for every organization, so that not all of them ask at once.
    """

    def __init__(self, uow: UnitOfWork, settings: Settings, clock: Clock) -> None:
        self._uow = uow
        self._settings = settings
        self._clock = clock
        keys = {"openai": settings.openai_admin_key, "anthropic": settings.anthropic_admin_key}
        self.providers = tuple(name for name in PROVIDERS if keys[name] is not None)
        self.minute = timedelta(minutes=20, seconds=_spread(*(key for key in keys.values() if key)))

    async def run_due(self, *, now: datetime | None = None) -> None:
        """Pull every provider that nobody has pulled just now. What goes wrong is kept with the cursors and logged.

        `now` is when the slot began; windows are cut by the clock, because pulls can take long.
        """
        for provider in self.providers:
            try:
                if await self._is_due(provider):
                    await self._pull(provider)
            except asyncio.CancelledError:
                # The process stops; the next pull goes on from the last window that was kept.
                log.info("pull_stopped", extra={"provider": provider})
                raise
            except SQLAlchemyError:
                log.exception("pull_failed", extra={"provider": provider})

    async def _is_due(self, provider: str) -> bool:
        cursors = await read_cursors(self._uow, provider)
        recent = self._clock() - _RECENT
        # A report that failed keeps the time of its last success, so it is due again.
        return not cursors or any(one.pulled_at is None or one.pulled_at < recent for one in cursors)

    async def _pull(self, provider: str) -> None:
        async with reports_of(self._settings, provider, self._clock) as api:
            for pulled in await pull_usage(self._uow, api, clock=self._clock):
                log.log(
                    logging.INFO if pulled.is_whole else logging.WARNING,
                    "pulled",
                    extra={
                        "provider": provider, "report": pulled.report, "buckets": pulled.buckets, "pages": pulled.pages,
                        "until": pulled.ends_at, "problem": pulled.problem,
                    },
                )  # fmt: skip


def _spread(*keys: SecretStr) -> int:
    """Seconds within ten minutes, the same for every replica with these keys; nothing of them can be told from it."""
    return zlib.crc32("".join(key.get_secret_value() for key in keys).encode()) % SPREAD_SECONDS
