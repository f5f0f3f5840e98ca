"""Open modals, stacked per person, and the Home tab of each person."""

from __future__ import annotations

import copy
import secrets
import time

from sandbox.blocks import with_ids
from sandbox.blocks.rules import HOME, MODAL
from sandbox.company import APP_ID, BOT_ID, TEAM_ID
from sandbox.forms import initial_values
from sandbox.model import Json, View
from sandbox.stream import Stream
from sandbox.workspace import random_id

STACK_LIMIT = 3  # https://docs.slack.dev/surfaces/modals
VIEW_DEFAULTS: Json = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "close": None,
    "submit": None,
}


class ViewRefused(Exception):
    """A view cannot be put where the app wants it; `code` is Slack's error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Modals:
    """Keeps the stack of each person and tells the stream what they now see."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def find(self, view_id: str) -> View | None:
        views = [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())
        return next((view for view in views if view.id == view_id), None)

    def find_external(self, external_id: str) -> View | None:
        views = (view for stack in self.stacks.values() for view in stack)
        return next((view for view in views if view.body.get("external_id") == external_id), None)

    def stack(self, user: str) -> list[View]:
        return self.stacks.get(user, [])

    def open(self, user: str, body: Json, *, channel: str | None = None) -> View:
        """Starts a new stack for a person; what was open before goes away without a word to the app.

        Args:
          channel: where the person was; pickers with `default_to_current_conversation` begin with it.
        """
        self._check_external(body, None)
        for view in reversed(self.stack(user)):
            self._tell_closed(view)
        self.stacks[user] = []
        return self._place(user, body, channel)

    def push(self, user: str, body: Json) -> View:
        """Puts a view on top of the person's stack. Raises ViewRefused when nothing is open or three are."""
        if not self.stack(user):
            raise ViewRefused("not_found")
        if len(self.stack(user)) >= STACK_LIMIT:
            raise ViewRefused("push_limit_reached")
        self._check_external(body, None)
        return self._place(user, body)

    def update(self, view: View, body: Json, hash_seen: str | None = None) -> View:
        """Replaces what a view shows, keeping values of inputs that stay. Raises ViewRefused on an old hash."""
        if hash_seen and hash_seen != view.hash:
            raise ViewRefused("hash_conflict")
        self._check_external(body, view)
        view.body = _filled(body)
        view.hash = _new_hash()
        view.values = _kept(view.values, initial_values(view.body["blocks"]))
        self._tell("view_updated", view)
        return view

    def publish_home(self, user: str, body: Json, hash_seen: str | None = None) -> View:
        """Sets what a person sees in the app's Home tab. Raises ViewRefused on an old hash."""
        known = self.homes.get(user)
        if known is not None and hash_seen and hash_seen != known.hash:
            raise ViewRefused("hash_conflict")
        view_id = known.id if known else random_id("V")
        filled = _filled(body)
        view = View(view_id, user, HOME, filled, _new_hash(), view_id, values=initial_values(filled["blocks"]))
        self.homes[user] = view
        self._stream.publish("home", {"user": user, "view": shown_view(view)}, [user])
        return view

    def close(self, view: View, *, whole_stack: bool = False) -> None:
        """Takes a view, and all above it or its whole stack, off the person's screen."""
        stack = self.stack(view.user)
        keep = 0 if whole_stack else stack.index(view)
        for gone in reversed(stack[keep:]):
            self._tell_closed(gone)
        self.stacks[view.user] = stack[:keep]

    def _place(self, user: str, body: Json, channel: str | None = None) -> View:
        stack = self.stacks.setdefault(user, [])
        view_id, filled = random_id("V"), _filled(body)
        previous = stack[-1].id if stack else None
        root = stack[0].id if stack else view_id
        values = initial_values(filled["blocks"], channel)
        view = View(view_id, user, MODAL, filled, _new_hash(), root, previous, values)
        stack.append(view)
        self._tell("view_opened", view)
        return view

    def _check_external(self, body: Json, own: View | None) -> None:
        external_id = body.get("external_id")
        known = self.find_external(external_id) if external_id else None
        if known is not None and known is not own:
            raise ViewRefused("duplicate_external_id")

    def _tell(self, kind: str, view: View) -> None:
        self._stream.publish(kind, self.shown(view), [view.user])

    def _tell_closed(self, view: View) -> None:
        self._stream.publish("view_closed", {"user": view.user, "view_id": view.id}, [view.user])

    def shown(self, view: View) -> Json:
        stack = self.stack(view.user)
        return view.shown(stack.index(view) if view in stack else 0)


def shown_view(view: View) -> Json:
    """A view as Slack's API and payloads carry it."""
    return {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": view.kind,
        **{**VIEW_DEFAULTS, **view.body},
        "state": {"values": view.values},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def _filled(body: Json) -> Json:
    copied = copy.deepcopy(body)
    copied["blocks"] = with_ids(copied.get("blocks", []))
    return copied


def _kept(old: Json, new: Json) -> Json:
    """Values after an update: an input keeps what was typed when its block_id and action_id stay the same.

    https://docs.slack.dev/surfaces/modals (updating views)
    """
    return {
        block_id: {action: old.get(block_id, {}).get(action, value) for action, value in actions.items()}
        for block_id, actions in new.items()
    }


def _new_hash() -> str:
    return f"{int(time.time())}.{secrets.token_hex(4)}"
