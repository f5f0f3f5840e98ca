"""What a message may say: text, blocks and metadata, checked before anything is stored."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from sandbox.blocks import ONE_TABLE, blocks_too_long, problems, with_ids
from sandbox.model import Json
from sandbox.webapi.call import SlackError

TEXT = 40_000  # https://docs.slack.dev/reference/methods/chat.postMessage
UPDATED_TEXT = 4_000  # https://docs.slack.dev/reference/methods/chat.update
METADATA_BYTES = 8_000  # Not published; keeps one message from carrying a database.
CONTROL = re.compile(r"<(?:[@#!][^<>]*|(?:https?|mailto|tel):[^<>]*)>")
ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")


def checked_text(value: Any, most: int = TEXT) -> str:
    """The text as stored: what only looks like markup becomes entities. Raises SlackError("msg_too_long")."""
    text = "" if value is None else str(value)
    if len(text) > most:
        raise SlackError("msg_too_long")
    return tidy(text)


def tidy(text: str) -> str:
    """Stray `&`, `<` and `>` become entities; mentions, links and dates in angle brackets stay.

    https://docs.slack.dev/messaging/formatting-message-text (escaping)
    """
    parts, end = [], 0
    for found in CONTROL.finditer(text):
        parts += [_escaped(text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def typed_by_person(text: str) -> str:
    """What a person types is text: all three characters become entities."""
    return html.escape(text, quote=False)


def checked_blocks(value: Any, has_file: Callable[[str], bool]) -> list[Json]:
    """Blocks with their ids. Raises SlackError: invalid_blocks_format, invalid_blocks, msg_blocks_too_long."""
    if value in (None, ""):
        return []
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        raise SlackError("invalid_blocks_format")
    found = problems(value, has_file=has_file)
    if found:
        raise SlackError(
            "invalid_attachments" if found[0].startswith(ONE_TABLE) else "invalid_blocks",
            errors=found,
            response_metadata={"messages": [f"[ERROR] {problem}" for problem in found]},
        )
    if blocks_too_long(value):
        raise SlackError("msg_blocks_too_long")
    return with_ids(value)


def checked_metadata(value: Any) -> Json | None:
    """Metadata with an event_type and an object as event_payload. Raises SlackError("invalid_metadata_format").

    https://docs.slack.dev/messaging/message-metadata
    """
    if value in (None, "", {}):
        return None
    if not isinstance(value, dict):
        raise SlackError("invalid_metadata_format")
    kind, payload = value.get("event_type"), value.get("event_payload")
    if (
        not isinstance(kind, str)
        or not kind
        or not isinstance(payload, dict)
        or value.keys()
        - {
            "event_type",
            "event_payload",
            "entities",
        }
    ):
        raise SlackError("invalid_metadata_format")
    if len(str(payload)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return value
