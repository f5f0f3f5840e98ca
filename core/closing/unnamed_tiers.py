"""A part of the calls at another price, where the bill does not say which part: batch, tiers, fast mode, long context
(causes 7, 8, 9 and 13 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.catalogue import OFFERED, TIERS, long_factors, tier_factor
from core.closing.causes import CauseName
from core.closing.grid import INPUT, OUTPUT, Floats, Grid
from core.closing.prices import expected_nanos
from core.closing.residual import Finding, Residual
from core.estimate import Mark
from core.money import usd

_FITS: Final = 0.7
"""Share of the difference that has to be no larger than the whole day at the other price would make it."""
_SLACK: Final = 1.02
_NAMED: Final = 0.88
_TIERS: Final = (
    ("batch", CauseName.BATCH_DISCOUNT, 0.9), ("priority", CauseName.SERVICE_TIER, 0.86), ("fast", CauseName.FAST_MODE, 0.84),
)  # fmt: skip


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about a share of a model's calls."""
    grid = residual.grid
    yield from _premium_not_billed(residual)
    for place, model in enumerate(grid.axes.models):
        if factors := long_factors(grid.rate_of, grid.provider, model, grid.on):
            yield from _part(residual, place, CauseName.LONG_CONTEXT, factors, 0.94, "above the long-context threshold")
        for tier, cause, prior in _TIERS:
            if tier not in OFFERED.get(grid.provider, TIERS):
                continue
            if factor := tier_factor(grid.rate_of, grid.provider, model, tier, grid.on):
                # These providers' reports name the tier of every line.
                believed = prior * (_NAMED if grid.provider in OFFERED else 1.0)
                yield from _part(residual, place, cause, (factor, factor), believed, f"at the price of {tier}")


def _premium_not_billed(residual: Residual) -> Iterator[Finding]:
    """Long context that the books charge for and the bill does not."""
    grid = residual.grid
    if not grid.long_nanos.any():
        return
    tokens, money = residual.as_parts(-grid.long_nanos)
    evidence = (
        f"the books hold {usd(round(float(grid.long_nanos.sum())))} for long context that the bill does not charge"
    )
    yield Finding(CauseName.LONG_CONTEXT, evidence, tokens, money, prior=1.0)


def _part(
    residual: Residual, place: int, cause: CauseName, factors: tuple[float, float], prior: float, said: str
) -> Iterator[Finding]:
    """All of a model's difference, where every cell of it is one that a share of its calls could make."""
    grid = residual.grid
    sign = 1 if factors[0] > 1 else -1
    off = np.where(grid.knows_tokens, residual.money, residual.nanos)[:, place]
    room = expected_nanos(residual)[:, place].clip(min=0)
    for classes, factor in ((INPUT, factors[0]), (OUTPUT, factors[1]), (("all",), factors[0])):
        for kind in grid.places_of(classes):
            room[:, kind] *= abs(factor - 1) * _SLACK
    size = float(np.abs(off).sum())
    if size <= 0:
        return
    taken = np.where((np.sign(off) == sign) & (np.abs(off) <= room), off, 0.0)
    fits = float(np.abs(taken).sum()) / size
    # With amounts alone, missing and doubled calls look just so, and are commoner.
    billed = np.abs(grid.bill.nanos[:, place])
    knows = float(billed[grid.knows_tokens[:, place]].sum()) / max(float(billed.sum()), 1.0)
    together = _seen_together(grid, place, taken) if cause is CauseName.LONG_CONTEXT else 1.0
    if fits < _FITS or (knows < 0.5 and together <= 1.0):
        return
    nanos = np.zeros_like(grid.bill.nanos)
    nanos[:, place] = taken
    tokens, money = residual.as_parts(nanos)
    model = grid.axes.models[place]
    share = float(np.abs(taken).sum()) / max(float(room.sum()), 1.0)
    evidence = f"{model}: the tokens agree, and {share:.0%} of them are charged {said}"
    yield Finding(
        cause, evidence, tokens, money, prior=prior * fits * together * _shape(grid, place, taken, factors),
        details={"model": model, "share": round(share, 4)},
    )  # fmt: skip


def _seen_together(grid: Grid, place: int, taken: Floats) -> float:
    """How far the books could not see the size of single calls there, 0.78–1.05."""
    marked = grid.marked.get(Mark.AGGREGATE)
    if marked is None:
        return 0.78
    many = (marked.side.tokens[:, place].sum(axis=1) > 0)[:, None]
    return 0.78 + 0.27 * float(np.abs(np.where(many, taken, 0.0)).sum()) / max(float(np.abs(taken).sum()), 1.0)


def _shape(grid: Grid, place: int, taken: Floats, factors: tuple[float, float]) -> float:
    """How well input and output agree with the cause, 0.8–1: a tier takes the same share of both, long context more input."""
    inputs, outputs = grid.places_of(INPUT), grid.places_of(OUTPUT)
    own_in, own_out = (float(grid.bill.nanos[:, place, kinds].sum()) for kinds in (inputs, outputs))
    if own_in <= 0 or own_out <= 0:
        return 0.9
    share_in = abs(float(taken[:, inputs].sum())) / own_in / abs(factors[0] - 1)
    share_out = abs(float(taken[:, outputs].sum())) / own_out / max(abs(factors[1] - 1), 1e-9)
    if factors[0] != factors[1]:
        return 1.0 if share_in >= 0.95 * share_out else 0.85
    alike = min(share_in, share_out) / max(share_in, share_out, 1e-12)
    return 0.8 + 0.2 * alike
