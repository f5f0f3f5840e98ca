"""Who somebody is to Outlay, and which clock they read."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Container
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from core.people import Actor

log = logging.getLogger(__name__)

TTL_SECONDS: Final = 3_600.0
RETRY_SECONDS: Final = 60.0
"""How long a failed look-up is remembered, so that a Slack outage does not slow every answer."""
MOST_READERS: Final = 5_000
PATIENCE_SECONDS: Final = 2.0
NO_PROFILE: Final = (
    SlackClientError, aiohttp.ClientError, TimeoutError, OSError, KeyError, TypeError, ValueError, OverflowError,
)  # fmt: skip
"""What `users.info` comes to where Slack does not answer, refuses, or says less than it should."""


def actor(user: str, finance: Container[str]) -> Actor:
    """The person behind a Slack user id; `finance` is the workspace's finance list."""
    return Actor(user, user in finance)


class Readers:
    """Time zones of the people who read answers, from `users.info`, remembered for an hour.

    Args:
      client: for reads only, so that it may wait and repeat when Slack limits the rate.
      otherwise: the zone where Slack does not tell one: the books' own.
      monotonic: seconds that never run backwards.
    """

    def __init__(
        self, client: AsyncWebClient, otherwise: ZoneInfo, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._otherwise = otherwise
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[ZoneInfo, float]] = OrderedDict()

    async def zone_of(self, user: str) -> ZoneInfo:
        """The reader's zone; never fails and never takes longer than two seconds."""
        now = self._monotonic()
        known = self._known.get(user)
        if known and now < known[1]:
            return known[0]
        zone = await self._ask(user)
        # What was known before is better than the books' zone while Slack does not answer.
        kept = zone or (known[0] if known else self._otherwise)
        self._known[user] = (kept, now + (TTL_SECONDS if zone else RETRY_SECONDS))
        self._known.move_to_end(user)
        while len(self._known) > MOST_READERS:
            self._known.popitem(last=False)
        return kept

    async def _ask(self, user: str) -> ZoneInfo | None:
        try:
            answer = await asyncio.wait_for(self._client.users_info(user=user), PATIENCE_SECONDS)
            return ZoneInfo(answer["user"]["tz"])
        except NO_PROFILE as failed:
            # ZoneInfoNotFoundError is a KeyError; bots and some guests have no `tz` at all.
            log.warning("reader_zone_unknown", extra={"user": user, "error": type(failed).__name__})
            return None
