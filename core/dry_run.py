"""What a ladder that only reports would have done to the usage that came while it stood by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.degradation import Degradation, Room
from core.ladder_effect import ModelDay, swapped_of
from core.money import usd
from core.rates import Rate

MINUTES_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class DryRun:
    """What really came while a ladder only reported, and what the ladder would have made of it.

    Attributes:
      since: the beginning of the first whole hour that counts.
      requests: all of them, served or not by the ladder's leave; `swapped` those that the cheaper model would have served,
        `held_back` at least those that the throttle would have denied, taken evenly over each hour.
      saved_nanos: of `spent_nanos`, what those requests really cost; not negative.
    """

    ladder: Degradation
    since: datetime
    requests: int
    swapped: int
    held_back: int
    spent_nanos: int
    saved_nanos: int


def dry_run_of(
    hours: Sequence[Sequence[ModelDay]],
    ladder: Degradation,
    room: Room,
    fallback: Rate | None,
    *,
    since: datetime,
    spent_nanos: int,
) -> DryRun:
    """Hold the ladder against real hours, oldest first.

    Args:
      fallback: the price of the ladder's cheaper model; None where it names none.
      spent_nanos: the cycle's spend with these hours; tells in which of them the throttle would have stood.
    """
    requests = swapped = held_back = saved = 0
    cost = sum(one.cost_nanos for hour in hours for one in hour)
    used = spent_nanos - cost
    for hour in hours:
        came, paid = sum(one.requests for one in hour), sum(one.cost_nanos for one in hour)
        moved, gain = swapped_of(hour, ladder, fallback)
        late = 0
        if ladder.requests_per_minute and room.throttled is not None and used >= room.throttled:
            late = max(0, came - ladder.requests_per_minute * MINUTES_AN_HOUR)
        requests, swapped, held_back = requests + came, swapped + moved, held_back + late
        saved += gain + ((paid - gain) * late // came if came else 0)
        used += paid
    return DryRun(ladder, since, requests, swapped, held_back, cost, saved)


def dry_run_words(run: DryRun) -> str:
    """One sentence, not escaped; the day stands before it."""
    if not run.requests:
        return "no request came yet that the ladder would have touched."
    did = []
    if run.ladder.model:
        did.append(f"sent {run.swapped:,} of {run.requests:,} requests to {run.ladder.model}")
    if run.ladder.requests_per_minute:
        did.append(
            f"held back at least {run.held_back:,} of {run.requests:,} requests"
            if not did
            else f"held back at least {run.held_back:,}"
        )
    did.append(f"saved {usd(run.saved_nanos)} of {usd(run.spent_nanos)}")
    return f"the ladder would have {', '.join(did[:-1])} and {did[-1]}."
