"""From what a person picks or types to Slack's `state.values`, with what Slack's own client refuses before sending.

The shapes follow https://docs.slack.dev/reference/views and the page of each element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.blocks.elements import ELEMENT_SHAPES
from sandbox.blocks.ids import interactive_elements
from sandbox.model import Json

# element type → (field in the state, field in the element that fills it first, whether it holds several)
STATE_FIELDS: dict[str, tuple[str, str, bool]] = {
    "plain_text_input": ("value", "initial_value", False),
    "number_input": ("value", "initial_value", False),
    "email_text_input": ("value", "initial_value", False),
    "url_text_input": ("value", "initial_value", False),
    "rich_text_input": ("rich_text_value", "initial_value", False),
    "static_select": ("selected_option", "initial_option", False),
    "radio_buttons": ("selected_option", "initial_option", False),
    "multi_static_select": ("selected_options", "initial_options", True),
    "checkboxes": ("selected_options", "initial_options", True),
    "external_select": ("selected_option", "initial_option", False),
    "multi_external_select": ("selected_options", "initial_options", True),
    "users_select": ("selected_user", "initial_user", False),
    "multi_users_select": ("selected_users", "initial_users", True),
    "conversations_select": ("selected_conversation", "initial_conversation", False),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", True),
    "channels_select": ("selected_channel", "initial_channel", False),
    "multi_channels_select": ("selected_channels", "initial_channels", True),
    "datepicker": ("selected_date", "initial_date", False),
    "timepicker": ("selected_time", "initial_time", False),
    "datetimepicker": ("selected_date_time", "initial_date_time", False),
    "file_input": ("files", "", True),
}
FILE_BYTES = 10 * 1024 * 1024  # https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
REQUIRED = "Please complete this required field."
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NUMBER = re.compile(r"-?\d+(\.\d+)?")

assert STATE_FIELDS.keys() <= ELEMENT_SHAPES.keys()


class CannotFill(Exception):
    """A value a person could not have entered; the text says why."""


class NotYet(Exception):
    """A value that the client shows as an error under the input and does not send."""


@dataclass(frozen=True)
class Desk:
    """What is within a person's reach when they fill in a form.

    `picked(kind, given)` is the id of a "user" or "channel" a picker would offer, None when it would not; `file(id)` is
    an uploaded file as Slack's API shows it, None when there is none; `offered(action_id)` are the options the app last
    sent for an external select.
    """

    picked: Callable[[str, str], str | None]
    file: Callable[[str], Json | None]
    offered: Callable[[str], list[Json]]


def initial_values(blocks: list[Json], channel: str | None = None) -> Json:
    """`state.values` before anybody touched anything: initial values, None or empty lists.

    Args:
      channel: the conversation that `default_to_current_conversation` stands for.
    """
    values: Json = {}
    for block in blocks:
        for element in interactive_elements(block):
            if element.get("type") in STATE_FIELDS:
                values.setdefault(block["block_id"], {})[element["action_id"]] = _initial(element, channel)
    return values


def _initial(element: Json, channel: str | None) -> Json:
    name, initial, several = STATE_FIELDS[element["type"]]
    value = element.get(initial, [] if several else None)
    if not value and channel and element.get("default_to_current_conversation"):
        value = [channel] if several else channel
    return {"type": element["type"], name: value}


def options_of(element: Json) -> Iterator[Json]:
    """Every option of an element, those in groups too."""
    yield from element.get("options") or []
    for group in element.get("option_groups") or []:
        yield from group.get("options", [])


def state_of(element: Json, given: Any, desk: Desk) -> Json:
    """The state an element has after a person entered `given`: a plain value, a list of them, or a state of Slack's shape.

    Raises CannotFill when there is nothing like that to pick, NotYet when the client would ask for something else.
    """
    kind = element["type"]
    name, _, several = STATE_FIELDS[kind]
    if isinstance(given, dict) and name in given and given.get("type") == kind:
        given = given[name]
    if given is None or given == "":
        return {"type": kind, name: [] if several else None}
    listed = given if isinstance(given, list) else [given]
    if not several and isinstance(given, list):
        raise CannotFill(f"{kind} takes one value, got a list")
    if kind == "file_input":
        return {"type": kind, name: [_file(element, one, desk) for one in listed]}
    picked = [_one(element, one, desk) for one in listed]
    most = element.get("max_selected_items")
    if several and most and len(picked) > most:
        raise CannotFill(f"no more than {most} can be selected")
    return {"type": kind, name: picked if several else picked[0]}


def _one(element: Json, given: Any, desk: Desk) -> Any:
    kind: str = element["type"]
    if "option" in STATE_FIELDS[kind][0]:
        wanted = given.get("value") if isinstance(given, dict) else str(given)
        offered = [*options_of(element), *(desk.offered(element["action_id"]) if "external" in kind else [])]
        for option in offered:
            if wanted in {option["value"], option["text"]["text"]}:
                return option
        raise CannotFill(f"no option {wanted!r}; there are: {', '.join(option['value'] for option in offered)}")
    if kind.removeprefix("multi_") in {"users_select", "channels_select", "conversations_select"}:
        what = "user" if "users" in kind else "channel"
        picked = desk.picked(what, str(given))
        if picked is None:
            raise CannotFill(f"no {what} {given}")
        return picked
    if kind == "datetimepicker":
        return int(given)
    if kind == "rich_text_input" and isinstance(given, dict):
        return given
    return _text(element, str(given))


def _text(element: Json, value: str) -> str:
    kind = element["type"]
    low, high = element.get("min_length"), element.get("max_length") or 3000
    if kind == "plain_text_input" and low and len(value) < low:
        raise NotYet(f"Please enter at least {low} characters.")
    if kind == "plain_text_input" and len(value) > high:
        raise NotYet(f"Please enter no more than {high} characters.")
    if kind == "number_input":
        _check_number(element, value)
    if kind == "email_text_input" and not EMAIL.fullmatch(value):
        raise NotYet("Please enter a valid email address.")
    if kind == "url_text_input" and not re.match(r"https?://\S+", value):
        raise NotYet("Please enter a valid URL.")
    if kind == "datepicker" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise CannotFill(f"not a date in YYYY-MM-DD: {value}")
    if kind == "timepicker" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise CannotFill(f"not a time in HH:mm: {value}")
    return value


def _check_number(element: Json, value: str) -> None:
    if not NUMBER.fullmatch(value) or ("." in value and not element.get("is_decimal_allowed")):
        raise NotYet("Please enter a number." if element.get("is_decimal_allowed") else "Please enter a whole number.")
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(value) < float(low):
        raise NotYet(f"Please enter a number of at least {low}.")
    if high is not None and float(value) > float(high):
        raise NotYet(f"Please enter a number of at most {high}.")


def _file(element: Json, given: Any, desk: Desk) -> Json:
    file = desk.file(str(given.get("id") if isinstance(given, dict) else given))
    if file is None:
        raise CannotFill(f"no uploaded file {given}")
    allowed = element.get("filetypes")
    if allowed and file["name"].rpartition(".")[2].lower() not in {one.lower() for one in allowed}:
        raise NotYet(f"Only these file types are accepted: {', '.join(allowed)}.")
    if file["size"] > FILE_BYTES:
        raise NotYet("Files must be 10 MB or smaller.")
    return file


def is_empty(state: Json) -> bool:
    name = STATE_FIELDS[state["type"]][0]
    return state.get(name) in (None, "", [])


def fill(blocks: list[Json], values: Json, given: Json, desk: Desk) -> tuple[Json, dict[str, str]]:
    """Enters `given` into a view whose state is `values`.

    Args:
      given: {block_id: {action_id: value}}, {action_id: value} or {block_id: value}.
    Returns the new state, and per block_id what the client would complain about.
    Raises CannotFill for an input that is not there or a value that cannot be picked.
    """
    filled = {block_id: dict(actions) for block_id, actions in values.items()}
    complaints: dict[str, str] = {}
    left = dict(given)
    for block in blocks:
        for element in interactive_elements(block):
            if element.get("type") not in STATE_FIELDS:
                continue
            block_id, action_id = block["block_id"], element["action_id"]
            found, value = _take(left, block_id, action_id)
            if found:
                try:
                    filled.setdefault(block_id, {})[action_id] = state_of(element, value, desk)
                except NotYet as complaint:
                    complaints[block_id] = str(complaint)
            required = block["type"] == "input" and not block.get("optional")
            if required and block_id not in complaints and is_empty(filled[block_id][action_id]):
                complaints[block_id] = REQUIRED
    unknown = [name for name, value in left.items() if not (isinstance(value, dict) and not value)]
    if unknown:
        raise CannotFill(f"no input called {', '.join(unknown)} in this view")
    return filled, complaints


def _take(left: Json, block_id: str, action_id: str) -> tuple[bool, Any]:
    """Takes the value meant for one input out of `left`; an empty rest of a block shows that all was used."""
    inner = left.get(block_id)
    if isinstance(inner, dict) and action_id in inner:
        rest = {name: value for name, value in inner.items() if name != action_id}
        left[block_id] = rest
        return True, inner[action_id]
    if action_id in left:
        return True, left.pop(action_id)
    if block_id in left and not isinstance(inner, dict):
        return True, left.pop(block_id)
    return False, None
