"""Differences that lie in when a call counts: day edges, late data, and credits that pay the first days
(causes 14, 17 and 18 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.residual import Finding, Residual
from core.money import usd

_HOURS: Final = 14
_REACHES: Final = 0.6
_LATE_DAYS: Final = 6
_FIRST_DAYS: Final = 10
"""Credits and free tokens begin with the month; what is free later only is something else."""
_CALM: Final = 0.35
"""Share of the last days' relative difference that other days may have for it to be a matter of the last days."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about days, where the bill is split by day."""
    if residual.grid.axes.days:
        yield from _shifted(residual)
        yield from _late(residual)
        yield from _free_beginning(residual)


def _shifted(residual: Residual) -> Iterator[Finding]:
    """All calls some hours earlier or later, as clocks in another time zone would have them."""
    grid = residual.grid
    if grid.shifted is None:
        return
    best: tuple[float, int, np.ndarray] | None = None
    for hours in (*range(-_HOURS, 0), *range(1, _HOURS + 1)):
        change = grid.shifted(hours) - grid.estimate.tokens
        left = np.abs((residual.tokens - change) * grid.price).sum()
        if best is None or left < best[0]:
            best = float(left), hours, change
    if best is None:
        return
    _, hours, change = best
    # Hours that came in from the neighbouring month are on the bill, and often in no usage file.
    edge = 0 if hours > 0 else -1
    change = change.copy()
    change[edge] += np.maximum((residual.tokens - change)[edge], 0)
    days = int((np.abs(residual.tokens * grid.price).sum(axis=(1, 2, 3, 4)) > 0).sum())
    way = "later" if hours > 0 else "earlier"
    evidence = f"{days} days differ from their neighbours the other way round; {abs(hours)} hours {way} they agree"
    yield Finding(CauseName.DAY_EDGES, evidence, change, np.zeros_like(change), prior=0.97, details={"hours": hours})


def _late(residual: Residual) -> Iterator[Finding]:
    """The last days short on one side, while the days before agree."""
    grid = residual.grid
    off = residual.nanos.sum(axis=(1, 2, 3, 4))
    own = np.maximum(grid.estimate.nanos.sum(axis=(1, 2, 3, 4)), grid.bill.nanos.sum(axis=(1, 2, 3, 4)))
    share = np.divide(off, own, out=np.zeros_like(off), where=own > 0)
    for count in range(1, _LATE_DAYS + 1):
        last = slice(len(share) - count, len(share))
        sign = np.sign(off[last].sum())
        if sign == 0 or np.any(np.sign(off[last]) != sign):
            continue
        size = float(np.abs(share[last]).min())
        before = float(np.median(np.abs(share[:-count]))) if len(share) > count else 0.0
        reach = _reach(residual, last)
        if size < 0.01 or before > _CALM * size or reach < _REACHES:
            continue
        taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
        taken[last], money[last] = residual.tokens[last], residual.money[last]
        amount = usd(round(abs(float(off[last].sum()))))
        who = "the bill is short of" if sign < 0 else "the books are short of"
        evidence = f"from {_day(grid.axes.days[last.start])} on {who} {amount}, {size:.0%} a day and more; the days before agree"
        yield Finding(
            CauseName.LATE_DATA, evidence, taken, money, prior=0.75 + 0.2 * reach,
            details={"from_on": grid.axes.days[last.start].isoformat(), "short": "bill" if sign < 0 else "books"},
        )  # fmt: skip


def _reach(residual: Residual, last: slice) -> float:
    """Share of the usage of these days whose models and classes are off, 0–1: late data spares none of them."""
    grid = residual.grid
    own = np.maximum(grid.estimate.nanos, grid.bill.nanos)[last].sum(axis=0)
    off = residual.nanos[last].sum(axis=0)
    mean = abs(float(off.sum())) / max(float(own.sum()), 1.0)
    is_off = (np.sign(off) == np.sign(off.sum())) & (np.abs(off) > 0.3 * mean * own)
    return float(own[is_off].sum()) / max(float(own.sum()), 1.0)


def _free_beginning(residual: Residual) -> Iterator[Finding]:
    """Use that cost nothing, up to a day on which what pays for it is used up: a credit or free tokens."""
    grid = residual.grid
    own, billed = grid.estimate.nanos, grid.bill.nanos
    free = (own > 0) & (billed <= 0) & (residual.nanos < 0)
    by_day, own_by_day = np.where(free, own, 0.0).sum(axis=(1, 2, 3, 4)), own.sum(axis=(1, 2, 3, 4))
    # A line that charges nothing says it; without lines only whole days say so.
    told = (free & (grid.lines > 0)).any(axis=(1, 2, 3, 4)) | (by_day > 0.95 * own_by_day) & (own_by_day > 0)
    if not told.any() or not told[:_FIRST_DAYS].any():
        return
    last = int(np.flatnonzero(told)[-1])
    for days in (last + 1, last + 2):
        less = residual.nanos[:days] < 0
        taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
        taken[:days] = np.where(less, residual.tokens[:days], 0.0)
        money[:days] = np.where(less, residual.money[:days], 0.0)
        amount = usd(round(abs(float(residual.nanos[:days][less].sum()))))
        evidence = f"use up to {_day(grid.axes.days[last])} costs nothing on the bill, {amount} less than in the books; later days agree"
        yield Finding(
            CauseName.CREDIT, evidence, taken, money, prior=1.0, details={"until_on": grid.axes.days[last].isoformat()}
        )


def _day(on: date) -> str:
    return f"{on.day} {on:%B}"
