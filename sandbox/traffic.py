"""The log of everything that went over the wire between the workspace and the app."""

from __future__ import annotations

from collections import deque
from typing import Any

from sandbox.clock import Now
from sandbox.model import Json
from sandbox.stream import Stream

ENTRIES = 5000
WITH_BODIES = 500  # Older entries lose their bodies: a month of charts would not fit into memory.


class Traffic:
    """A bounded log, newest last."""

    def __init__(self, stream: Stream, now: Now) -> None:
        self._stream = stream
        self._now = now
        self._entries: deque[Json] = deque(maxlen=ENTRIES)

    def add(self, kind: str, *, ok: bool, ms: float, **rest: Any) -> Json:
        """Adds an entry: `kind` is "api", "delivery", "response_url" or "socket"; the rest as in the contract."""
        entry: Json = {"at": self._now().isoformat(), "kind": kind, "ok": ok, "ms": round(ms, 1)}
        entry |= {name: value for name, value in rest.items() if value is not None}
        self._entries.append(entry)
        if len(self._entries) > WITH_BODIES:
            old = self._entries[-WITH_BODIES - 1]
            old.pop("request", None)
            old.pop("response", None)
        self._stream.publish("log", {"entry": entry})
        return entry

    def entries(self) -> list[Json]:
        return list(self._entries)
