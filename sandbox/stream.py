"""Fan-out of changes to pages and to whoever waits for a result. Queues are bounded; a slow reader is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

QUEUE_CHANGES = 1000
Json = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """Something that happened. `audience` None means that everybody may see it."""

    kind: str
    body: Json
    audience: frozenset[str] | None = None

    def visible_to(self, user: str | None) -> bool:
        return user is None or self.audience is None or user in self.audience


@dataclass(eq=False)
class Reader:
    """One subscription; `dropped` is set when it fell behind by more than its queue holds."""

    user: str | None
    queue: asyncio.Queue[tuple[Change, bytes]] = field(default_factory=lambda: asyncio.Queue(QUEUE_CHANGES))
    dropped: bool = False


class Stream:
    """Publishes changes to any number of readers without ever waiting for one of them."""

    def __init__(self) -> None:
        self._readers: set[Reader] = set()
        self._listeners: list[Callable[[Change], None]] = []

    def __len__(self) -> int:
        return len(self._readers)

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Calls `listener` in place for each change; it must be quick and must not raise."""
        self._listeners.append(listener)

    def publish(self, kind: str, body: Json, audience: Iterable[str] | None = None) -> None:
        change = Change(kind, body, None if audience is None else frozenset(audience))
        for listener in self._listeners:
            listener(change)
        if not self._readers:
            return
        # Encoded once for all readers: fifty open pages must not cost fifty encodings.
        encoded = b"event: change\ndata: " + msgspec.json.encode({**body, "kind": kind}) + b"\n\n"
        for reader in tuple(self._readers):
            if not change.visible_to(reader.user):
                continue
            try:
                reader.queue.put_nowait((change, encoded))
            except asyncio.QueueFull:
                self._drop(reader)

    def close(self) -> None:
        """Ends every subscription."""
        for reader in tuple(self._readers):
            self._drop(reader)

    def _drop(self, reader: Reader) -> None:
        """Lets a reader go. Its backlog is given up at once, so that it holds no memory while it wakes."""
        reader.dropped = True
        self._readers.discard(reader)
        while not reader.queue.empty():
            reader.queue.get_nowait()
        reader.queue.put_nowait((Change("dropped", {}), b": dropped\n\n"))

    @contextmanager
    def reader(self, user: str | None) -> Iterator[Reader]:
        """A subscription to what `user` may see (None: everything), ended on leaving the block."""
        reader = Reader(user)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
