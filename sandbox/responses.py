"""Messages an app sends through a response URL or in its acknowledgement of a command."""

from __future__ import annotations

from typing import Any

from sandbox.bench import Bench
from sandbox.model import Json, Message
from sandbox.tickets import ResponseUrl
from sandbox.webapi.call import SlackError
from sandbox.webapi.content import checked_blocks, checked_metadata, checked_text


def respond(bench: Bench, url: ResponseUrl, body: Json) -> Message | None:
    """Posts, replaces or deletes as `body` asks; the message that stands now, None after a deletion.

    https://docs.slack.dev/interactivity/handling-user-interaction (message responses). Raises SlackError.
    """
    source = _source(bench, url)
    if body.get("delete_original") is True:
        if source is None:
            raise SlackError("message_not_found")
        bench.workspace.delete(source)
        return None
    text, blocks = _content(bench, body)
    if body.get("replace_original") is True and source is not None:
        source.text, source.blocks = text, blocks
        if source.ephemeral_for is None:
            source.edited_ts = bench.workspace.timestamps.next()
        bench.workspace.changed(source)
        return source
    return _post(bench, url, body, text, blocks)


def _post(bench: Bench, url: ResponseUrl, body: Json, text: str, blocks: list[Json]) -> Message:
    thread_ts = str(body.get("thread_ts") or "") or url.thread_ts
    message = bench.workspace.from_bot(url.channel, text=text, blocks=blocks, thread_ts=thread_ts)
    if body.get("response_type") == "in_channel":
        message.metadata = checked_metadata(body.get("metadata"))
        return bench.workspace.post(message)
    message.ephemeral_for = url.user
    return bench.workspace.post_ephemeral(message)


def _content(bench: Bench, body: Json) -> tuple[str, list[Json]]:
    text = checked_text(body.get("text"))
    blocks = checked_blocks(body.get("blocks"), bench.workspace.can_show_file)
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return text, blocks


def _source(bench: Bench, url: ResponseUrl) -> Message | None:
    """The message the interaction came from; None for a command, or when it is gone."""
    if url.message_ts is None:
        return None
    ephemeral = next((one for one in bench.workspace.ephemerals[url.user] if one.ts == url.message_ts), None)
    return ephemeral or bench.workspace.message(url.channel, url.message_ts)


def has_message(answer: Any) -> bool:
    """Whether an acknowledgement of a command carries a message."""
    return isinstance(answer, dict) and bool(answer.get("text") or answer.get("blocks"))
