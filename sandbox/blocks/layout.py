"""The limits table: every block this workspace accepts, with its limits and the page they come from.

A type that is not here is refused with `invalid_blocks`, as Slack refuses one it does not know.
"""

from __future__ import annotations

from typing import Any

from sandbox.blocks.charts import DATA_VISUALIZATION
from sandbox.blocks.composition import DOCS, IMAGE_FIELDS, URL, one_picture, plain, text
from sandbox.blocks.elements import ACCESSORIES, ELEMENT_SHAPES, IN_ACTIONS, IN_INPUTS, only
from sandbox.blocks.rich_text import RICH_TEXT
from sandbox.blocks.rules import HOME, MESSAGE, MODAL, Bool, Inspection, ListOf, Need, OneOf, Rule, Shape, Str, Typed
from sandbox.blocks.tables import TABLES

BLOCK_DOCS = f"{DOCS}/blocks"
BLOCK_ID: dict[str, Rule] = {"block_id": Str(255)}
MESSAGE_BLOCKS = 50  # https://docs.slack.dev/reference/block-kit/blocks
VIEW_BLOCKS = 100  # the same page: modals and Home tabs


def _says_something(block: dict[str, Any], at: str, run: Inspection) -> None:
    if not block.get("text") and not block.get("fields"):
        run.add("must define either `text` or `fields`", f"{at}/type")


CONTEXT_ELEMENTS: dict[str, Rule] = {
    "image": ELEMENT_SHAPES["image"],
    "plain_text": Shape(f"{BLOCK_DOCS}/context-block", {"text": Need(Str(3000)), "emoji": Bool()}),
    "mrkdwn": Shape(f"{BLOCK_DOCS}/context-block", {"text": Need(Str(3000)), "verbatim": Bool()}),
}

BLOCKS: dict[str, Rule] = {
    "section": Shape(
        f"{BLOCK_DOCS}/section-block",
        BLOCK_ID
        | {
            "text": text(3000),
            "fields": ListOf(text(2000), 10),
            "accessory": Typed(only(ACCESSORIES)),
            "expand": Bool(),
        },
        also=_says_something,
    ),
    "divider": Shape(f"{BLOCK_DOCS}/divider-block", BLOCK_ID),
    "header": Shape(f"{BLOCK_DOCS}/header-block", BLOCK_ID | {"text": Need(plain(150))}),
    "context": Shape(f"{BLOCK_DOCS}/context-block", BLOCK_ID | {"elements": Need(ListOf(Typed(CONTEXT_ELEMENTS), 10))}),
    "actions": Shape(f"{BLOCK_DOCS}/actions-block", BLOCK_ID | {"elements": Need(ListOf(Typed(only(IN_ACTIONS)), 25))}),
    "image": Shape(f"{BLOCK_DOCS}/image-block", BLOCK_ID | IMAGE_FIELDS | {"title": plain(2000)}, also=one_picture),
    "input": Shape(
        f"{BLOCK_DOCS}/input-block",
        BLOCK_ID
        | {
            "label": Need(plain(2000)),
            "element": Need(Typed(only(IN_INPUTS))),
            "dispatch_action": Bool(),
            "hint": plain(2000),
            "optional": Bool(),
        },
    ),
    "markdown": Shape(f"{BLOCK_DOCS}/markdown-block", BLOCK_ID | {"text": Need(Str(12_000))}, frozenset({MESSAGE})),
    "rich_text": RICH_TEXT,
    "file": Shape(
        f"{BLOCK_DOCS}/file-block",
        BLOCK_ID | {"external_id": Need(Str()), "source": Need(OneOf(("remote",)))},
        frozenset({MESSAGE}),
    ),
    "video": Shape(
        f"{BLOCK_DOCS}/video-block",
        BLOCK_ID
        | {
            "alt_text": Need(Str()),
            "title": Need(plain(199)),
            "video_url": Need(URL),
            "thumbnail_url": Need(URL),
            "author_name": Str(49),
            "description": plain(200),
            "provider_icon_url": URL,
            "provider_name": Str(),
            "title_url": URL,
        },
    ),
    "data_visualization": DATA_VISUALIZATION,
    **TABLES,
}

VIEW_DOC = "https://docs.slack.dev/reference/views"
VIEW_FIELDS: dict[str, Rule] = {
    "blocks": Need(ListOf(Typed(BLOCKS), VIEW_BLOCKS, low=0)),
    "private_metadata": Str(3000, 0),
    "callback_id": Str(255, 0),
    "external_id": Str(255, 0),
}
VIEWS: dict[str, Rule] = {
    MODAL: Shape(
        f"{VIEW_DOC}/modal-views",
        VIEW_FIELDS
        | {
            "title": Need(plain(24)),
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": Bool(),
            "notify_on_close": Bool(),
            "submit_disabled": Bool(),
        },
    ),
    HOME: Shape(f"{VIEW_DOC}/home-tab-views", VIEW_FIELDS),
}
