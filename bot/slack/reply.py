"""The way back to a person: an answer only they see, or one for the whole channel."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import person
from core.errors import NotAllowed, Overloaded

log = logging.getLogger(__name__)

UNSHOWABLE: Final = frozenset({"invalid_blocks", "invalid_blocks_format"})
_NO_WAY_IN: Final = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"}
)
FILE_WAITS: Final = (0.3, 0.7, 1.5)
"""Seconds to wait before a message with a fresh upload is tried again: Slack may need a moment to make the picture."""


class Tab(Protocol):
    """The Home tabs, as far as an answer is concerned."""

    async def answer(self, person: str, message: Message) -> None:
        """Show it in place of the front page, until the person goes back. Raises SlackApiError."""


class UnshowableMessage(Exception):
    """Slack refused the blocks of a message; with a picture in it, most likely because that is not ready."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Where the answer to one interaction goes.

    Attributes:
      channel: where it came from; None in a modal or the Home tab.
      response_url: works in every conversation, but 5 times in 30 minutes only; None where Slack gave none.
      tab: where it came from the Home tab, so that the answer is shown where the person looks.
    """

    client: AsyncWebClient
    user: str
    channel: str | None = None
    response_url: str | None = None
    tab: Tab | None = None

    async def say(self, message: Message, *, replace: bool = False) -> None:
        """To this person alone, by the first way that works: Home tab, response URL, ephemeral in the channel, direct message.

        With `replace` it takes the place of the message whose button was pressed. Raises UnshowableMessage, and
        SlackApiError when not even a direct message goes through.
        """
        if self.tab and await self._in_tab(self.tab, message):
            return
        if self.response_url and await self._by_response_url(self.response_url, message, replace=replace):
            return
        try:
            if self.channel and not self.channel.startswith("D"):
                await self.client.chat_postEphemeral(channel=self.channel, user=self.user, **message)
            else:
                await self._direct(message)
        except SlackApiError as refused:
            if error_code(refused) in UNSHOWABLE:
                raise UnshowableMessage(error_code(refused)) from refused
            if error_code(refused) not in _NO_WAY_IN | {"user_not_in_channel"}:
                raise
            await self._direct(message)

    async def share(self, message: Message, *, otherwise: str | None = None) -> None:
        """To everybody in the channel, with the name of who asked.

        Raises NotAllowed where Outlay is not a member (`otherwise` is the line without --share), Overloaded where
        Slack takes no more messages now, UnshowableMessage.
        """
        if self.channel is None:
            raise NotAllowed("There is no channel here to share with. Leave --share out.", correction=otherwise)
        signed: Message = {
            "text": message["text"],
            "blocks": [*message["blocks"], blocks.context(f"Shared by {person(self.user)}")],
        }
        try:
            await self.client.chat_postMessage(channel=self.channel, unfurl_links=False, **signed)
        except SlackApiError as refused:
            code = error_code(refused)
            if code in UNSHOWABLE:
                raise UnshowableMessage(code) from refused
            if code in _NO_WAY_IN:
                raise NotAllowed(
                    "I am not a member of this channel, so I cannot show answers to it. Invite me with "
                    "`/invite @outlay`, or leave --share out to see the answer alone.",
                    correction=otherwise,
                ) from refused
            if code == "ratelimited":
                raise Overloaded(
                    "Slack takes about one message a second in a channel. Ask again in a moment."
                ) from refused
            raise

    async def _in_tab(self, tab: Tab, message: Message) -> bool:
        """Whether it was shown. Raises UnshowableMessage."""
        try:
            await tab.answer(self.user, message)
        except SlackApiError as refused:
            if error_code(refused) in UNSHOWABLE | {"invalid_arguments"}:
                raise UnshowableMessage(error_code(refused)) from refused
            log.warning("home_answer_refused", extra={"user": self.user, "error": error_code(refused)})
            return False
        return True

    async def _direct(self, message: Message) -> None:
        await self.client.chat_postMessage(channel=self.user, unfurl_links=False, **message)

    async def _by_response_url(self, url: str, message: Message, *, replace: bool) -> bool:
        """Whether it was said. Raises UnshowableMessage. A repeated ephemeral answer does less harm than none."""
        body = {**message, "response_type": "ephemeral", "replace_original": replace}
        try:
            answer = await AsyncWebhookClient(url, timeout=10, retry_handlers=[]).send_dict(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as failed:
            log.warning("response_url_failed", extra={"user": self.user, "error": type(failed).__name__})
            return False
        refusal = _refusal_in(answer)
        if refusal in UNSHOWABLE:
            raise UnshowableMessage(refusal)
        if refusal:
            log.info("response_url_refused", extra={"user": self.user, "error": refusal})
        return refusal is None


async def send_with_picture(
    send: Callable[[Message], Any], compose: Callable[[str | None], Message], file: str | None
) -> None:
    """Send what `compose` makes of an uploaded file; without the picture when Slack still cannot show it.

    Args:
      send: an async function that raises UnshowableMessage.
    """
    if file is None:
        await send(compose(None))
        return
    for wait in (0.0, *FILE_WAITS):
        await asyncio.sleep(wait)
        try:
            await send(compose(file))
        except UnshowableMessage as refused:
            log.info("picture_not_ready", extra={"file": file, "error": str(refused), "waited_seconds": wait})
        else:
            return
    log.warning("picture_left_out", extra={"file": file})
    await send(compose(None))


def error_code(error: SlackApiError) -> str:
    """Slack's own word for it, such as `not_in_channel`; "" where the answer was not one of the Web API's."""
    answer = error.response
    if getattr(answer, "status_code", None) == 429:
        return "ratelimited"
    code = answer.get("error") if isinstance(answer, Mapping) or hasattr(answer, "get") else None
    return str(code or "")


def _refusal_in(answer: WebhookResponse) -> str | None:
    """Slack answers a response URL with `ok`, with JSON, or with a bare word such as `used_url`."""
    text = (answer.body or "").strip()
    try:
        read = json.loads(text)
    except ValueError:
        read = {}
    found = read.get("error") if isinstance(read, dict) and read.get("ok") is False else None
    if found:
        return str(found)
    return None if answer.status_code == 200 else (text[:80] or f"status {answer.status_code}")
