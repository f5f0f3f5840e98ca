"""Slack blocks as the plain dicts that the Web API takes, each text cut to Slack's limit with a visible ellipsis.

The SDK's block models raise where a text is too long and do not know `data_table`; a reader is better served by a
text that is cut and says so. Limits: https://docs.slack.dev/reference/block-kit (2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from bot.readable import shortened
from bot.slack.views.mrkdwn import fitted

Block = dict[str, Any]


class Message(TypedDict):
    """A message: `text` says the finding in a notification and to a screen reader, `blocks` are what is drawn."""

    text: str
    blocks: list[Block]


def message(text: str, *blocks: Block | None) -> Message:
    """A message of the blocks that are there; `text` is mrkdwn, already escaped."""
    return {"text": fitted(text, 3000), "blocks": [block for block in blocks if block is not None]}


def plain(text: str, limit: int) -> Block:
    """Text in which Slack interprets nothing; emoji names stay as typed."""
    return {"type": "plain_text", "text": shortened(text, limit), "emoji": False}


def marked(text: str, limit: int = 3000) -> Block:
    """Escaped mrkdwn. `verbatim` keeps Slack from turning words such as `#general` or `foo.ai` into links by itself."""
    return {"type": "mrkdwn", "text": fitted(text, limit), "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": marked(text)}
    if accessory:
        block["accessory"] = accessory
    return block


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Up to ten label and value pairs in two columns; values are escaped mrkdwn."""
    return {"type": "section", "fields": [marked(f"*{label}*\n{value}", 2000) for label, value in pairs[:10]]}


def context(*lines: str) -> Block:
    """Small print: up to ten lines of escaped mrkdwn, in one element so that each starts on a line of its own."""
    return {"type": "context", "elements": [marked("\n".join(lines[:10]))]}


def paste(*lines: str) -> Block:
    """Lines to copy, exactly as they have to be typed: in rich text nothing is interpreted, so nothing is escaped."""
    text = "\n".join(shortened(line, 400) for line in lines)
    preformatted = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [preformatted]}


def picture(file: str | None, alt: str) -> Block | None:
    """An uploaded chart, or nothing where there is none."""
    return {"type": "image", "slack_file": {"id": file}, "alt_text": shortened(alt, 2000)} if file else None


def button(label: str, action: str, value: str, *, style: str | None = None, asks: Block | None = None) -> Block:
    """A button; `style` is primary or danger, `asks` a confirmation dialog."""
    element: Block = {"type": "button", "text": plain(label, 75), "action_id": action, "value": value}
    if style:
        element["style"] = style
    if asks:
        element["confirm"] = asks
    return element


def menu(entries: Sequence[tuple[str, str]], action: str) -> Block:
    """A small menu of up to five (label, value) entries; a value has at most 150 characters."""
    options = [{"text": plain(label, 75), "value": value} for label, value in entries[:5]]
    return {"type": "overflow", "action_id": action, "options": options}


def confirmation(title: str, text: str, *, yes: str, style: str) -> Block:
    """A dialog that stands between a click and its effect; `text` is shown as typed."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain("Not yet", 30),
        "style": style,
    }


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}
