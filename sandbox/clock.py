"""The workspace's wall clock and its message ids. Message times may follow a story's clock; tickets never do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]


def real_now() -> datetime:
    return datetime.now(UTC)


class Timestamps:
    """Hands out message ids: seconds with six decimals, each greater than the last even when the clock steps back."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._last_micros = 0

    def next(self) -> str:
        micros = int(self._now().timestamp() * 1_000_000)
        self._last_micros = max(micros, self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def start_after(self, ts: str) -> None:
        """Keeps ids unique after a saved state was loaded whose newest message is `ts`."""
        seconds, _, micros = ts.partition(".")
        self._last_micros = max(self._last_micros, int(seconds) * 1_000_000 + int(micros or 0))
