"""One message that is edited while something takes long; at most about one edit a second, as Slack asks."""

from __future__ import annotations

import logging
import time
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.reply import error_code
from bot.slack.views.blocks import Message

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 1.2
_NOT_THERE: Final = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"}
)


class Progress:
    """Posted when it begins; an edit that Slack does not take is left out, since the next says more.

    Attributes:
      place: (channel, ts) of the message.
      is_direct: the channel could not be reached, so it went to the person alone.
    """

    def __init__(self, client: AsyncWebClient, place: tuple[str, str], *, is_direct: bool) -> None:
        self._client = client
        self.place = place
        self.is_direct = is_direct
        self._edited = time.monotonic()

    @classmethod
    async def begin(cls, client: AsyncWebClient, channel: str | None, user: str, message: Message) -> Progress:
        """In the channel if there is one that Outlay is in, else to the person."""
        if channel:
            try:
                answer = await client.chat_postMessage(channel=channel, unfurl_links=False, **message)
                return cls(client, (str(answer["channel"]), str(answer["ts"])), is_direct=False)
            except SlackApiError as refused:
                if error_code(refused) not in _NOT_THERE:
                    raise
        answer = await client.chat_postMessage(channel=user, unfurl_links=False, **message)
        return cls(client, (str(answer["channel"]), str(answer["ts"])), is_direct=True)

    async def show(self, message: Message, *, always: bool = False) -> None:
        """Newer words; left out where the last ones are less than a second old, unless `always`."""
        if not always and time.monotonic() - self._edited < EVERY_SECONDS:
            return
        self._edited = time.monotonic()
        channel, ts = self.place
        try:
            await self._client.chat_update(channel=channel, ts=ts, **message)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as failed:
            log.warning("progress_not_shown", extra={"error": f"{type(failed).__name__}: {failed}"[:200]})
