"""Validation of blocks and views against Slack's limits; the table itself is in `layout` and its neighbours.

`problems` and `view_problems` answer with Slack's own kind of sentence, a JSON pointer at its end; an empty list means
that Slack would take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.blocks.ids import interactive_elements, with_ids
from sandbox.blocks.layout import BLOCKS, MESSAGE_BLOCKS, VIEW_BLOCKS, VIEWS
from sandbox.blocks.rules import HOME, MESSAGE, MODAL, Inspection, ListOf, Typed
from sandbox.blocks.tables import CELL_CHARACTERS, characters

__all__ = ["ONE_TABLE", "blocks_too_long", "interactive_elements", "problems", "view_problems", "with_ids"]

CHARTS_IN_A_MESSAGE = 2  # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
ONE_TABLE = "only_one_table_allowed"  # https://github.com/netclaw-dev/netclaw/issues/55
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
    if not run.problems:
        _across(blocks, run)
    return run.problems


def view_problems(view: Any, *, has_file: Callable[[str], bool] | None = None) -> list[str]:
    """What Slack would refuse in a modal or Home view: its own fields, its blocks, and inputs without a submit."""
    kind = view.get("type") if isinstance(view, dict) else None
    run = Inspection(kind if kind in (MODAL, HOME) else MODAL, has_file)
    Typed(VIEWS).check(view, "/view", run)
    if not run.problems:
        _across(view["blocks"], run)
        has_input = any(block["type"] == "input" for block in view["blocks"])
        if kind == MODAL and has_input and not view.get("submit"):
            run.add("submit is required when an input block is within blocks", "/view")
    return run.problems


def blocks_too_long(blocks: list[dict[str, Any]]) -> bool:
    """Whether valid blocks together pass the size at which Slack answers `msg_blocks_too_long`.

    Cells of tables are left out: they have their own published limit, which is above this one.
    """
    return sum(characters(block) for block in blocks if block["type"] not in CELL_CHARACTERS) > ALL_CHARACTERS


def _across(blocks: list[dict[str, Any]], run: Inspection) -> None:
    """Rules that look at several blocks at once; each block is in order by itself."""
    for name, count in Counter(block.get("block_id") for block in blocks).items():
        if name and count > 1:
            run.add(f"block_id must be unique: {name}", "/blocks")
    for index, block in enumerate(blocks):
        for name, count in Counter(element.get("action_id") for element in interactive_elements(block)).items():
            if name and count > 1:
                run.add(f"action_id must be unique in its block: {name}", f"/blocks/{index}")
    kinds = Counter(block["type"] for block in blocks)
    if kinds["data_visualization"] > CHARTS_IN_A_MESSAGE:
        run.add(f"no more than {CHARTS_IN_A_MESSAGE} data_visualization blocks allowed", "/blocks")
    if kinds["table"] > 1:
        run.add(ONE_TABLE, "/blocks")
    for kind, most in (CELL_CHARACTERS | {"markdown": MARKDOWN_CHARACTERS}).items():
        if sum(characters(block) for block in blocks if block["type"] == kind) > most:
            run.add(f"all {kind} blocks together must be less than {most + 1} characters", "/blocks")
    if sum(element.get("focus_on_load") is True for block in blocks for element in interactive_elements(block)) > 1:
        run.add("only one element can have focus_on_load", "/blocks")
