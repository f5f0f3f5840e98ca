"""Shares over the weeks, in words that a phone shows whole: one short line each, with a bar and the number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from bot.readable import share

BAR: Final = 10


def trend_lines(weeks: Sequence[tuple[date, float | None]], *, ongoing: bool = True, whole: float = 1.0) -> list[str]:
    """`▰▰▰▰▱▱▱▱▱▱ 41%  week of 5 Oct`, oldest first; leading weeks without spend are left out.

    `whole` is the share that fills a bar. `ongoing`: the last week is the current one, which is not over yet.
    """
    first = next((place for place, (_, part) in enumerate(weeks) if part is not None), len(weeks))
    shown = weeks[first:]
    return [
        f"{bar(part / whole if part else part)} {share(part) if part is not None else 'no spend'} · "
        f"{'this week' if last else f'week of {on.day} {on:%b}'}"
        for place, (on, part) in enumerate(shown)
        for last in [ongoing and place == len(shown) - 1]
    ]


def fitting(parts: Sequence[float | None]) -> float:
    """What should fill a bar so that small shares can be told apart: a tenth, a quarter, half, or all."""
    largest = max((part for part in parts if part), default=1.0)
    return next((whole for whole in (0.1, 0.25, 0.5) if largest < whole), 1.0)


def bar(part: float | None) -> str:
    """Ten places, at least one filled for anything above nothing, and full only for the whole."""
    if not part:
        return "▱" * BAR
    filled = BAR if part >= 1 else min(BAR - 1, max(1, round(part * BAR)))
    return "▰" * filled + "▱" * (BAR - filled)
