"""Who acts and what they can see; refusals of what a person could not do."""

from __future__ import annotations

import re
from typing import Any

from sandbox.bench import Bench
from sandbox.model import Channel, Json, Message, User
from sandbox.webapi.content import typed_by_person

MENTION = re.compile(
    r"&lt;(?P<chosen>[@#])(?P<id>[UC][A-Z0-9]+)(?:\|[^|&<>]*)?&gt;"
    r"|(?<![\w@#])(?P<typed>[@#])(?P<name>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)",
    re.IGNORECASE,
)
URL = re.compile(r"https?://[^\s<>]+")


class Impossible(Exception):
    """A person could not do this; the text says why."""


def the_user(bench: Bench, body: Json) -> User:
    """The acting person, by id or handle. Raises Impossible for strangers, bots and people who have left."""
    asked = str(body.get("user", ""))
    user = bench.workspace.users.get(asked) or bench.workspace.user_by_handle(asked.removeprefix("@"))
    if user is None:
        raise Impossible(f"user_not_found: {asked}")
    if user.deleted or user.is_bot:
        raise Impossible(f"user_disabled: {user.name} cannot sign in")
    return user


def the_channel(bench: Bench, user: User, asked: Any) -> Channel:
    """A conversation the person is in, by id, name or #name; "dm" is the direct message with the bot."""
    name = str(asked or "")
    if name == "dm":
        return bench.workspace.direct_message(user.id)[0]
    channel = bench.workspace.channels.get(name) or bench.workspace.channel_by_name(name.removeprefix("#"))
    if channel is None and name == f"D{user.id.removeprefix('U')}":
        channel = bench.workspace.direct_message(user.id)[0]
    if channel is None:
        raise Impossible(f"channel_not_found: {name}")
    if user.id not in channel.members:
        raise Impossible(f"not_in_channel: {user.name} is not in {channel.name}")
    return channel


def the_message(bench: Bench, user: User, channel: Channel, ts: Any) -> Message:
    """A message the person can see. Raises Impossible when it is not there, deleted, or for somebody else only."""
    own = next((one for one in bench.workspace.ephemerals[user.id] if one.ts == ts), None)
    message = own or bench.workspace.message(channel.id, str(ts))
    if message is None or message.deleted or message.channel != channel.id:
        raise Impossible(f"message_not_found: {ts} in {channel.name}")
    return message


def typed(bench: Bench, text: str, *, named: bool) -> str:
    """What a person typed, as Slack sends it: characters escaped, mentions and links in angle brackets.

    A mention may also come as Slack itself writes it (`<@U0ANA>`), as if it had been chosen from the list of people.

    Args:
      named: for commands with `should_escape`, where a mention carries its name too (`<@U0ANA|ana>`).
    https://docs.slack.dev/interactivity/implementing-slash-commands (escaping)
    """

    def mention(found: re.Match[str]) -> str:
        sign, id_, name = found["chosen"] or found["typed"], found["id"], found["name"]
        if sign == "@":
            user = bench.workspace.users.get(id_) if id_ else bench.workspace.user_by_handle(name)
            return f"<@{user.id}|{user.name}>" if user and named else f"<@{user.id}>" if user else found.group()
        channel = bench.workspace.channels.get(id_) if id_ else bench.workspace.channel_by_name(name)
        return f"<#{channel.id}|{channel.name}>" if channel and not channel.is_private else found.group()

    parts, end = [], 0
    for link in URL.finditer(text):
        parts += [MENTION.sub(mention, typed_by_person(text[end : link.start()])), f"<{typed_by_person(link.group())}>"]
        end = link.end()
    return "".join([*parts, MENTION.sub(mention, typed_by_person(text[end:]))])


def picked(bench: Bench, user: User, kind: str, given: str) -> str | None:
    """The id of the user or channel a picker would offer the person, by id or name; None when it would not."""
    if kind == "user":
        one = bench.workspace.users.get(given) or bench.workspace.user_by_handle(given.removeprefix("@"))
        return one.id if one is not None and not one.deleted else None
    channel = bench.workspace.channels.get(given) or bench.workspace.channel_by_name(given.removeprefix("#"))
    return channel.id if channel is not None and (not channel.is_private or user.id in channel.members) else None
