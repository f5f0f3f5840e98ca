"""How an event came to be known: how far its counts can be trusted, whom to believe, and what its sender knew."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from core.intake.record import Trust
from core.usage import Quality


class Knows(IntEnum):
    """Bits of what a sender told beside the counts."""

    CACHE_LIFETIMES = 1
    TIER = 2
    FAILURE = 4
    MERGED = 8
    """Not told: the row learned from another report, so it differs from what its own sender sent."""


class Witness(NamedTuple):
    """`knows` is a sum of `Knows`; `seen_ids` are further ids under which the same source may send this call again."""

    quality: Quality = Quality.EXACT
    trust: Trust = Trust.NATIVE
    knows: int = Knows.CACHE_LIFETIMES + Knows.TIER
    seen_ids: tuple[str, ...] = ()


SENDER: Final = Witness()
"""A native usage event: its sender says what it measured."""
