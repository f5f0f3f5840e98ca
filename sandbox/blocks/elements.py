"""Interactive elements and their limits, one row each."""

from __future__ import annotations

from typing import Any

from sandbox.blocks.composition import (
    CONFIRM,
    CONVERSATION_FILTER,
    DATE,
    DISPATCH_CONFIG,
    DOCS,
    IMAGE_FIELDS,
    LINK_OPTION,
    OPTION_GROUP,
    PLAIN_OPTION,
    RICH_OPTION,
    TIME,
    URL,
    one_picture,
    plain,
)
from sandbox.blocks.rules import (
    HOME,
    MODAL,
    Anything,
    Bool,
    Inspection,
    ListOf,
    Need,
    Num,
    OneOf,
    Pattern,
    Rule,
    Shape,
    Str,
)

ELEMENTS = f"{DOCS}/block-elements"
ACTION_ID: dict[str, Rule] = {"action_id": Str(255)}
ASKS: dict[str, Rule] = ACTION_ID | {"confirm": CONFIRM}
PICKS: dict[str, Rule] = ASKS | {"placeholder": plain(150), "focus_on_load": Bool()}
TYPES: dict[str, Rule] = ACTION_ID | {
    "placeholder": plain(150),
    "focus_on_load": Bool(),
    "dispatch_action_config": DISPATCH_CONFIG,
}
MANY: dict[str, Rule] = {"max_selected_items": Num(1)}
MODAL_ONLY = frozenset({MODAL})
NOT_IN_MESSAGES = frozenset({MODAL, HOME})


def _options_known(value: dict[str, Any], at: str, run: Inspection) -> None:
    """Exactly one of `options` and `option_groups`, and what is chosen first is among them."""
    options, groups = value.get("options"), value.get("option_groups")
    if (options is None) == (groups is None):
        run.add("must provide exactly one of: options, option_groups", at)
        return
    offered = options or [option for group in groups or [] for option in group["options"]]
    one = value.get("initial_option")
    chosen = value.get("initial_options") or ([one] if one else [])
    if any(option not in offered for option in chosen):
        run.add("initial option must exactly match one of the provided options", at)


def _ordered_lengths(value: dict[str, Any], at: str, run: Inspection) -> None:
    low, high = value.get("min_length") or 0, value.get("max_length") or 3000
    if low > high:
        run.add("min_length must not be greater than max_length", at)
    if len(value.get("initial_value") or "") > high:
        run.add(f"must be less than {high + 1} characters", f"{at}/initial_value")


def _is_decimal(value: str) -> bool:
    whole, _, fraction = value.removeprefix("-").partition(".")
    return f"{whole}{fraction}".isdecimal()


NUMBER = Pattern(_is_decimal, "number in a string")

