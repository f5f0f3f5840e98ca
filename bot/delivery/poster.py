"""The calls that delivery makes to Slack, none of which is repeated by itself, and the look back for what was posted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.composed import Composed
from bot.delivery.refusals import UNREADABLE, code_of
from bot.slack.reply import UNSHOWABLE, UnshowableMessage, send_with_picture
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import is_user

log = logging.getLogger(__name__)

EVENT_TYPE: Final = "outlay_notice"
_PAGE: Final = 200
_PAGES: Final = 3
_CONVERSATIONS: Final = 5_000
"""Direct messages whose channel is remembered: it never changes."""


class Poster:
    """Args:
    client: without retry handlers: after a lost answer they would post twice.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._conversations: dict[str, str] = {}

    async def channel_of(self, recipient: str) -> str:
        """A person's direct messages, or the channel itself. Raises SlackApiError."""
        if not is_user(recipient):
            return recipient
        if recipient not in self._conversations:
            opened = await self._client.conversations_open(users=recipient)
            if len(self._conversations) >= _CONVERSATIONS:
                self._conversations.clear()
            self._conversations[recipient] = str(opened["channel"]["id"])
        return self._conversations[recipient]

    async def post(self, channel: str, composed: Composed, ids: Collection[int], thread: str | None = None) -> str:
        """The ts of the new message, which carries the notices' numbers. Raises SlackApiError, UnshowableMessage."""
        payload: dict[str, Any] = {"outbox_id": min(ids)}
        if len(ids) > 1:
            payload["outbox_ids"] = sorted(ids)
        metadata = {"event_type": EVENT_TYPE, "event_payload": payload}

        async def send(message: Message) -> AsyncSlackResponse:
            return await self._client.chat_postMessage(
                channel=channel, metadata=metadata, unfurl_links=False, thread_ts=thread, **message
            )

        return await _shown(send, composed)

    async def edit(self, channel: str, ts: str, composed: Composed) -> None:
        """Show something else on a message; its metadata stays. Raises SlackApiError, UnshowableMessage."""

        async def send(message: Message) -> AsyncSlackResponse:
            return await self._client.chat_update(channel=channel, ts=ts, **message)

        await _shown(send, composed)

    async def posted(self, channel: str, ids: Collection[int], thread: str | None = None) -> dict[int, str]:
        """The ts of each of these notices that an earlier try posted after all, and of those that share a message with one.

        Empty where Outlay may not look. Raises SlackApiError when Slack is unwell or the channel is gone: then nobody can
        tell yet.
        """
        found: dict[int, str] = {}
        wanted = set(ids)
        cursor = None
        for _ in range(_PAGES):
            try:
                answer = await self._read(channel, thread, cursor)
            except SlackApiError as refused:
                if code_of(refused) not in UNREADABLE:
                    raise
                log.info("history_unreadable", extra={"channel": channel, "error": code_of(refused)})
                return found
            messages: list[dict[str, Any]] = answer.get("messages", [])
            for message in messages:
                numbers = _numbers(message)
                if wanted.intersection(numbers):
                    found |= dict.fromkeys(numbers, str(message["ts"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor or wanted <= found.keys():
                break
        return found

    async def _read(self, channel: str, thread: str | None, cursor: str | None) -> AsyncSlackResponse:
        if thread:
            return await self._client.conversations_replies(
                channel=channel, ts=thread, limit=_PAGE, cursor=cursor, include_all_metadata=True
            )
        return await self._client.conversations_history(
            channel=channel, limit=_PAGE, cursor=cursor, include_all_metadata=True
        )


async def _shown(send: Callable[[Message], Awaitable[AsyncSlackResponse]], composed: Composed) -> str:
    """Send it; without its picture where Slack cannot show that. The ts of the message."""
    shown: list[str] = []

    async def once(message: Message) -> None:
        try:
            shown.append(str((await send(message))["ts"]))
        except SlackApiError as refused:
            if code_of(refused) in UNSHOWABLE:
                raise UnshowableMessage(code_of(refused)) from refused
            raise

    await send_with_picture(once, composed.compose, composed.file)
    return shown[-1]


def _numbers(message: dict[str, Any]) -> list[int]:
    """The notices that a message of ours shows."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return []
    payload = metadata.get("event_payload") or {}
    numbers = payload.get("outbox_ids") or [payload.get("outbox_id")]
    return [number for number in numbers if isinstance(number, int)]
