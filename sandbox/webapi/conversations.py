"""conversations.open, info, history, replies, members and list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sandbox.company import BOT_USER
from sandbox.model import Channel, Json, Message
from sandbox.webapi.call import Call, SlackError, method, missing_scope
from sandbox.webapi.paging import page
from sandbox.webapi.reach import direct_message, visible_channel
from sandbox.webapi.shapes import api_channel, api_file, api_message

if TYPE_CHECKING:
    from sandbox.bench import Bench

READS = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


def _need_scope(bench: Bench, channel: Channel, what: str) -> None:
    """Each kind of conversation has a scope of its own. Raises SlackError("missing_scope")."""
    kind = "im" if channel.is_im else "groups" if channel.is_private else "channels"
    needed = f"{kind}:{what}"
    if needed not in bench.grants.scopes:
        raise missing_scope(bench, needed)


@method("conversations.open", scopes=("im:write", "channels:manage", "groups:write", "mpim:write"))
def open_conversation(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.open; only direct messages with one person."""
    if call.maybe("channel"):
        channel, is_new = visible_channel(bench, call.text("channel")), False
    else:
        users = call.args.get("users")
        ids = users if isinstance(users, list) else [one.strip() for one in str(users or "").split(",") if one.strip()]
        if not ids:
            raise SlackError("users_list_not_supplied")
        if len(ids) > 1:
            raise missing_scope(bench, "mpim:write")
        is_new = f"D{str(ids[0]).removeprefix('U')}" not in bench.workspace.channels
        channel = direct_message(bench, str(ids[0]))
    whole = api_channel(channel, is_member=True) if call.flag("return_im") else {"id": channel.id}
    return {"channel": whole} | ({} if is_new else {"no_op": True, "already_open": True})


@method("conversations.info", scopes=READS)
def channel_info(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.info"""
    channel = visible_channel(bench, call.text("channel"))
    _need_scope(bench, channel, "read")
    shape = api_channel(channel, is_member=BOT_USER in channel.members)
    if not call.flag("include_num_members"):
        shape.pop("num_members", None)
    return {"channel": shape}


@method("conversations.list", scopes=READS)
def list_channels(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.list"""
    kinds = set(call.text("types", "public_channel").split(","))
    skip_archived = call.flag("exclude_archived")
    found = [
        api_channel(channel, is_member=BOT_USER in channel.members)
        for channel in bench.workspace.channels.values()
        if _kind(channel) in kinds
        and not (skip_archived and channel.is_archived)
        and (not channel.is_private or BOT_USER in channel.members)
    ]
    some, metadata = page(found, call, default=100, high=1000)
    return {"channels": some, "response_metadata": metadata}


def _kind(channel: Channel) -> str:
    return "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"


@method("conversations.members", scopes=READS)
def channel_members(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.members"""
    channel = visible_channel(bench, call.text("channel"))
    _need_scope(bench, channel, "read")
    some, metadata = page(channel.members, call, default=100, high=1000)
    return {"members": some, "response_metadata": metadata}


@method("conversations.history", scopes=HISTORY)
def channel_history(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.history; newest first, no replies, no ephemerals."""
    channel = _readable(bench, call)
    heads = (
        message
        for message in reversed(bench.workspace.messages.get(channel.id, {}).values())
        if not message.thread_ts or message.thread_ts == message.ts or message.is_broadcast
    )
    some, metadata = page(_between(heads, call), call, default=100, high=999)
    answer: Json = {"messages": _shapes(bench, some, call), "has_more": bool(metadata["next_cursor"]), "pin_count": 0}
    return answer | ({"response_metadata": metadata} if metadata["next_cursor"] else {})


@method("conversations.replies", scopes=HISTORY)
def thread_replies(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.replies; the head first, then replies by age."""
    channel = _readable(bench, call)
    asked = bench.workspace.message(channel.id, call.text("ts"))
    if asked is None:
        raise SlackError("thread_not_found")
    head = bench.workspace.message(channel.id, asked.thread_ts or asked.ts)
    held = bench.workspace.messages[channel.id]
    thread = [head, *(held[ts] for ts in head.reply_ts if ts in held)] if head else [asked]
    some, metadata = page(_between(thread, call), call, default=1000, high=1000)
    answer: Json = {"messages": _shapes(bench, some, call), "has_more": bool(metadata["next_cursor"])}
    return answer | ({"response_metadata": metadata} if metadata["next_cursor"] else {})


def _readable(bench: Bench, call: Call) -> Channel:
    channel = visible_channel(bench, call.text("channel"))
    _need_scope(bench, channel, "history")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _between(messages: Iterable[Message], call: Call) -> Iterator[Message]:
    """Messages after `oldest` and before `latest`; both themselves only with `inclusive`."""
    oldest, latest = _moment(call, "oldest", 0.0), _moment(call, "latest", math.inf)
    inclusive = call.flag("inclusive")
    for message in messages:
        at = float(message.ts)
        if oldest < at < latest or (inclusive and at in {oldest, latest}):
            yield message


def _moment(call: Call, name: str, default: float) -> float:
    """A ts as seconds. Raises SlackError: invalid_ts_oldest, invalid_ts_latest."""
    try:
        return float(call.text(name, str(default)))
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _shapes(bench: Bench, messages: list[Message], call: Call) -> list[Json]:
    """Messages as read back: metadata when asked for, files whole."""
    shapes = [api_message(message, with_metadata=call.flag("include_all_metadata")) for message in messages]
    known = bench.workspace.files
    for shape, message in zip(shapes, messages, strict=True):
        if message.files:
            shape["files"] = [api_file(known[one], bench.url) for one in message.files if one in known]
    return shapes