ELEMENT_SHAPES: dict[str, Shape] = {
    "button": Shape(
        f"{ELEMENTS}/button-element",
        ASKS
        | {
            "text": Need(plain(75)),
            "url": URL,
            "value": Str(2000, 0),
            "style": OneOf(("primary", "danger")),
            "accessibility_label": Str(75),
        },
    ),
    "image": Shape(f"{ELEMENTS}/image-element", IMAGE_FIELDS, also=one_picture),
    "overflow": Shape(f"{ELEMENTS}/overflow-menu-element", ASKS | {"options": Need(ListOf(LINK_OPTION, 5))}),
    "checkboxes": Shape(
        f"{ELEMENTS}/checkboxes-element",
        ASKS
        | {
            "options": Need(ListOf(RICH_OPTION, 10)),
            "initial_options": ListOf(RICH_OPTION, 10),
            "focus_on_load": Bool(),
        },
        also=_options_known,
    ),
    "radio_buttons": Shape(
        f"{ELEMENTS}/radio-button-group-element",
        ASKS | {"options": Need(ListOf(RICH_OPTION, 10)), "initial_option": RICH_OPTION, "focus_on_load": Bool()},
        also=_options_known,
    ),
    "datepicker": Shape(f"{ELEMENTS}/date-picker-element", PICKS | {"initial_date": DATE}),
    "timepicker": Shape(f"{ELEMENTS}/time-picker-element", PICKS | {"initial_time": TIME, "timezone": Str()}),
    "datetimepicker": Shape(
        f"{ELEMENTS}/datetime-picker-element",
        ASKS | {"initial_date_time": Num(1_000_000_000, 9_999_999_999), "focus_on_load": Bool()},
    ),
    "static_select": Shape(
        f"{ELEMENTS}/select-menu-element#static_select",
        PICKS
        | {
            "options": ListOf(PLAIN_OPTION, 100),
            "option_groups": ListOf(OPTION_GROUP, 100),
            "initial_option": PLAIN_OPTION,
        },
        also=_options_known,
    ),
    "multi_static_select": Shape(
        f"{ELEMENTS}/multi-select-menu-element#static_multi_select",
        PICKS
        | MANY
        | {
            "options": ListOf(PLAIN_OPTION, 100),
            "option_groups": ListOf(OPTION_GROUP, 100),
            "initial_options": ListOf(PLAIN_OPTION, 100),
        },
        also=_options_known,
    ),
    "external_select": Shape(
        f"{ELEMENTS}/select-menu-element#external_select",
        PICKS | {"initial_option": PLAIN_OPTION, "min_query_length": Num(0)},
    ),
    "multi_external_select": Shape(
        f"{ELEMENTS}/multi-select-menu-element#external_multi_select",
        PICKS | MANY | {"initial_options": ListOf(PLAIN_OPTION, 100), "min_query_length": Num(0)},
    ),
    "users_select": Shape(f"{ELEMENTS}/select-menu-element#users_select", PICKS | {"initial_user": Str()}),
    "multi_users_select": Shape(
        f"{ELEMENTS}/multi-select-menu-element#users_multi_select", PICKS | MANY | {"initial_users": ListOf(Str())}
    ),
    "conversations_select": Shape(
        f"{ELEMENTS}/select-menu-element#conversations_select",
        PICKS
        | {
            "initial_conversation": Str(),
            "default_to_current_conversation": Bool(),
            "response_url_enabled": Bool(),
            "filter": CONVERSATION_FILTER,
        },
    ),
    "multi_conversations_select": Shape(
        f"{ELEMENTS}/multi-select-menu-element#conversation_multi_select",
        PICKS
        | MANY
        | {
            "initial_conversations": ListOf(Str()),
            "default_to_current_conversation": Bool(),
            "filter": CONVERSATION_FILTER,
        },
    ),
    "channels_select": Shape(
        f"{ELEMENTS}/select-menu-element#channels_select",
        PICKS | {"initial_channel": Str(), "response_url_enabled": Bool()},
    ),
    "multi_channels_select": Shape(
        f"{ELEMENTS}/multi-select-menu-element#channel_multi_select", PICKS | MANY | {"initial_channels": ListOf(Str())}
    ),
    "plain_text_input": Shape(
        f"{ELEMENTS}/plain-text-input-element",
        TYPES
        | {
            "initial_value": Str(3000, 0),
            "multiline": Bool(),
            "min_length": Num(0, 3000),
            "max_length": Num(1, 3000),
        },
        also=_ordered_lengths,
    ),
    "number_input": Shape(
        f"{ELEMENTS}/number-input-element",
        TYPES | {"is_decimal_allowed": Need(Bool()), "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        NOT_IN_MESSAGES,
    ),
    "email_text_input": Shape(f"{ELEMENTS}/email-input-element", TYPES | {"initial_value": Str()}, NOT_IN_MESSAGES),
    "url_text_input": Shape(f"{ELEMENTS}/url-input-element", TYPES | {"initial_value": Str()}, NOT_IN_MESSAGES),
    "rich_text_input": Shape(f"{ELEMENTS}/rich-text-input-element", TYPES | {"initial_value": Anything()}),
    "file_input": Shape(
        f"{ELEMENTS}/file-input-element",
        ACTION_ID | {"filetypes": ListOf(Str()), "max_files": Num(1, 10)},
        MODAL_ONLY,
    ),
}

_SELECTS = (
    "static_select",
    "external_select",
    "multi_external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
)
_CHOICES = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *_SELECTS)

ACCESSORIES = ("button", "image", "overflow", *_CHOICES)
IN_ACTIONS = ("button", "overflow", "datetimepicker", *_CHOICES)
IN_INPUTS = (
    "datetimepicker",
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
    *_CHOICES,
)


def only(names: tuple[str, ...]) -> dict[str, Rule]:
    """The shapes of the named elements, for a block that takes no others."""
    return {name: ELEMENT_SHAPES[name] for name in names}
