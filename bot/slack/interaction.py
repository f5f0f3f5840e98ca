"""One thing a person did in Slack: who, where, when, and the way back to them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.desk import Desk
from bot.slack.guard import guarded
from bot.slack.identity import Readers, actor
from bot.slack.reply import Reply, Tab
from core.people import Actor

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interaction:
    """A command, a click or a submitted modal.

    Attributes:
      body: Slack's payload as it came.
      value: of the button or the picked option; "" for anything else.
    """

    desk: Desk
    readers: Readers
    client: AsyncWebClient
    body: Payload
    actor: Actor
    reply: Reply
    now: datetime
    value: str = ""

    async def reader(self) -> ZoneInfo:
        return await self.readers.zone_of(self.actor.id)

    @property
    def trigger_id(self) -> str:
        """Opens one modal within three seconds."""
        return str(self.body.get("trigger_id", ""))

    @property
    def view(self) -> Payload:
        """The modal that was submitted or clicked in; empty outside of one."""
        return self.body.get("view") or {}

    @property
    def source(self) -> tuple[str, str] | None:
        """(channel, ts) of the message whose button was pressed; None where it is ephemeral or no message."""
        container = self.body.get("container") or {}
        if container.get("is_ephemeral") or not container.get("message_ts"):
            return None
        return str(container.get("channel_id", "")), str(container["message_ts"])


Body = Callable[[Interaction], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Registrar:
    """Puts listeners on the app: each acknowledges first and then works under the guard."""

    app: AsyncApp
    desk: Desk
    readers: Readers

    def command(self, name: str, body: Body) -> None:
        self.app.command(name)(self._acknowledging(f"command {name}", body))

    def action(self, action_id: str, body: Body) -> None:
        self.app.action(action_id)(self._acknowledging(f"action {action_id}", body))

    def interaction(self, body: Payload, client: AsyncWebClient) -> Interaction:
        user = user_of(body)
        return Interaction(
            desk=self.desk,
            readers=self.readers,
            client=client,
            body=body,
            actor=actor(user, self.desk.finance),
            reply=reply_to(body, client, self.desk.homes),
            now=self.desk.clock(),
            value=value_of(body),
        )

    def _acknowledging(self, act: str, run: Body) -> Callable[..., Awaitable[None]]:
        async def listen(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            await guarded(act, reply_to(body, client, self.desk.homes).say, partial(self._run, run, body, client))

        return listen

    async def _run(self, run: Body, body: Payload, client: AsyncWebClient) -> None:
        await run(self.interaction(body, client))
        if self.desk.homes is not None:
            self.desk.homes.wake()


def user_of(body: Payload) -> str:
    """The Slack user id in a command's or an interaction's payload; "" where there is none."""
    return str(body.get("user_id") or (body.get("user") or {}).get("id") or "")


def value_of(body: Payload) -> str:
    for action in body.get("actions") or ():
        picked = action.get("selected_option") or {}
        return str(action.get("value") or picked.get("value") or "")
    return ""


def reply_to(body: Payload, client: AsyncWebClient, homes: Tab | None = None) -> Reply:
    """The way back; a modal remembers in its private metadata where it was opened. `homes` answer clicks in the Home tab."""
    remembered = remembered_in(body)
    container = body.get("container") or {}
    channel = body.get("channel_id") or container.get("channel_id") or remembered.get("channel")
    url = body.get("response_url") or remembered.get("response_url")
    is_home = (body.get("view") or {}).get("type") == "home"
    return Reply(client, user_of(body), channel, url, homes if is_home else None)


def remembered_in(body: Payload) -> dict[str, Any]:
    text = (body.get("view") or {}).get("private_metadata") or "{}"
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def remembering(view: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """The modal, with the way back beside what its own fields need to remember."""
    known = json.loads(view.get("private_metadata") or "{}")
    return view | {
        "private_metadata": json.dumps(known | {"channel": reply.channel, "response_url": reply.response_url})
    }
