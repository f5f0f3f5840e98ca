"""Uploading files in three steps, and reading them back."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

from sandbox.company import BOT_USER
from sandbox.model import Channel, File, Json
from sandbox.webapi.call import Call, SlackError, method
from sandbox.webapi.content import checked_text
from sandbox.webapi.reach import direct_message, thread_head, visible_channel
from sandbox.webapi.shapes import api_file
from sandbox.workspace import random_id

if TYPE_CHECKING:
    from sandbox.bench import Bench

UPLOAD_BYTES = 50 * 1024 * 1024  # Slack allows 1 GB; this workspace lives in memory.


def new_file(bench: Bench, name: str, content: bytes = b"", user: str = BOT_USER) -> File:
    """Registers a file. Its type is guessed from its name, as Slack does."""
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = File(random_id("F", 10), name, mimetype, content, user, int(bench.now().timestamp()))
    bench.workspace.add_file(file)
    return file


@method("files.getUploadURLExternal", scopes=("files:write",))
def upload_url(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
    call.text("length")
    if call.whole("length", 1, UPLOAD_BYTES + 1) > UPLOAD_BYTES:
        raise SlackError("file_upload_size_restricted")
    file = new_file(bench, call.text("filename"))
    file.alt_text = call.text("alt_txt", "")
    return {"upload_url": f"{bench.url}/files/upload/{bench.tickets.new_upload(file.id)}", "file_id": file.id}


@method("files.completeUploadExternal", scopes=("files:write",))
def complete_upload(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal; shares the files where it is told to."""
    asked: Any = call.args.get("files")
    if not isinstance(asked, list) or not asked or not all(isinstance(one, dict) for one in asked):
        raise SlackError("invalid_arguments")
    done: list[File] = []
    for one in asked:
        file = bench.workspace.files.get(str(one.get("id")))
        if file is None or not file.content:
            raise SlackError("file_not_found")
        done.append(file)
    target = call.maybe("channel_id") or (call.maybe("channels") or "").partition(",")[0]
    channel = _target(bench, target) if target else None
    for file, one in zip(done, asked, strict=True):
        file.title = str(one.get("title") or file.name)
        file.completed = True
        file.ready_at = bench.now().timestamp() + bench.settings.file_ready_seconds
    if channel is not None:
        _share(bench, call, channel, done)
    return {"files": [api_file(file, bench.url) for file in done]}


def _target(bench: Bench, channel_id: str) -> Channel:
    if channel_id.startswith(("U", "W")):
        return direct_message(bench, channel_id)
    channel = visible_channel(bench, channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _share(bench: Bench, call: Call, channel: Channel, files: list[File]) -> None:
    thread_ts = thread_head(bench, channel, call.maybe("thread_ts"))
    for file in files:
        file.channels.append(channel.id)
    text = checked_text(call.args.get("initial_comment"))
    ids = [file.id for file in files]
    message = bench.workspace.from_bot(channel.id, text=text, files=ids, thread_ts=thread_ts)
    bench.workspace.post(message)


@method("files.info", scopes=("files:read",))
def file_info(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.info"""
    file = bench.workspace.files.get(call.text("file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": api_file(file, bench.url), "comments": [], "response_metadata": {"next_cursor": ""}}
