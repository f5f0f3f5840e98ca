"""The Home tab: opened, gone back to, and turned over."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import ids
from bot.slack.guard import guarded
from bot.slack.interaction import Interaction, Registrar
from bot.slack.reply import Reply
from core.errors import Unreadable


def register(registrar: Registrar) -> None:
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        """Slack tells of the Messages tab with the same event; there is nothing to show on that."""
        homes, user = registrar.desk.homes, str(event.get("user") or "")
        if homes is None or not user or event.get("tab") != "home":
            return
        say = Reply(client, user, tab=homes).say
        await guarded("open home", say, partial(homes.show, user))

    registrar.app.event("app_home_opened")(opened)
    registrar.action(ids.SHOW_HOME, back)
    registrar.action(ids.SHOW_MY_ENVELOPES, more_envelopes)


async def back(asked: Interaction) -> None:
    if asked.desk.homes is not None:
        await asked.desk.homes.show(asked.actor.id)


async def more_envelopes(asked: Interaction) -> None:
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 6):
        raise Unreadable("This button does not say where to go on. Open the tab again.")
    if asked.desk.homes is not None:
        await asked.desk.homes.show_envelopes(asked.actor.id, int(asked.value))
