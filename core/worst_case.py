"""How much the month can cost at worst, and what of it nothing bounds; pure.

Through the guard, spend does not pass the hard limit. Without it, a breach is acted upon once usage has arrived: until
then it runs on for the feed's lag at the burn rate. A workload without an envelope is bounded by nothing, and is said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Exposure:
    """One workload. Nanos; `limit_nanos` is its hard limit, None without an envelope.

    Attributes:
      is_guarded: its requests ask the guard before they spend.
      spent_nanos: this cycle; a limit that is passed already bounds nothing below it.
      burn_nanos: its dearest hour of the last seven days.
      ends_nanos: where the forecast sees the month end, for what nothing bounds.
    """

    workload: str
    limit_nanos: int | None
    is_guarded: bool
    spent_nanos: int
    burn_nanos: int
    ends_nanos: int = 0


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The sum and its parts, in nanos.

    Attributes:
      guarded_nanos: hard limits that the guard keeps.
      alerted_nanos: hard limits that people keep, and `overrun_nanos` what may run on above them until usage has arrived.
      lag: how long usage takes to arrive, at worst.
      unbounded: workloads without an envelope, with where the forecast sees them end; largest first.
    """

    guarded_nanos: int
    alerted_nanos: int
    overrun_nanos: int
    lag: timedelta
    guarded: int
    alerted: int
    unbounded: tuple[tuple[str, int], ...]

    @property
    def bounded_nanos(self) -> int:
        return self.guarded_nanos + self.alerted_nanos + self.overrun_nanos


def worst_case(exposures: Sequence[Exposure], lag: timedelta) -> WorstCase:
    """Sums over all workloads. `lag` at least zero; a part of an hour costs its part of the dearest hour, rounded up."""
    assert lag >= timedelta(0)
    guarded = [one for one in exposures if one.limit_nanos is not None and one.is_guarded]
    alerted = [one for one in exposures if one.limit_nanos is not None and not one.is_guarded]
    loose = [(one.workload, max(one.ends_nanos, one.spent_nanos)) for one in exposures if one.limit_nanos is None]
    micros, hour = lag // timedelta(microseconds=1), 3_600_000_000
    return WorstCase(
        sum(_limit(one) for one in guarded), sum(_limit(one) for one in alerted),
        sum(-(-one.burn_nanos * micros // hour) for one in alerted), lag, len(guarded), len(alerted),
        tuple(sorted(((name, ends) for name, ends in loose if ends), key=lambda one: (-one[1], one[0]))),
    )  # fmt: skip


def _limit(one: Exposure) -> int:
    return max(one.limit_nanos or 0, one.spent_nanos)
