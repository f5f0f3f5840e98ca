"""What a person sees of a message, and whether Slack would take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.blocks import blocks_too_long, problems, view_problems

ALL_CHARACTERS = 13_200


def words(value: Any) -> str:
    """Every text in blocks, in order, one a line; mentions as Slack writes them."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(words, value)))
    if not isinstance(value, Mapping):
        return ""
    if "user_id" in value:
        return f"<@{value['user_id']}>"
    if "channel_id" in value:
        return f"<#{value['channel_id']}>"
    own = [value[key] for key in ("caption", "text", "alt_text", "initial_value") if isinstance(value.get(key), str)]
    return "\n".join(
        [*own, *filter(None, (words(part) for part in value.values() if isinstance(part, list | Mapping)))]
    )


def characters(value: Any) -> int:
    """All characters of the texts, table cells included."""
    return len(words(value).replace("\n", ""))


def refused(message: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a message, with the whole length measured more strictly than Slack is known to."""
    blocks = message["blocks"]
    found = problems(blocks)
    if not message["text"] or len(message["text"]) > 4000:
        found.append("text has to say the finding in at most 4000 characters")
    if blocks_too_long(blocks) or characters(blocks) > ALL_CHARACTERS:
        found.append(f"all blocks together are {characters(blocks)} characters long")
    return found


def refused_view(view: Mapping[str, Any]) -> list[str]:
    return view_problems(view)


def table(message: Mapping[str, Any]) -> list[list[str]]:
    """The rows of the message's only data table, as the words in its cells."""
    (block,) = (block for block in message["blocks"] if block["type"] == "data_table")
    return [[words(cell).replace("\n", "") for cell in row] for row in block["rows"]]


def buttons(message: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Label → (action id, value) of every button."""
    found = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return {one["text"]["text"]: (one["action_id"], one["value"]) for one in found}


def interpreted(message: Mapping[str, Any]) -> str:
    """Everything in which Slack looks for mentions and commands: the notification text and every mrkdwn object."""
    return "\n".join([str(message["text"]), *_marked(message["blocks"])])


def _marked(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for part in value for text in _marked(part)]
    if not isinstance(value, Mapping):
        return []
    own = [str(value["text"])] if value.get("type") == "mrkdwn" else []
    return own + [text for part in value.values() for text in _marked(part)]
