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
    """Days at the beginning of the month that cost nothing although there was use: a credit or free tokens."""
    grid = residual.grid
    billed, own = grid.bill.nanos.sum(axis=(1, 2, 3, 4)), grid.estimate.nanos.sum(axis=(1, 2, 3, 4))
    free = (billed < 0.02 * own) & (own > 0)
    count = int(np.argmin(free)) if not free.all() else 0
    if not count:
        return
    # The day on which it is used up is paid in part.
    partly = count < len(free) and 0.02 < billed[count] / max(own[count], 1) < 0.9
    for days in {count, count + partly}:
        taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
        taken[:days], money[:days] = residual.tokens[:days], residual.money[:days]
        amount = usd(round(abs(float(residual.nanos[:days].sum()))))
        evidence = f"the first {days} days cost nothing or little on the bill, {amount} less than in the books; later days agree"
        yield Finding(CauseName.CREDIT, evidence, taken, money, prior=1.0, details={"days": int(days)})


def _day(on: date) -> str:
    return f"{on.day} {on:%B}"
