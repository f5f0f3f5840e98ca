"""chat.postMessage, chat.postEphemeral, chat.update, chat.delete and chat.getPermalink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.model import Json
from sandbox.webapi.call import Call, SlackError, method
from sandbox.webapi.content import UPDATED_TEXT, checked_blocks, checked_metadata, checked_text
from sandbox.webapi.reach import own_message, thread_head, visible_channel, writable_channel
from sandbox.webapi.shapes import api_message

if TYPE_CHECKING:
    from sandbox.bench import Bench

WRITES = ("chat:write",)


@method("chat.postMessage", scopes=WRITES)
def post_message(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    channel = writable_channel(bench, call)
    content = _content(bench, call)
    metadata = checked_metadata(call.args.get("metadata"))
    thread_ts = thread_head(bench, channel, call.maybe("thread_ts"))
    message = bench.workspace.from_bot(channel.id, **content, metadata=metadata, thread_ts=thread_ts)
    message.is_broadcast = thread_ts is not None and call.flag("reply_broadcast")
    bench.workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": api_message(message)}


@method("chat.postEphemeral", scopes=WRITES)
def post_ephemeral(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    channel = writable_channel(bench, call)
    user = bench.workspace.users.get(call.text("user"))
    if user is None or user.deleted:
        raise SlackError("user_not_found" if user is None else "user_disabled")
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = _content(bench, call)
    thread_ts = thread_head(bench, channel, call.maybe("thread_ts"))
    message = bench.workspace.from_bot(channel.id, **content, thread_ts=thread_ts, ephemeral_for=user.id)
    bench.workspace.post_ephemeral(message)
    return {"message_ts": message.ts}


@method("chat.update", scopes=WRITES)
def update_message(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.update

    What is left out stays as it was; an empty list takes blocks away, an empty object the metadata.
    """
    message = own_message(bench, call, "cant_update_message")
    if not any(name in call.args for name in ("text", "blocks", "metadata", "attachments")):
        raise SlackError("no_text")
    given = call.args
    text = checked_text(given["text"], UPDATED_TEXT) if given.get("text") is not None else message.text
    blocks = checked_blocks(given["blocks"], bench.workspace.can_show_file) if "blocks" in given else message.blocks
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    metadata = checked_metadata(given["metadata"]) if "metadata" in given else message.metadata
    message.text, message.blocks, message.metadata = text, blocks, metadata
    message.edited_ts = bench.workspace.timestamps.next()
    bench.workspace.changed(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": api_message(message)}


@method("chat.delete", scopes=WRITES)
def delete_message(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.delete"""
    message = own_message(bench, call, "cant_delete_message")
    bench.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def get_permalink(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    channel = visible_channel(bench, call.text("channel"))
    ts = call.text("message_ts")
    if bench.workspace.message(channel.id, ts) is None:
        raise SlackError("message_not_found")
    return {"channel": channel.id, "permalink": f"{bench.url}/archives/{channel.id}/p{ts.replace('.', '')}"}


def _content(bench: Bench, call: Call) -> Json:
    """Text and blocks of a message. Raises SlackError: no_text, msg_too_long, and those of `checked_blocks`."""
    if call.args.get("attachments"):
        told = {"messages": ["[ERROR] this workspace does not know legacy attachments; use blocks"]}
        raise SlackError("invalid_attachments", response_metadata=told)
    blocks = checked_blocks(call.args.get("blocks"), bench.workspace.can_show_file)
    text = checked_text(call.args.get("text"))
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return {"text": text, "blocks": blocks}
