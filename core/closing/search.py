"""The search: take the hypothesis that explains most, take its part away, look again; then hold each against its rivals.

Causes that multiply a part of the bill are taken out of the bill, and all others are looked for anew, so that each is
measured at the books' own price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from core.closing import (
    cached_twice,
    coverage,
    days,
    identity,
    prices,
    rounding,
    served,
    thousands,
    token_classes,
    tools,
    unnamed_tiers,
)
from core.closing.causes import CauseName
from core.closing.compare import implied_tokens
from core.closing.grid import Grid, Side
from core.closing.residual import Before, Finding, Residual, difference, score

_MAX_FINDINGS: Final = 14
_MAX_SCALES: Final = 6
_LEAST_SHARE: Final = 0.02
"""Of the first residual: what explains less is left alone."""
_LEAST_OF_BILL: Final = 0.0003
_BETTER: Final = 1.05


@dataclass(frozen=True, slots=True)
class Ranked:
    """A finding with its score, and the score of the best hypothesis of another name at that time (0 without one)."""

    finding: Finding
    score: float
    rival: float
    touched: float


def search(grid: Grid) -> tuple[list[tuple[Ranked, float]], Residual]:
    """(findings with the nanos that each adds, what is left)."""
    scaled: list[tuple[Ranked, float]] = []
    for _ in range(_MAX_SCALES):
        found, left = _explain(grid)
        first = next((one for one in found if one.finding.scale), None)
        if first is None:
            return [*scaled, *((one, one.finding.nanos(grid)) for one in found)], left
        scaled.append((first, first.finding.nanos(grid)))
        grid = _unscaled(grid, first.finding)
    found, left = _explain(grid, without_scales=True)
    return [*scaled, *((one, one.finding.nanos(grid)) for one in found)], left


def _explain(grid: Grid, *, without_scales: bool = False) -> tuple[list[Ranked], Residual]:
    """Findings until nothing explains enough; stops at the first that scales the bill."""
    start = left = difference(grid)
    floor = max(_LEAST_SHARE * Before.of(start).size, _LEAST_OF_BILL * float(np.abs(grid.bill.nanos).sum()), 1.0)
    floor = max(floor, _noise(grid))
    found: list[Ranked] = []
    while len(found) < _MAX_FINDINGS:
        best = _best(left, without_scales=without_scales)
        if best is None or best.score < floor:
            break
        found.append(best)
        if best.finding.scale:
            return found, left
        left = left.without(best.finding)
    return _checked(found, start, floor, without_scales)


def _checked(found: list[Ranked], start: Residual, floor: float, without_scales: bool) -> tuple[list[Ranked], Residual]:
    """Each finding measured again with all others taken out, and exchanged where another name now explains it better."""
    for _ in range(2):
        for place in range(len(found)):
            left = start
            for other, one in enumerate(found):
                if other != place:
                    left = left.without(one.finding)
            best = _best(left, without_scales=without_scales)
            if best is None or best.score < floor:
                continue
            if best.finding.scale:
                return [best], left
            now = score(Before.of(left), found[place].finding)
            if best.score > now * (_BETTER if best.finding.cause != found[place].finding.cause else 1.0):
                found[place] = best
    left = start
    for one in found:
        left = left.without(one.finding)
    return found, left


def _best(left: Residual, *, without_scales: bool) -> Ranked | None:
    before = Before.of(left)
    best: Finding | None = None
    value = 0.0
    by_cause: dict[CauseName, float] = {}
    # One after the other: hundreds of hypotheses about a large bill would fill the memory.
    for finding in _candidates(left):
        if without_scales and finding.scale:
            continue
        gained = score(before, finding)
        by_cause[finding.cause] = max(gained, by_cause.get(finding.cause, 0.0))
        if gained > value:
            best, value = finding, gained
    if best is None:
        return None
    rival = max((other for cause, other in by_cause.items() if cause is not best.cause), default=0.0)
    touched = float(np.abs(left.nanos[(best.tokens != 0) | (best.money != 0)]).sum())
    return Ranked(best, value, max(rival, 0.0), touched)


def _candidates(left: Residual) -> Iterator[Finding]:
    for family in (
        served,
        token_classes,
        cached_twice,
        identity,
        thousands,
        coverage,
        tools,
        prices,
        unnamed_tiers,
        days,
        rounding,
    ):
        yield from family.candidates(left)


def _noise(grid: Grid) -> float:
    """What rounding of single lines leaves at the levels of the score, on average: nothing below is looked at."""
    lines = float(grid.lines.sum())
    return float(grid.rounded_to * (0.25 * lines / 5 + 0.3 * lines**0.5))


def _unscaled(grid: Grid, finding: Finding) -> Grid:
    assert finding.scale
    mask, ratio = finding.scale
    nanos = np.where(mask, grid.bill.nanos / ratio, grid.bill.nanos)
    tokens = np.where(grid.knows_tokens, grid.bill.tokens, implied_tokens(grid.estimate, nanos, grid.price))
    return replace(grid, bill=Side(tokens, nanos))
