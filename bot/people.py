"""Looks once a day whether people with a role on an envelope are still in Slack. Renamed channels need no look: ids stay."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.reply import error_code
from core.services.watch_people import people_named, tell_departed
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.7
"""Slack answers about a hundred such questions a minute."""
LOOKED_AT: Final = timedelta(hours=6, minutes=41)
"""After midnight UTC, each day."""
MOST: Final = 2_000


async def look_for_departed(
    uow: UnitOfWork,
    client: AsyncWebClient,
    *,
    finance: tuple[str, ...],
    now: datetime,
    pause_seconds: float = PAUSE_SECONDS,
) -> int:
    """Ask Slack about everybody with a role, and tell finance of those who are deactivated; how many those are."""
    departed = []
    for person in (await people_named(uow))[:MOST]:
        try:
            answer = await client.users_info(user=person)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as failed:
            # Not being able to ask is no reason to say that somebody left; tomorrow asks again.
            reason = error_code(failed) if isinstance(failed, SlackApiError) else type(failed).__name__
            log.warning("person_unknown", extra={"user": person, "error": reason})
            continue
        if (answer.get("user") or {}).get("deleted"):
            departed.append(person)
        await asyncio.sleep(pause_seconds)
    return await tell_departed(uow, departed, finance=finance, now=now)
