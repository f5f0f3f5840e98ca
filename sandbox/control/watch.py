"""Waits for what a person sees as the result of what they did."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from sandbox.bench import Bench
from sandbox.model import Json
from sandbox.stream import Change, Reader

MOST_SECONDS = 15.0
SEEN = {
    "message",
    "message_changed",
    "message_deleted",
    "ephemeral",
    "view_opened",
    "view_updated",
    "view_closed",
    "home",
}
MESSAGES = {"message", "message_changed", "ephemeral"}


def patience(body: Json, default: float) -> float:
    """Seconds the caller wants to wait at most: `wait` of the request, between 0 and a minute."""
    asked = body.get("wait")
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not math.isfinite(asked):
        return default
    return max(0.0, min(60.0, float(asked)))


@dataclass
class Watch:
    """The changes one person saw since the watch began.

    Attributes:
      place: the channel they are in. What is posted in other channels meanwhile is seen too, but it is not what they
        wait for; a direct message may be. None waits for anything.
    """

    bench: Bench
    reader: Reader
    place: str | None = None
    seen: list[Change] = field(default_factory=list)

    async def settle(self, most: float = MOST_SECONDS, *, ignore: frozenset[str] = frozenset()) -> None:
        """Waits until something visible arrived and it was quiet for a moment, at most `most` seconds.

        Args:
          ignore: kinds of change that do not count as the awaited result.
        """
        deadline = monotonic() + most
        self._drain()
        while True:
            is_done = any(change.kind not in ignore and not self._is_elsewhere(change) for change in self.seen)
            left = deadline - monotonic()
            wait = min(self.bench.settings.quiet_seconds, left) if is_done else left
            if wait <= 0:
                return
            try:
                async with asyncio.timeout(wait):
                    change, _ = await self.reader.queue.get()
            except TimeoutError:
                return
            if self.reader.dropped:
                return
            self._keep(change)

    def _drain(self) -> None:
        while not self.reader.queue.empty():
            self._keep(self.reader.queue.get_nowait()[0])

    def _keep(self, change: Change) -> None:
        if change.kind in SEEN:
            self.seen.append(change)

    def messages(self) -> list[Json]:
        """Messages that came or changed, in their last form, in the order they were first seen; other channels' first."""
        told = [one for one in self.seen if one.kind in MESSAGES]
        told.sort(key=self._is_elsewhere, reverse=True)
        found = {(one.body["channel"], one.body["ts"]): one.body for one in told}
        gone = {(one.body["channel"], one.body["ts"]) for one in self.seen if one.kind == "message_deleted"}
        return [body for key, body in found.items() if key not in gone]

    def _is_elsewhere(self, change: Change) -> bool:
        if self.place is None or change.kind not in MESSAGES:
            return False
        channel = self.bench.workspace.channels.get(change.body["channel"])
        return channel is not None and not channel.is_im and channel.id != self.place

    def views(self) -> list[Json]:
        """Views that were opened or changed and are still on the screen, lowest first."""
        touched = {one.body["view_id"] for one in self.seen if one.kind in {"view_opened", "view_updated"}}
        stack = self.bench.modals.stack(self.reader.user or "")
        return [self.bench.modals.shown(view) for view in stack if view.id in touched]

    def result(self) -> Json:
        return {"messages": self.messages(), "views": self.views()}


@contextmanager
def watch(bench: Bench, user: str, place: str | None = None) -> Iterator[Watch]:
    """Watches what `user`, who is in the channel `place`, sees from now until the block ends."""
    with bench.stream.reader(user) as reader:
        yield Watch(bench, reader, place)
