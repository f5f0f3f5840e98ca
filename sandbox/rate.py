"""About one message a second per channel, with short bursts; each channel has its own bucket.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BUCKETS = 10_000


@dataclass
class RateLimit:
    """`per_second` messages refill a bucket that holds `burst` of them. The clock is a monotonic one, in seconds."""

    per_second: float = 1.0
    burst: int = 10
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_seconds(self, channel: str) -> int:
        """Takes a message out of the channel's bucket: 0 when there was one, else whole seconds until there is."""
        now = self.clock()
        level, at = self._buckets.pop(channel, (float(self.burst), now))
        level = min(float(self.burst), level + (now - at) * self.per_second)
        if len(self._buckets) >= BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        if level >= 1:
            self._buckets[channel] = (level - 1, now)
            return 0
        self._buckets[channel] = (level, now)
        return max(1, math.ceil((1 - level) / self.per_second))
