"""Validation of blocks and views against Slack's limits; the table itself is in `layout` and its neighbours.

`problems` and `view_problems` answer with Slack's own kind of sentence, a JSON pointer at its end; an empty list means
that Slack would take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.blocks.ids import interactive_elements, with_ids
from sandbox.blocks.layout import BLOCKS, MESSAGE_BLOCKS, VIEW_BLOCKS, VIEWS
from sandbox.blocks.rules import HOME, MESSAGE, MODAL, Inspection, ListOf, Typed
from sandbox.blocks.tables import CELL_CHARACTERS, characters, rows_of

__all__ = ["blocks_too_long", "interactive_elements", "problems", "view_problems", "with_ids"]

CHARTS_IN_A_MESSAGE = 2  # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
MARKDOWN_CHARACTERS = 12_000  # https://docs.slack.dev/reference/block-kit/blocks/markdown-block
ALL_CHARACTERS = 13_200  # Not published; measured at https://github.com/slackapi/bolt-js/issues/2509


def problems(blocks: Any, surface: str = MESSAGE, *, has_file: Callable[[str], bool] | None = None) -> list[str]:
    """What Slack would refuse in these blocks.

    Args:
      surface: "message", "modal" or "home"; some blocks are only for some of them.
      has_file: tells whether a `slack_file` id exists; None leaves files unchecked.
    """
    run = Inspection(surface, has_file)
    most = MESSAGE_BLOCKS if surface == MESSAGE else VIEW_BLOCKS
    ListOf(Typed(BLOCKS), most, low=0).check(blocks, "/blocks", run)
    if isinstance(blocks, list) and len(blocks) <= most:
        _across(blocks, run)
    return run.problems


def view_problems(view: Any, *, has_file: Callable[[str], bool] | None = None) -> list[str]:
    """What Slack would refuse in a modal or Home view: its own fields, its blocks, and inputs without a submit."""
    kind = view.get("type") if isinstance(view, dict) else None
    run = Inspection(kind if kind in {MODAL, HOME} else MODAL, has_file)
    Typed(VIEWS).check(view, "/view", run)
    blocks = view.get("blocks") if isinstance(view, dict) else None
    if isinstance(blocks, list) and len(blocks) <= VIEW_BLOCKS:
        _across(blocks, run)
        has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
        if kind == MODAL and has_input and not view.get("submit"):
            run.add("submit is required when an input block is within blocks", "/view")
    return run.problems


def blocks_too_long(blocks: list[dict[str, Any]]) -> bool:
    """Whether all blocks together pass the size at which Slack answers `msg_blocks_too_long`.

    Cells of tables are left out: they have their own published limit, which is above this one.
    """
    return sum(characters(block) for block in blocks if not rows_of(block)) > ALL_CHARACTERS


def _across(blocks: list[Any], run: Inspection) -> None:
    """Rules that look at several blocks at once."""
    whole = [block for block in blocks if isinstance(block, dict)]
    for name, count in Counter(block.get("block_id") for block in whole if block.get("block_id")).items():
        if count > 1:
            run.add(f"block_id must be unique: {name}", "/blocks")
    for index, block in enumerate(blocks):
        actions = Counter(element["action_id"] for element in _with_action_id(block))
        for name, count in actions.items():
            if count > 1:
                run.add(f"action_id must be unique in its block: {name}", f"/blocks/{index}")
    if sum(block.get("type") == "data_visualization" for block in whole) > CHARTS_IN_A_MESSAGE:
        run.add(f"no more than {CHARTS_IN_A_MESSAGE} data_visualization blocks allowed", "/blocks")
    if sum(characters(block) for block in whole if block.get("type") == "markdown") > MARKDOWN_CHARACTERS:
        run.add(f"all markdown blocks together must be less than {MARKDOWN_CHARACTERS + 1} characters", "/blocks")
    for kind, most in CELL_CHARACTERS.items():
        tables = [block for block in whole if block.get("type") == kind]
        if sum(characters(rows_of(table)) for table in tables) > most:
            run.add(f"all cells together must be less than {most + 1} characters", "/blocks")
    if sum(element.get("focus_on_load") is True for block in blocks for element in interactive_elements(block)) > 1:
        run.add("only one element can have focus_on_load", "/blocks")


def _with_action_id(block: Any) -> Iterator[dict[str, Any]]:
    return (element for element in interactive_elements(block) if isinstance(element.get("action_id"), str))
