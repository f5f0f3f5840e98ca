"""How large an envelope is proposed to be: what is expected, with room for growth, and the reason in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.correction import Learned
from core.money import NANOS, divide_half_even, usd
from core.store.forecast_rows import Foretold

ROUND_TO: Final = 10 * NANOS


def with_margin(nanos: int, margin: float) -> int:
    """The amount with room for growth (0.2 is a fifth), rounded up to whole tens of dollars."""
    return -(-divide_half_even(nanos * round((1 + margin) * 100), 100) // ROUND_TO) * ROUND_TO


def as_billed(told: Foretold, learned: Learned) -> Foretold:
    """A kept forecast as the invoices would see it."""
    low, middle, high = map(learned.applied, (told.p10_nanos, told.p50_nanos, told.p90_nanos))
    return replace(told, p10_nanos=low, p50_nanos=middle, p90_nanos=high)


def foretold_basis(told: Foretold, margin: float, spent_nanos: int, *, learned: str = "") -> str:
    """What the proposal rests on: the middle of the forecast, its range and its day; `learned` is what it was corrected by."""
    corrected = f"; {learned}" if learned else ""
    between = f"{usd(told.p10_nanos)} to {usd(told.p90_nanos)} in four months out of five"
    day = f"{told.as_of.day} {told.as_of:%b}"
    return (
        f"Forecast of {usd(told.p50_nanos)} ({between}; from usage up to {day}{corrected}) plus {margin:.0%} margin; "
        f"spent so far {usd(spent_nanos)}."
    )
