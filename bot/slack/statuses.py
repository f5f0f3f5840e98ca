"""What Slack statuses tell of leave, from `users.info`: asked seldom, remembered briefly, and never in the way of anything.

Needs the scope `users:read` and nothing more (https://docs.slack.dev/apis/web-api/user-presence-and-status, read 2026-11). Do Not
Disturb would need `dnd:read`, and tells of nights rather than of leave.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.identity import NO_PROFILE
from core.leave import Leave, leave_shown

log = logging.getLogger(__name__)

TTL_SECONDS: Final = 120.0
"""Short, because people set a status and go; both outcomes are remembered, and so are failures."""
MOST_PEOPLE: Final = 1_000
PATIENCE_SECONDS: Final = 2.0


class Statuses:
    """Args:
    client: for reads only, so that it may wait and repeat when Slack limits the rate.
    monotonic: seconds that never run backwards.
    """

    def __init__(self, client: AsyncWebClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[Leave | None, float]] = OrderedDict()

    async def leave_of(self, user: str, *, now: datetime) -> Leave | None:
        """Their leave as the status shows it; None too where Slack does not answer within two seconds. Never fails."""
        known = self._known.get(user)
        if known is None or self._monotonic() >= known[1]:
            known = (await self._ask(user, now), self._monotonic() + TTL_SECONDS)
            self._known[user] = known
            self._known.move_to_end(user)
            while len(self._known) > MOST_PEOPLE:
                self._known.popitem(last=False)
        leave = known[0]
        return leave if leave and leave.covers(now) else None

    async def _ask(self, user: str, now: datetime) -> Leave | None:
        try:
            answer = await asyncio.wait_for(self._client.users_info(user=user), PATIENCE_SECONDS)
            return _read(answer["user"]["profile"], now)
        except NO_PROFILE as failed:
            # Not knowing asks the sponsor alone, as it would be without a status.
            log.warning("status_unknown", extra={"user": user, "error": type(failed).__name__})
            return None


def _read(profile: Mapping[str, Any], now: datetime) -> Leave | None:
    expires = int(profile.get("status_expiration") or 0)
    return leave_shown(
        str(profile.get("status_text") or ""),
        str(profile.get("status_text_canonical") or ""),
        str(profile.get("status_emoji") or ""),
        datetime.fromtimestamp(expires, UTC) if expires else None,
        now=now,
    )
