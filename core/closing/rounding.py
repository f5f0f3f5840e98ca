"""Rounding of single lines of the bill, to the nearest or upwards (cause 16 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.residual import Finding, Residual
from core.money import usd

_MOST: Final = 0.8
"""Share of the bill's cells whose difference rounding has to be able to make."""
_SUMMED: Final = 2
_FINE: Final = 100_000
"""Nanos: rounding to a hundredth of a cent or finer is never a cause of weight."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Differences smaller than the unit that the bill is rounded to, in nearly every cell."""
    grid = residual.grid
    if grid.rounded_to < _FINE:
        return
    off, billed = residual.nanos, grid.lines > 0
    within = billed & (np.abs(off) <= grid.rounded_to * grid.lines)
    is_off = within & (np.abs(off) > grid.rounded_to * 1e-3)
    if within.sum() < _MOST * billed.sum() or is_off.sum() < _MOST * within.sum():
        return
    # Some lines are sums of amounts that were rounded before.
    within = billed & (np.abs(off) <= _SUMMED * grid.rounded_to * grid.lines)
    is_off = within & (np.abs(off) > grid.rounded_to * 1e-3)
    upwards = float((off[is_off] > 0).mean())
    tokens, money = residual.as_parts(np.where(within, off, 0.0))
    way = "up" if upwards > 0.95 else "down" if upwards < 0.05 else "to the nearest"
    evidence = (
        f"{int(is_off.sum()):,} of {int(billed.sum()):,} amounts differ by less than {usd(grid.rounded_to)}, "
        f"as rounding {way} makes them"
    )
    # Calls that are missing or doubled here and there leave most amounts as they are; rounding changes each.
    yield Finding(CauseName.ROUNDING, evidence, tokens, money, prior=1.0, details={"rounded_to_nanos": grid.rounded_to})
