"""A person submits or closes a modal; the app's answer decides what happens to the stack."""

from __future__ import annotations

from typing import Any

from sandbox.bench import Bench
from sandbox.blocks.rules import MODAL
from sandbox.control.clicks import enter, the_view
from sandbox.control.commands import outcome
from sandbox.control.people import Impossible, the_user
from sandbox.control.watch import Watch, patience, watch
from sandbox.deliveries import Ack, Delivery
from sandbox.modals import ViewRefused
from sandbox.model import Json, User, View
from sandbox.payloads import view_closed, view_submission
from sandbox.webapi.call import SlackError
from sandbox.webapi.views import checked_view

AFTER_CLOSE_SECONDS = 5.0  # A form that closes is usually followed by a message; some are not.
TROUBLE = "We had some trouble connecting. Try again?"


async def submit(bench: Bench, body: Json) -> Json:
    """Submits or closes the top modal of a person. Raises Impossible."""
    user = the_user(bench, body)
    view = the_view(bench, user, body.get("view_id"))
    if view.kind != MODAL:
        raise Impossible("a Home tab cannot be submitted")
    if body.get("close"):
        return await _close(bench, user, view, is_cleared=bool(body.get("clear")))
    if not view.body.get("submit"):
        raise Impossible("this view has no submit button")
    view.values, complaints = enter(bench, user, view, body.get("values") or {})
    if complaints:
        shown = [bench.modals.shown(view)]
        return {
            "ok": True,
            "sent": False,
            "response_action": "errors",
            "errors": complaints,
            "views": shown,
            "messages": [],
        }
    with watch(bench, user.id) as seen:
        payload = view_submission(bench, user=user, view=view)
        ack = await bench.deliveries.send(Delivery("view_submission", payload, user.id))
        return await _after(bench, view, ack, seen, patience(body, AFTER_CLOSE_SECONDS))


async def _after(bench: Bench, view: View, ack: Ack, seen: Watch, wait: float) -> Json:
    answer = ack.answer if isinstance(ack.answer, dict) else {}
    action = answer.get("response_action") if ack.ok else None
    error, errors = ack.error, None
    if ack.ok:
        try:
            errors = _apply(bench, view, answer)
        except SlackError as refused:
            error, action = f"{refused.code}: {refused.rest.get('response_metadata', {}).get('messages', [])}", None
    if error is None and errors is None:
        is_closing = action in (None, "clear")
        await seen.settle(wait, ignore=frozenset({"view_closed"}) if is_closing else frozenset())
    told = {"sent": True, "response_action": action, "errors": errors}
    result = outcome(ack, error) | told | seen.result()
    if error is not None:
        result["trouble"] = TROUBLE
    if errors is not None:
        result["views"] = [bench.modals.shown(view)]
    return result


def _apply(bench: Bench, view: View, answer: Json) -> dict[str, str] | None:
    """Does what the answer to a submission asks; the errors to show, None when it shows none.

    https://docs.slack.dev/surfaces/modals (response actions). Raises SlackError for an answer Slack would refuse.
    """
    action = answer.get("response_action")
    if action is None:
        if view in bench.modals.stack(view.user):
            bench.modals.close(view)
        return None
    if action == "errors":
        return _errors(view, answer.get("errors"))
    if action == "clear":
        bench.modals.close(view, whole_stack=True)
        return None
    if action not in {"update", "push"}:
        raise SlackError("invalid_response_action")
    body = checked_view(bench, answer.get("view"), MODAL)
    try:
        if action == "update":
            bench.modals.update(view, body)
        else:
            bench.modals.push(view.user, body)
    except ViewRefused as refused:
        raise SlackError(refused.code) from refused
    return None


def _errors(view: View, errors: Any) -> dict[str, str]:
    """Errors keyed by block_id; Slack refuses those for a block that is not an input of the view."""
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_errors", response_metadata={"messages": [f"inputs are {sorted(inputs)}"]})
    return {str(block): str(text) for block, text in errors.items()}


async def _close(bench: Bench, user: User, view: View, *, is_cleared: bool) -> Json:
    """Closes a view; its app is told when it asked for that with `notify_on_close`."""
    told = bool(view.body.get("notify_on_close"))
    clears = is_cleared or bool(view.body.get("clear_on_close"))
    payload = view_closed(bench, user=user, view=view, is_cleared=clears)
    with watch(bench, user.id) as seen:
        bench.modals.close(view, whole_stack=clears)
        ack = Ack(None, 200, 0.0)
        if told:
            ack = await bench.deliveries.send(Delivery("view_closed", payload, user.id))
        await seen.settle(1.0)
        return outcome(ack, ack.error) | {"response_action": None, "errors": None} | seen.result()
