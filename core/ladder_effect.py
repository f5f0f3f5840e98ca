"""What a ladder would have done to the usage of the last days: how many requests it touches, what it saves, how long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.degradation import Degradation, Room
from core.rates import Rate
from core.usage import TokenClasses

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class ModelDay:
    """What a workload used of one model on one day."""

    model: str
    requests: int
    tokens: TokenClasses
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class LadderEffect:
    """A ladder held against past days, as if it had been on all the time; per day, nanos.

    Attributes:
      requests: all of them; `swapped` those that the cheaper model would have served, `held_back` at least those that the
        throttle would have denied, taken evenly over the day: peaks add to it.
      saved_nanos: may not be negative: what would not get cheaper keeps its model.
      days_without, days_with: how long the room past the hard threshold lasts; None while nothing is spent.
    """

    requests: float
    swapped: float
    held_back: float
    burn_nanos: float
    saved_nanos: float
    days_without: float | None
    days_with: float | None


def effect_of(
    usage: Sequence[ModelDay], days: int, ladder: Degradation, room: Room, fallback: Rate | None
) -> LadderEffect:
    """Hold a ladder against `usage` of so many complete days (at least 1). Tokens are carried over to the cheaper model,
    although tokenizers differ; sums pay its lowest price band."""
    swapped, saved = swapped_of(usage, ladder, fallback)
    requests = sum(one.requests for one in usage) / days
    burn = sum(one.cost_nanos for one in usage) / days
    after = burn - saved / days
    held_back = max(0.0, requests - ladder.requests_per_minute * MINUTES_A_DAY) if ladder.requests_per_minute else 0.0
    if requests:
        after *= 1 - held_back / requests
    span = room.limit - room.hard
    return LadderEffect(
        requests, swapped / days, held_back, burn, burn - after, span / burn if burn else None, span / after if after > 0 else None
    )  # fmt: skip


def swapped_of(usage: Sequence[ModelDay], ladder: Degradation, fallback: Rate | None) -> tuple[int, int]:
    """How many requests the cheaper model would have served, and the nanos that this saves; what is no dearer keeps its model."""
    swapped, saved = 0, 0
    for one in usage:
        if fallback is None or ladder.model is None or one.model == ladder.model:
            continue
        gain = one.cost_nanos - fallback.cost(one.tokens, max(2, one.requests))
        if gain > 0:
            swapped, saved = swapped + one.requests, saved + gain
    return swapped, saved
