"""People for tests that read like a story: `await owner.types("/budget status")`, `await sponsor.clicks("Grant…")`.

A person talks to the control endpoints of a running sandbox, so that it works against any of them, in this process or
another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import aiohttp

from sandbox.blocks.ids import interactive_elements
from sandbox.forms import options_of
from sandbox.model import Json

PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.05


class CannotDo(AssertionError):
    """Slack would not let the person do this; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What a person saw after they did something.

    `errors` are the ones shown under inputs, by block_id; `error` is what Slack says when the app failed.
    """

    messages: list[Json] = field(default_factory=list)
    views: list[Json] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    ack_ms: float = 0.0

    @property
    def text(self) -> str:
        """Everything readable in the messages and views, one text after the other."""
        return "\n".join([*map(text_of, self.messages), *(text_of(view["view"]) for view in self.views)])

    @property
    def message(self) -> Json:
        """The last message. Raises CannotDo when none came."""
        if not self.messages:
            raise CannotDo(f"no message came; error: {self.error}, errors: {self.errors}")
        return self.messages[-1]

    @property
    def view(self) -> Json:
        """The topmost view that opened or changed. Raises CannotDo when none did."""
        if not self.views:
            raise CannotDo(f"no view opened; error: {self.error}, they saw: {self.text!r}")
        view: Json = self.views[-1]["view"]
        return view


class Person:
    """Somebody at their keyboard.

    Args:
      box_url: address of the sandbox.
      user_id: an id like "U0ANA".
      channel: where they are when nothing else is said.
    """

    def __init__(self, box_url: str, user_id: str, *, channel: str = "C0BUDGET") -> None:
        self.box_url, self.user_id, self.channel = box_url, user_id, channel

    async def types(self, text: str, *, channel: str | None = None, thread_ts: str | None = None) -> Outcome:
        """Types a slash command or a message and presses Enter."""
        place = {"user": self.user_id, "channel": channel or self.channel}
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            return _outcome(await self._do("command", place | {"command": command, "text": rest}))
        sent = await self._do("message", place | {"text": text, "thread_ts": thread_ts})
        return Outcome(messages=[sent["message"]])

    async def clicks(self, what: str, *, value: Any = None, message: Json | None = None) -> Outcome:
        """Clicks a button or menu entry.

        Args:
          what: the text on it, or its action_id.
          value: what to pick in a menu or picker, or tells buttons with the same action_id apart.
          message: where it is; otherwise the modal on top, the newest message that has it, or the Home tab.
        """
        place, element, option = await self._find(what, message)
        body: Json = {"user": self.user_id, **place, "action_id": element["action_id"], "value": value}
        if option is not None:
            body["value"] = option["value"]
        elif value is None and element["type"] == "button":
            body["value"] = element.get("value")
        return _outcome(await self._do("click", body))

    async def submits(self, values: Json | None = None, *, wait: float | None = None) -> Outcome:
        """Fills in the modal on top and submits it.

        Args:
          values: by action_id or block_id.
          wait: seconds to wait for something to follow a form that closes; the sandbox's own default for None.
        """
        view = await self.view()
        body: Json = {"user": self.user_id, "view_id": view["id"], "values": values or {}}
        if wait is not None:
            body["wait"] = wait
        return _outcome(await self._do("submit", body))

    async def searches(self, what: str, words: str) -> list[Json]:
        """Types into an external select and returns the options the app offers."""
        place, element, _ = await self._find(what, None)
        body = {"user": self.user_id, **place, "action_id": element["action_id"], "value": words}
        offered: list[Json] = list(options_of(await self._do("options", body)))
        return offered

    async def closes(self) -> Outcome:
        """Closes the modal on top."""
        view = await self.view()
        return _outcome(await self._do("submit", {"user": self.user_id, "view_id": view["id"], "close": True}))

    async def opens_home(self) -> None:
        """Opens the app's Home tab; `home` shows what the app put there."""
        await self._do("home", {"user": self.user_id})

    async def home(self, *, within: float = PATIENCE_SECONDS) -> Json:
        """The Home tab, once the app has published it."""
        async for state in self._states(within):
            if self.user_id in state["homes"]:
                view: Json = state["homes"][self.user_id]
                return view
        raise CannotDo("the app published no Home tab")

    async def view(self) -> Json:
        """The modal on top. Raises CannotDo when none is open."""
        stack = (await self._state())["views"]
        if not stack:
            raise CannotDo("no modal is open")
        view: Json = stack[-1]["view"]
        return view

    async def reads(self, channel: str | None = None) -> list[Json]:
        """What is in a conversation for this person, ephemeral messages too, oldest first. "dm" is the bot's."""
        state = await self._state()
        place = self._place(channel)
        own = [one for one in state["ephemeral"].get(self.user_id, []) if one["channel"] == place]
        return sorted([*state["messages"].get(place, []), *own], key=lambda one: str(one["ts"]))

    async def sees(self, words: str, *, channel: str | None = None, within: float = PATIENCE_SECONDS) -> Json:
        """Waits for a message with these words and returns the newest such. Raises CannotDo after `within` seconds."""
        place = self._place(channel) if channel else None
        async for state in self._states(within):
            found = [one for one in _newest_first(state, self.user_id) if words in text_of(one)]
            fitting = [one for one in found if place in (None, one["channel"])]
            if fitting:
                return fitting[0]
        raise CannotDo(f"{self.user_id} never saw {words!r}")

    async def sets_status(self, text: str, emoji: str = "", *, expires: int = 0) -> None:
        """Sets the status beside their name; `expires` in seconds since the epoch, 0 for never. Two empty texts clear it."""
        profile = {"status_text": text, "status_emoji": emoji, "status_expiration": expires}
        await self._do("profile", {"user": self.user_id, "profile": profile})

    async def uploads(self, name: str, content: bytes) -> str:
        """Picks a file for a `file_input`; returns the id to put into its values."""
        query = {"name": name, "user": self.user_id}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.box_url}/_sandbox/upload", params=query, data=content) as response,
        ):
            return str((await response.json())["file_id"])

    def _place(self, channel: str | None) -> str:
        return f"D{self.user_id.removeprefix('U')}" if channel == "dm" else channel or self.channel

    async def _find(self, what: str, message: Json | None) -> tuple[Json, Json, Json | None]:
        """Where the element is, the element, and the menu entry if it is one."""
        if message is not None:
            places = [({"channel": message["channel"], "ts": message["ts"]}, message["blocks"])]
        else:
            places = _places(await self._state(), self.user_id)
        for place, blocks in places:
            for element in (one for block in blocks for one in interactive_elements(block)):
                label = element["text"]["text"] if element["type"] == "button" else None
                if what in (element.get("action_id"), label):
                    return place, element, None
                if element["type"] == "overflow":
                    entry = next((one for one in options_of(element) if one["text"]["text"] == what), None)
                    if entry is not None:
                        return place, element, entry
        raise CannotDo(f"{self.user_id} sees nothing called {what!r}")

    async def _states(self, within: float) -> AsyncIterator[Json]:
        """The state now and again, until `within` seconds have passed."""
        deadline = monotonic() + within
        while True:
            yield await self._state()
            if monotonic() > deadline:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _state(self) -> Json:
        return await self._call("GET", f"state?user={self.user_id}")

    async def _do(self, action: str, body: Json) -> Json:
        answer = await self._call("POST", action, body)
        if not answer.get("ok"):
            raise CannotDo(answer.get("error"))
        return answer

    async def _call(self, verb: str, path: str, body: Json | None = None) -> Json:
        url = f"{self.box_url}/_sandbox/{path}"
        async with aiohttp.ClientSession() as session, session.request(verb, url, json=body) as response:
            answer: Json = await response.json()
            return answer


