"""Layout blocks and elements at their limits and just past them, one case a row of the table."""

from __future__ import annotations

import pytest

from sandbox.blocks import problems
from tests.sandbox.cases import DOCS, Case, as_parameters
from tests.sandbox.content import Json, actions, button, input_block, options, plain, rich_text, section, words_input


def image(**rest: object) -> Json:
    return {"type": "image", "alt_text": "Burn-up", **rest}


def select(count: int, **rest: object) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": options(count), **rest}


def confirm(**rest: object) -> Json:
    return {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No"), **rest}


PICTURE = "https://example.com/chart.png"
SECTIONS = [
    Case("50 blocks fit a message", "blocks", [section()] * 50),
    Case("51 blocks do not", "blocks", [section()] * 51, "no more than 50 items"),
    Case("100 blocks fit a modal", "blocks", [section()] * 100, surface="modal"),
    Case("101 blocks do not", "blocks", [section()] * 101, "no more than 100 items", "modal"),
    Case("an unknown block is refused", "blocks", [{"type": "graph"}], "unsupported type: graph"),
    Case("a block needs a type", "blocks", [{"text": "x"}], "missing required field: type"),
    Case("section text of 3000 fits", "blocks/section-block", [section("x" * 3000)]),
    Case("3001 does not", "blocks/section-block", [section("x" * 3001)], "less than 3001 characters"),
    Case("empty text is refused", "blocks/section-block", [section("")], "more than 0 characters"),
    Case("a section says something", "blocks/section-block", [{"type": "section"}], "either `text` or `fields`"),
    Case("10 fields fit", "blocks/section-block", [{"type": "section", "fields": [plain("x")] * 10}]),
    Case("11 do not", "blocks/section-block", [{"type": "section", "fields": [plain("x")] * 11}], "no more than 10"),
    Case("a field has 2000", "blocks/section-block", [{"type": "section", "fields": [plain("x" * 2001)]}], "2001"),
    Case("text is an object", "blocks/section-block", [{"type": "section", "text": "hi"}], "must provide an object"),
    Case("unknown properties", "blocks/section-block", [section(colour="red")], "invalid additional property: colour"),
    Case("block_id has 255", "blocks/section-block", [section(block_id="x" * 256)], "less than 256 characters"),
    Case("block_ids are unique", "blocks/section-block", [section(block_id="a")] * 2, "block_id must be unique"),
    Case("a divider stands alone", "blocks/divider-block", [{"type": "divider"}]),
    Case("a header has 150", "blocks/header-block", [{"type": "header", "text": plain("x" * 150)}]),
    Case("not 151", "blocks/header-block", [{"type": "header", "text": plain("x" * 151)}], "151 characters"),
    Case(
        "a header is plain", "blocks/header-block", [{"type": "header", "text": section()["text"]}], "unsupported type"
    ),
    Case("10 context elements", "blocks/context-block", [{"type": "context", "elements": [plain("x")] * 10}]),
    Case("not 11", "blocks/context-block", [{"type": "context", "elements": [plain("x")] * 11}], "no more than 10"),
    Case(
        "no button in a context", "blocks/context-block", [{"type": "context", "elements": [button()]}], "unsupported"
    ),
    Case("markdown has 12 000", "blocks/markdown-block", [{"type": "markdown", "text": "x" * 12_001}], "12001"),
    Case("in all its blocks", "blocks/markdown-block", [{"type": "markdown", "text": "x" * 6_001}] * 2, "together"),
    Case("not in modals", "blocks/markdown-block", [{"type": "markdown", "text": "x"}], "not allowed", "modal"),
    Case("rich text nests", "blocks/rich-text-block", [rich_text()]),
    Case("of known parts", "blocks/rich-text-block", [{"type": "rich_text", "elements": [plain("x")]}], "unsupported"),
]
PICTURES = [
    Case("an image has an address", "blocks/image-block", [image(image_url=PICTURE)]),
    Case("or a file, not neither", "blocks/image-block", [image()], "exactly one of: image_url, slack_file"),
    Case("nor both", "blocks/image-block", [image(image_url=PICTURE, slack_file={"id": "F1"})], "exactly one of"),
    Case("alt text is required", "blocks/image-block", [{"type": "image", "image_url": PICTURE}], "alt_text"),
    Case("alt text has 2000", "blocks/image-block", [image(image_url=PICTURE) | {"alt_text": "x" * 2001}], "2001"),
    Case(
        "Slack cannot fetch from this machine",
        "blocks/image-block",
        [image(image_url="http://127.0.0.1:8400/chart.png")],
        "downloading image failed",
    ),
]
ELEMENTS = [
    Case("25 actions fit", "blocks/actions-block", [actions(*(button(action_id=str(n)) for n in range(25)))]),
    Case(
        "not 26", "blocks/actions-block", [actions(*(button(action_id=str(n)) for n in range(26)))], "no more than 25"
    ),
    Case(
        "action_ids are unique in a block", "blocks/actions-block", [actions(button(), button())], "action_id must be"
    ),
    Case("but may repeat across blocks", "blocks/actions-block", [actions(button()), actions(button())]),
    Case("no text input in actions", "blocks/actions-block", [actions(words_input())], "unsupported type"),
    Case("a label has 75", "block-elements/button-element", [actions(button("x" * 76))], "less than 76"),
    Case("a value has 2000", "block-elements/button-element", [actions(button(value="x" * 2001))], "less than 2001"),
    Case("two styles", "block-elements/button-element", [actions(button(style="green"))], "primary, danger"),
    Case("a URL is one", "block-elements/button-element", [actions(button(url="javascript:1"))], "valid URL"),
    Case("a confirm fits", "composition-objects/confirmation-dialog-object", [actions(button(confirm=confirm()))]),
    Case(
        "its title has 100",
        "composition-objects/confirmation-dialog-object",
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "less than 101",
    ),
    Case(
        "its text has 300",
        "composition-objects/confirmation-dialog-object",
        [actions(button(confirm=confirm(text=plain("x" * 301))))],
        "less than 301",
    ),
    Case(
        "an overflow has 5",
        "block-elements/overflow-menu-element",
        [actions({"type": "overflow", "action_id": "more", "options": options(6)})],
        "no more than 5",
    ),
    Case("a select has 100", "block-elements/select-menu-element", [actions(select(100))]),
    Case("not 101", "block-elements/select-menu-element", [actions(select(101))], "no more than 100"),
    Case(
        "what is chosen first is offered",
        "block-elements/select-menu-element",
        [actions(select(2, initial_option={"text": plain("Other"), "value": "other"}))],
        "exactly match one of the provided options",
    ),
    Case(
        "an option has 75",
        "composition-objects/option-object",
        [actions(select(1) | {"options": [{"text": plain("x" * 76), "value": "x"}]})],
        "less than 76",
    ),
    Case(
        "its value has 150",
        "composition-objects/option-object",
        [actions(select(1) | {"options": [{"text": plain("x"), "value": "x" * 151}]})],
        "less than 151",
    ),
    Case(
        "a date is a date",
        "block-elements/date-picker-element",
        [actions({"type": "datepicker", "action_id": "day", "initial_date": "30.11.2026"})],
        "YYYY-MM-DD",
    ),
    Case(
        "checkboxes have 10",
        "block-elements/checkboxes-element",
        [actions({"type": "checkboxes", "action_id": "tick", "options": options(11)})],
        "no more than 10",
    ),
]
INPUTS = [
    Case("an input asks", "blocks/input-block", [input_block(words_input())], surface="modal"),
    Case(
        "its label has 2000", "blocks/input-block", [input_block(words_input()) | {"label": plain("x" * 2001)}], "2001"
    ),
    Case("a button asks nothing", "blocks/input-block", [input_block(button())], "unsupported type: button", "modal"),
    Case(
        "an input takes 3000",
        "block-elements/plain-text-input-element",
        [input_block(words_input(max_length=3001))],
        "3000",
    ),
    Case(
        "a number says whether it may have decimals",
        "block-elements/number-input-element",
        [input_block({"type": "number_input", "action_id": "usd"})],
        "missing required field: is_decimal_allowed",
        "modal",
    ),
    Case(
        "a file input takes 10 files",
        "block-elements/file-input-element",
        [input_block({"type": "file_input", "action_id": "bill", "max_files": 11})],
        "at most 10",
        "modal",
    ),
    Case(
        "a file input is for modals",
        "block-elements/file-input-element",
        [input_block({"type": "file_input", "action_id": "bill"})],
        "not allowed in a message",
    ),
]


@pytest.mark.parametrize("case", as_parameters([*SECTIONS, *PICTURES, *ELEMENTS, *INPUTS]))
def test_blocks_keep_the_published_limits(case: Case) -> None:
    case.judge()


@pytest.mark.documented(f"{DOCS}/blocks/image-block")
def test_a_file_that_does_not_exist_cannot_be_shown() -> None:
    blocks = [image(slack_file={"id": "F0GONE"})]
    assert problems(blocks, has_file=lambda _: False) == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    assert problems(blocks, has_file=lambda _: True) == []
