"""Which conversation an argument means, and whether the app may see it or write there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.company import BOT_USER
from sandbox.model import Channel, Message
from sandbox.webapi.call import Call, SlackError

if TYPE_CHECKING:
    from sandbox.bench import Bench


def visible_channel(bench: Bench, channel_id: str) -> Channel:
    """A conversation the app can know of. Private ones it is not in do not exist for it: channel_not_found."""
    channel = bench.workspace.channels.get(channel_id)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def writable_channel(bench: Bench, call: Call) -> Channel:
    """Where a message goes: a channel id or #name the app is in, or a user id, which opens the direct message.

    Raises SlackError: channel_not_found, is_archived, not_in_channel, user_disabled, cannot_dm_bot.
    """
    asked = call.text("channel")
    if asked.startswith(("U", "W")) and asked in bench.workspace.users:
        return direct_message(bench, asked)
    named = bench.workspace.channel_by_name(asked.removeprefix("#"))
    channel = visible_channel(bench, named.id if named else asked)
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def direct_message(bench: Bench, user_id: str) -> Channel:
    """The direct message with a person. Raises SlackError: user_not_found, user_disabled, cannot_dm_bot."""
    user = bench.workspace.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    if user.deleted:
        raise SlackError("user_disabled")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return bench.workspace.direct_message(user_id)[0]


def thread_head(bench: Bench, channel: Channel, thread_ts: str | None) -> str | None:
    """The head of the thread a reply goes to; a reply to a reply goes to the same head."""
    if thread_ts is None:
        return None
    parent = bench.workspace.message(channel.id, thread_ts)
    if parent is None:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def own_message(bench: Bench, call: Call, refusal: str) -> Message:
    """A message of the app itself. Raises SlackError: message_not_found, or `refusal` for someone else's."""
    channel = visible_channel(bench, call.text("channel"))
    message = bench.workspace.message(channel.id, call.text("ts"))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    if message.user != BOT_USER:
        raise SlackError(refusal)
    return message
