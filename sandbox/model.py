"""The things a workspace holds: people, channels, messages, views and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Status:
    """What a person says of themselves beside their name. `expires` is in seconds since the epoch, 0 for never.

    `canonical` is the English name of one of Slack's own suggestions; empty for what was typed.
    """

    text: str = ""
    emoji: str = ""
    expires: int = 0
    canonical: str = ""


@dataclass
class User:
    """A person or bot. `tz` is an IANA name; `deleted` means deactivated."""

    id: str
    name: str
    real_name: str
    title: str
    tz: str
    deleted: bool = False
    is_bot: bool = False
    status: Status = Status()


@dataclass
class Channel:
    """A conversation. In a direct message `user` is the person on the other side of the bot."""

    id: str
    name: str
    members: list[str]
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    user: str | None = None
    topic: str = ""


@dataclass
class File:
    """An uploaded file. It can be shown once `completed` and after `ready_at` (seconds since the epoch)."""

    id: str
    name: str
    mimetype: str
    content: bytes
    user: str
    created: int
    title: str = ""
    alt_text: str = ""
    completed: bool = False
    ready_at: float = 0.0
    channels: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass
class Message:
    """One message. `ts` is its id in the channel; an ephemeral one is for `ephemeral_for` alone.

    `is_broadcast` marks a reply in a thread that is shown in the channel too.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    bot_id: str | None = None
    metadata: Json | None = None
    thread_ts: str | None = None
    reply_ts: list[str] = field(default_factory=list)
    edited_ts: str | None = None
    ephemeral_for: str | None = None
    files: list[str] = field(default_factory=list)
    deleted: bool = False
    is_broadcast: bool = False

    def shown(self) -> Json:
        """As the page and the control endpoints show it."""
        seen: Json = {
            "ts": self.ts,
            "channel": self.channel,
            "user": self.user,
            "text": self.text,
            "blocks": self.blocks,
            "edited": {"ts": self.edited_ts} if self.edited_ts else None,
            "ephemeral": self.ephemeral_for is not None,
            "files": self.files,
        }
        if self.bot_id:
            seen["bot_id"] = self.bot_id
        if self.metadata:
            seen["metadata"] = self.metadata
        if self.thread_ts:
            seen["thread_ts"] = self.thread_ts
        if self.reply_ts:
            seen["reply_count"] = len(self.reply_ts)
        if self.ephemeral_for:
            seen["ephemeral_for"] = self.ephemeral_for
        if self.is_broadcast:
            seen["subtype"] = "thread_broadcast"
        if self.deleted:
            seen["deleted"] = True
        return seen


@dataclass
class View:
    """An open modal or a published Home tab; `body` is what the app sent, with ids filled in."""

    id: str
    user: str
    kind: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Json = field(default_factory=dict)

    def shown(self, stack_index: int) -> Json:
        return {
            "view_id": self.id,
            "user": self.user,
            "type": self.kind,
            "stack_index": stack_index,
            "view": {**self.body, "id": self.id, "hash": self.hash, "state": {"values": self.values}},
        }
