"""Where labels go: how much room they take, and how they keep out of each other's way. All in logical pixels."""

from __future__ import annotations

from typing import Final

LABEL: Final = 22
"""The height that one line of text takes, with some air."""

Box = tuple[float, float, float, float]
"""Left, low, right, high."""


def box_at(place: tuple[float, float, str, str], width: float) -> Box:
    """The room that one line of words takes whose corner is at `place`."""
    x, y, across, upright = place
    left, low = x - width * (across == "right"), y - LABEL * (upright == "top")
    return left, low, left + width, low + LABEL


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def spread(wanted: list[float], *, gap: float, low: float, high: float) -> list[float]:
    """Heights as near to the wanted ones as it goes, at least `gap` apart and, if they fit, from `low` to `high`."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed = [0.0] * len(wanted)
    floor = low
    for place in order:
        placed[place] = floor = max(floor, wanted[place])
        floor += gap
    ceiling = high
    for place in reversed(order):
        placed[place] = min(placed[place], ceiling)
        ceiling = placed[place] - gap
    return placed
