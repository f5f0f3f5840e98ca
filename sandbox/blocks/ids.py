"""Finding the interactive elements of a block, and the ids Slack adds where an app left them out."""

from __future__ import annotations

import copy
import secrets
import string
from collections.abc import Iterator
from typing import Any

ALPHABET = string.ascii_letters + string.digits
PASSIVE = {"image", "plain_text", "mrkdwn"}


def interactive_elements(block: Any) -> Iterator[dict[str, Any]]:
    """The accessory, the input or the actions of a block, whatever a person can touch in it."""
    if not isinstance(block, dict):
        return
    kind = block.get("type")
    candidates: list[Any] = []
    if kind == "section":
        candidates = [block.get("accessory")]
    elif kind == "input":
        candidates = [block.get("element")]
    elif kind in {"actions", "context_actions"} and isinstance(block.get("elements"), list):
        candidates = block["elements"]
    yield from (one for one in candidates if isinstance(one, dict) and one.get("type") not in PASSIVE)


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy in which every block has a `block_id` and every interactive element an `action_id`."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", _random_id())
        for element in interactive_elements(block):
            element.setdefault("action_id", _random_id())
    return filled


def _random_id() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(5))
