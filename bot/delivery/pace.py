"""How fast Slack may be told: about one message a second in a conversation, and no message edited without a breath."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

PER_SECOND: Final = 1.0
BURST: Final = 4
"""Slack lets short bursts pass (https://docs.slack.dev/apis/web-api/rate-limits); a few are enough for a calm day."""
EDIT_SECONDS: Final = 3.0
_MOST: Final = 5_000


class Pace:
    """Of one process, on a clock that never runs backwards; the workspace's own limit is met by `Retry-After` besides."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._edits: OrderedDict[tuple[str, str], float] = OrderedDict()

    def turn(self, conversation: str) -> float:
        """Take the next turn there: seconds to wait for it, 0 when it is now."""
        now = self._monotonic()
        left, at = self._buckets.pop(conversation, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * PER_SECOND) - 1
        self._buckets[conversation] = (left, now)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        return max(0.0, -left / PER_SECOND)

    def breath(self, message: tuple[str, str]) -> float:
        """Seconds until that message may be edited again; 0 when it may now, which then counts as an edit."""
        now = self._monotonic()
        wait = self._edits.get(message, now) - now
        if wait > 0:
            return wait
        self._edits.pop(message, None)
        self._edits[message] = now + EDIT_SECONDS
        if len(self._edits) > _MOST:
            self._edits.popitem(last=False)
        return 0.0
