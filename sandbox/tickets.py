"""Short-lived permissions Slack gives out with an interaction: trigger ids and response URLs."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

TRIGGER_SECONDS = 3.0  # https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSE_USES, RESPONSE_SECONDS = 5, 30 * 60  # the same page
KEPT = 5000


class TicketRefused(Exception):
    """A trigger or response URL that is no longer, or never was, good; `code` is Slack's error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Trigger:
    """What a trigger id stands for. `issued_at` is on the monotonic clock; `channel` is None in a modal or Home tab."""

    user: str
    channel: str | None
    issued_at: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where answers to one interaction go. `message_ts` is the message it came from; None for a command."""

    channel: str
    user: str
    issued_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class Tickets:
    """Hands out triggers and response URLs and takes them back once."""

    def __init__(self, trigger_seconds: float = TRIGGER_SECONDS) -> None:
        self.trigger_seconds = trigger_seconds
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._urls: OrderedDict[str, ResponseUrl] = OrderedDict()
        self._uploads: OrderedDict[str, str] = OrderedDict()
        self._numbers = itertools.count(1)

    def new_trigger(self, user: str, channel: str | None = None) -> str:
        trigger_id = f"{int(time.time() * 1000)}.{next(self._numbers):013d}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, channel, time.monotonic())
        _keep_newest(self._triggers)
        return trigger_id

    def redeem_trigger(self, trigger_id: object) -> Trigger:
        """Who caused the interaction, and where. Raises TicketRefused when unknown, used or too old."""
        trigger = self._triggers.get(str(trigger_id))
        if trigger is None:
            raise TicketRefused("invalid_trigger_id")
        if trigger.used:
            raise TicketRefused("exchanged_trigger_id")
        if time.monotonic() - trigger.issued_at > self.trigger_seconds:
            raise TicketRefused("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, url: ResponseUrl) -> str:
        """Files a response URL and returns its last path part."""
        ticket = secrets.token_urlsafe(18)
        self._urls[ticket] = url
        _keep_newest(self._urls)
        return ticket

    def use_response_url(self, ticket: str) -> ResponseUrl:
        """Counts one use. Raises TicketRefused after five of them or half an hour."""
        url = self._urls.get(ticket)
        if url is None or time.monotonic() - url.issued_at > RESPONSE_SECONDS:
            raise TicketRefused("expired_url")
        if url.uses >= RESPONSE_USES:
            raise TicketRefused("used_url")
        url.uses += 1
        return url

    def new_upload(self, file_id: str) -> str:
        """The last path part of an upload address for a file."""
        ticket = secrets.token_urlsafe(18)
        self._uploads[ticket] = file_id
        _keep_newest(self._uploads)
        return ticket

    def take_upload(self, ticket: str) -> str:
        """The file an upload address was made for; "" when it is used or unknown."""
        return self._uploads.pop(ticket, "")

    def response_url(self, channel: str, user: str, message_ts: str | None, thread_ts: str | None) -> str:
        return self.new_response_url(ResponseUrl(channel, user, time.monotonic(), message_ts, thread_ts))


def _keep_newest(tickets: OrderedDict[str, Any]) -> None:
    while len(tickets) > KEPT:
        tickets.popitem(last=False)
