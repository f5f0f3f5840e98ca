"""The state of the workspace: who is in it, which conversations there are, and every message."""

from __future__ import annotations

import secrets
import string
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.clock import Now, Timestamps
from sandbox.company import APP_ID, BOT_ID, BOT_USER, channels, users
from sandbox.model import Channel, File, Json, Message, User
from sandbox.statuses import profile_fields
from sandbox.stream import Stream

EPHEMERALS_KEPT = 200  # Per person; Slack keeps none, a page in front of them shows the last few.
CHANNEL_MESSAGES = 50_000
FILES = 5_000
TOMBSTONE = "This message was deleted."


class Workspace:
    """Holds the state and tells the stream of each change. Callers check permissions before they change anything."""

    def __init__(self, stream: Stream, now: Now) -> None:
        self.stream = stream
        self.now = now
        self.timestamps = Timestamps(now)
        self.users: dict[str, User] = {user.id: user for user in users()}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in channels()}
        self.messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self.ephemerals: dict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=EPHEMERALS_KEPT))
        self.files: dict[str, File] = {}

    # People and conversations

    def user_by_handle(self, handle: str) -> User | None:
        return next((user for user in self.users.values() if user.name == handle.lower()), None)

    def channel_by_name(self, name: str) -> Channel | None:
        return next((one for one in self.channels.values() if not one.is_im and one.name == name.lower()), None)

    def direct_message(self, user_id: str) -> tuple[Channel, bool]:
        """The conversation between a person and the bot, and whether it was opened just now."""
        channel_id = f"D{user_id.removeprefix('U')}"
        known = self.channels.get(channel_id)
        if known is not None:
            return known, False
        opened = Channel(channel_id, user_id, [user_id, BOT_USER], is_private=True, is_im=True, user=user_id)
        self.channels[channel_id] = opened
        self.stream.publish("channel", self.shown_channel(opened), opened.members)
        return opened, True

    def channels_of(self, user_id: str | None) -> Iterator[Channel]:
        """Conversations a person is in; every one of them for None."""
        return (one for one in self.channels.values() if user_id is None or user_id in one.members)

    # Messages

    def message(self, channel_id: str, ts: str) -> Message | None:
        return self.messages[channel_id].get(ts) if channel_id in self.messages else None

    def newest(self, channel_id: str, limit: int) -> list[Message]:
        """Up to `limit` newest messages of a channel, replies included, oldest first."""
        held = self.messages.get(channel_id, {})
        return list(islice(reversed(held.values()), limit))[::-1]

    def post(self, message: Message) -> Message:
        """Adds a message, files it under its thread, and tells everybody in the channel."""
        held = self.messages[message.channel]
        held[message.ts] = message
        if len(held) > CHANNEL_MESSAGES:
            del held[next(iter(held))]
        members = self.channels[message.channel].members
        parent = held.get(message.thread_ts) if message.thread_ts and message.thread_ts != message.ts else None
        if parent is not None:
            parent.thread_ts = parent.ts
            parent.reply_ts.append(message.ts)
            self.stream.publish("message_changed", parent.shown(), members)
        self.stream.publish("message", self.shown(message), members)
        return message

    def post_ephemeral(self, message: Message) -> Message:
        """Shows a message to one person only. It is never in the history and never saved."""
        assert message.ephemeral_for is not None
        self.ephemerals[message.ephemeral_for].append(message)
        self.stream.publish("ephemeral", self.shown(message), [message.ephemeral_for])
        return message

    def changed(self, message: Message) -> None:
        """Tells the readers of a message that it is not what it was."""
        if message.ephemeral_for is not None:
            self.stream.publish("ephemeral", self.shown(message), [message.ephemeral_for])
        else:
            members = self.channels[message.channel].members
            self.stream.publish("message_changed", self.shown(message), members)

    def delete(self, message: Message) -> None:
        """Removes a message. One with replies stays as an empty head of its thread."""
        message.deleted = True
        gone: Json = {"channel": message.channel, "ts": message.ts}
        if message.ephemeral_for is not None:
            self.ephemerals[message.ephemeral_for].remove(message)
            self.stream.publish("message_deleted", gone, [message.ephemeral_for])
            return
        members = self.channels[message.channel].members
        if message.reply_ts:
            message.text, message.blocks, message.metadata, message.files = TOMBSTONE, [], None, []
        else:
            del self.messages[message.channel][message.ts]
            parent = self.message(message.channel, message.thread_ts) if message.thread_ts else None
            if parent is not None and message.ts in parent.reply_ts:
                parent.reply_ts.remove(message.ts)
                self.stream.publish("message_changed", parent.shown(), members)
        self.stream.publish("message_deleted", gone, members)

    def from_bot(self, channel_id: str, text: str, **rest: Any) -> Message:
        """A message by the app, not yet posted."""
        ts = self.timestamps.next()
        return Message(ts=ts, channel=channel_id, user=BOT_USER, bot_id=BOT_ID, text=text, **rest)

    # Files

    def add_file(self, file: File) -> None:
        """Keeps a file; the oldest of very many is forgotten."""
        self.files[file.id] = file
        if len(self.files) > FILES:
            del self.files[next(iter(self.files))]

    def can_show_file(self, file_id: str) -> bool:
        """Whether an image block may refer to the file: it must be complete and past its processing."""
        file = self.files.get(file_id)
        return file is not None and file.completed and self.now().timestamp() >= file.ready_at

    # How things look to the page

    def shown(self, message: Message) -> Json:
        seen = message.shown()
        if message.files:
            seen["files_info"] = [shown_file(self.files[one]) for one in message.files if one in self.files]
        return seen

    def shown_channel(self, channel: Channel) -> Json:
        seen: Json = {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_im": channel.is_im,
            "members": channel.members,
            "topic": channel.topic,
        }
        if channel.user:
            seen["user"] = channel.user
        return seen


def shown_user(user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "tz": user.tz,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        **profile_fields(user.status),
        **({"app_id": APP_ID} if user.id == BOT_USER else {}),
    }


def shown_file(file: File) -> Json:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "size": file.size,
        "alt_text": file.alt_text,
    }


def random_id(prefix: str, length: int = 9) -> str:
    """An id in Slack's manner: a letter for its kind, then capitals and digits."""
    alphabet = string.ascii_uppercase + string.digits
    return prefix + "".join(secrets.choice(alphabet) for _ in range(length))
