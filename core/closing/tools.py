"""Fees for tools that the usage does not count as the bill does: web searches (cause 11 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import SEARCHES
from core.closing.residual import Finding, Residual
from core.money import usd


def candidates(residual: Residual) -> Iterator[Finding]:
    """Searches that only one side has."""
    grid = residual.grid
    kind = grid.place_of(SEARCHES)
    if kind is None:
        return
    off = residual.nanos[:, :, kind]
    if not off.any():
        return
    own = grid.estimate.nanos[:, :, kind].sum(axis=(0, 1, 2))
    taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
    taken[:, :, kind], money[:, :, kind] = residual.tokens[:, :, kind], residual.money[:, :, kind]
    billed, told = float(grid.bill.nanos[:, :, kind].sum()), float(own.sum())
    evidence = f"the bill charges {usd(round(billed))} for web searches, the books {usd(round(told))}"
    # Where the usage counts searches, what is missing of them is more likely missing with its calls.
    yield Finding(CauseName.TOOL_FEES, evidence, taken, money, prior=1.0 if told <= 0 else 0.9)