def text_of(thing: Any) -> str:
    """What can be read in a message, view or block: every text, label, title, caption and cell."""
    return "\n".join(_texts(thing))


READABLE = ("text", "caption", "alt_text", "title", "label", "name", "x_label", "y_label")


def _texts(thing: Any) -> Iterator[str]:
    if isinstance(thing, list):
        for item in thing:
            yield from _texts(item)
    elif isinstance(thing, dict):
        for name, value in thing.items():
            if isinstance(value, str) and name in READABLE and value:
                yield value
            elif isinstance(value, dict | list) and name not in {"metadata", "files", "files_info", "state"}:
                yield from _texts(value)


def _newest_first(state: Json, user_id: str) -> list[Json]:
    everything = [*(one for held in state["messages"].values() for one in held), *state["ephemeral"].get(user_id, [])]
    return sorted(everything, key=lambda one: str(one["ts"]), reverse=True)


def _places(state: Json, user_id: str) -> list[tuple[Json, list[Json]]]:
    """Where a person would look for a button: the modal on top, then messages from the newest, then the Home tab."""
    views = [({"view_id": one["view_id"]}, one["view"]["blocks"]) for one in state["views"][-1:]]
    messages = [({"channel": one["channel"], "ts": one["ts"]}, one["blocks"]) for one in _newest_first(state, user_id)]
    home = state["homes"].get(user_id)
    return [*views, *messages, *([({"view_id": "home"}, home["blocks"])] if home else [])]


def _outcome(answer: Json) -> Outcome:
    return Outcome(
        answer.get("messages", []),
        answer.get("views", []),
        answer.get("errors") or {},
        answer.get("error"),
        answer.get("ack_ms", 0.0),
    )
