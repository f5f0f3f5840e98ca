"""A person uses a button, menu or picker in a message, a modal or their Home tab."""

from __future__ import annotations

from typing import Any

from sandbox.bench import Bench
from sandbox.blocks.ids import interactive_elements
from sandbox.control.commands import outcome
from sandbox.control.people import Impossible, picked, the_channel, the_message, the_user
from sandbox.control.watch import MOST_SECONDS, patience, watch
from sandbox.deliveries import Delivery
from sandbox.forms import STATE_FIELDS, CannotFill, Desk, NotYet, fill, initial_values, options_of, state_of
from sandbox.model import Json, Message, User, View
from sandbox.payloads import block_actions_in_message, block_actions_in_view
from sandbox.webapi.shapes import api_file

PICKED_SECONDS = 1.0


async def click(bench: Bench, body: Json) -> Json:
    """Delivers a block action and waits for what the person sees. Raises Impossible."""
    user = the_user(bench, body)
    if body.get("view_id"):
        payload, channel_id = _in_view(bench, user, body), None
    else:
        channel = the_channel(bench, user, body.get("channel"))
        message = the_message(bench, user, channel, body.get("ts"))
        payload, channel_id = _in_message(bench, user, message, body), channel.id
    with watch(bench, user.id) as seen:
        ack = await bench.deliveries.send(Delivery("block_actions", payload, user.id, channel_id))
        if ack.ok:
            await seen.settle(patience(body, _usual_wait(payload["actions"][0])))
        return outcome(ack, ack.error) | seen.result()


def _usual_wait(action: Json) -> float:
    """Seconds to wait for something visible: a button promises a result, a picker often only remembers."""
    return MOST_SECONDS if action["type"] in {"button", "overflow"} and "url" not in action else PICKED_SECONDS


def _in_message(bench: Bench, user: User, message: Message, body: Json) -> Json:
    block, element = find_element(message.blocks, body)
    action, state = _action(bench, user, block, element, body)
    values = initial_values(message.blocks)
    if state is not None:
        values[block["block_id"]][element["action_id"]] = state
    return block_actions_in_message(bench, user=user, message=message, action=action, values=values)


def _in_view(bench: Bench, user: User, body: Json) -> Json:
    view = the_view(bench, user, body["view_id"])
    if body.get("values"):
        view.values, _ = enter(bench, user, view, body["values"])
    block, element = find_element(view.body["blocks"], body)
    if block["type"] == "input" and not block.get("dispatch_action"):
        raise Impossible(f"{body.get('action_id')} is an input that is sent with the form, not by itself")
    action, state = _action(bench, user, block, element, body)
    if state is not None:
        view.values[block["block_id"]][element["action_id"]] = state
    return block_actions_in_view(bench, user=user, view=view, action=action)


def the_view(bench: Bench, user: User, view_id: Any) -> View:
    """The view a person can act in: the top modal of their stack, or their Home tab ("home"). Raises Impossible."""
    home = bench.modals.homes.get(user.id)
    if view_id == "home" or (home is not None and view_id == home.id):
        if home is None:
            raise Impossible("view_not_found: the Home tab is empty")
        return home
    stack = bench.modals.stack(user.id)
    view = next((one for one in stack if one.id == view_id), None)
    if view is None:
        raise Impossible(f"view_not_found: {view_id} is not open for {user.name}")
    if view is not stack[-1]:
        raise Impossible(f"view_not_reachable: {view_id} is covered by another view")
    return view


def find_element(blocks: list[Json], body: Json) -> tuple[Json, Json]:
    """The block and element with the action_id, and with the value when several share the id. Raises Impossible."""
    action_id, value = body.get("action_id"), body.get("value")
    found = [
        (block, element)
        for block in blocks
        for element in interactive_elements(block)
        if element.get("action_id") == action_id and body.get("block_id") in (None, block.get("block_id"))
    ]
    if not found:
        raise Impossible(f"no such element: {action_id}")
    buttons = [pair for pair in found if pair[1]["type"] == "button"]
    if buttons and value is not None:
        found = [pair for pair in buttons if pair[1].get("value", "") == value]
        if not found:
            raise Impossible(f"no button {action_id} with the value {value!r}")
    return found[0]


def enter(bench: Bench, user: User, view: View, given: Json) -> tuple[Json, dict[str, str]]:
    """Enters values into a view: the new state and the client's complaints. Raises Impossible."""
    try:
        return fill(view.body["blocks"], view.values, given, desk_of(bench, user))
    except CannotFill as wrong:
        raise Impossible(str(wrong)) from wrong


def desk_of(bench: Bench, user: User) -> Desk:
    """What the person can pick from."""

    def uploaded(file_id: str) -> Json | None:
        file = bench.workspace.files.get(file_id)
        return api_file(file, bench.url) if file else None

    return Desk(
        picked=lambda kind, given: picked(bench, user, kind, given),
        file=uploaded,
        offered=lambda action_id: bench.offers.get((user.id, action_id), []),
    )


def _action(bench: Bench, user: User, block: Json, element: Json, body: Json) -> tuple[Json, Json | None]:
    """The entry of `actions`, and the element's new state when it has one. Raises Impossible."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": bench.workspace.timestamps.next(),
    }
    value = body.get("value")
    if element["type"] == "button":
        return action | {name: element[name] for name in ("text", "value", "style", "url") if name in element}, None
    if element["type"] == "overflow":
        chosen = next((one for one in options_of(element) if value in (one["value"], one["text"]["text"])), None)
        if chosen is None:
            raise Impossible(f"no option {value!r} in the menu {element['action_id']}")
        return action | {"selected_option": chosen}, None
    if element["type"] not in STATE_FIELDS:
        raise Impossible(f"a {element['type']} cannot be used by hand")
    try:
        state = state_of(element, value, desk_of(bench, user))
    except (CannotFill, NotYet) as wrong:
        raise Impossible(str(wrong)) from wrong
    return action | state, state
