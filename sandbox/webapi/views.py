"""views.open, views.push, views.update and views.publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.blocks import view_problems
from sandbox.blocks.rules import HOME, MODAL
from sandbox.modals import ViewRefused, shown_view
from sandbox.model import Json, View
from sandbox.tickets import TicketRefused
from sandbox.webapi.call import Call, SlackError, method

if TYPE_CHECKING:
    from sandbox.bench import Bench

VIEW_BYTES = 250_000  # https://docs.slack.dev/reference/methods/views.open (view_too_large)


@method("views.open")
def open_view(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.open"""
    body = checked_view(bench, call.args.get("view"), MODAL)
    return {"view": shown_view(_placed(bench, call, body, push=False))}


@method("views.push")
def push_view(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.push"""
    body = checked_view(bench, call.args.get("view"), MODAL)
    return {"view": shown_view(_placed(bench, call, body, push=True))}


@method("views.update")
def update_view(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.update"""
    view_id, external_id = call.maybe("view_id"), call.maybe("external_id")
    if view_id is None and external_id is None:
        raise SlackError("invalid_arguments")
    view = bench.modals.find(view_id) if view_id else bench.modals.find_external(str(external_id))
    if view is None:
        raise SlackError("not_found")
    body = checked_view(bench, call.args.get("view"), view.kind)
    try:
        return {"view": shown_view(bench.modals.update(view, body, call.maybe("hash")))}
    except ViewRefused as refused:
        raise SlackError(refused.code) from refused


@method("views.publish")
def publish_view(bench: Bench, call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.publish"""
    user = bench.workspace.users.get(call.text("user_id"))
    if user is None or user.is_bot:
        raise SlackError("user_not_found")
    body = checked_view(bench, call.args.get("view"), HOME)
    try:
        return {"view": shown_view(bench.modals.publish_home(user.id, body, call.maybe("hash")))}
    except ViewRefused as refused:
        raise SlackError(refused.code) from refused


def checked_view(bench: Bench, view: Any, kind: str) -> Json:
    """A view of the wanted kind. Raises SlackError: invalid_arguments with each problem, view_too_large."""
    found = view_problems(view, has_file=bench.workspace.can_show_file)
    if not found and view["type"] != kind:
        found = [f"must be a {kind} view [json-pointer:/view/type]"]
    if found:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] {problem}" for problem in found]}
        )
    if len(str(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    checked: Json = view
    return checked


def _placed(bench: Bench, call: Call, body: Json, *, push: bool) -> View:
    try:
        trigger = bench.tickets.redeem_trigger(call.text("trigger_id"))
        if push:
            return bench.modals.push(trigger.user, body)
        return bench.modals.open(trigger.user, body, channel=trigger.channel)
    except (TicketRefused, ViewRefused) as refused:
        raise SlackError(refused.code) from refused
