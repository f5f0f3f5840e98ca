"""Calls served otherwise than the books believed, where the bill says how: batch, tiers, fast mode, long context, region
(causes 7, 8, 9, 10 and 13 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.catalogue import Variant
from core.closing.causes import CauseName
from core.closing.grid import Floats
from core.closing.residual import Finding, Residual, agreement, names, premium_of, weighted_median

_SAME: Final = 0.005
_AGREES: Final = 0.5
"""Share of the amount in which the ratio has to repeat."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Tokens that are under one variant in the books and under another on the bill."""
    variants = residual.grid.axes.variants
    for source, told in enumerate(variants):
        for target, billed in enumerate(variants):
            if source != target and (finding := _moved(residual, source, target, told, billed)):
                yield finding


def _matched(residual: Residual, source: int, target: int, moved: Floats) -> tuple[Floats, Floats]:
    """(tokens that leave, tokens that arrive): the same, or in one ratio where the bill's price is not the list's.

    A bill that tells amounts only seems to have more or fewer tokens then, by the same factor everywhere.
    """
    lacking = np.maximum(-residual.tokens[:, :, :, source], 0)
    extra = np.maximum(residual.tokens[:, :, :, target], 0)
    both = (lacking > 0) & (extra > 0) & ~residual.grid.knows_tokens[:, :, :, target]
    ratio = np.divide(extra, lacking, out=np.zeros_like(extra), where=both)
    weights = np.where(both, lacking * residual.grid.price[:, :, :, source], 0.0)
    centre = weighted_median(ratio, weights)
    if centre <= 0 or abs(centre - 1) < _SAME or agreement(ratio, weights, centre, _SAME * centre) < _AGREES:
        return moved, moved
    exact = both & (np.abs(ratio - centre) <= _SAME * centre)
    return np.where(exact, lacking, moved), np.where(exact, extra, moved)


def cause_of(told: Variant, billed: Variant) -> CauseName:
    """What makes the difference between two variants."""
    if told.is_long != billed.is_long:
        return CauseName.LONG_CONTEXT
    if told.tier != billed.tier:
        tiers = {told.tier, billed.tier}
        if "batch" in tiers:
            return CauseName.BATCH_DISCOUNT
        return CauseName.FAST_MODE if "fast" in tiers else CauseName.SERVICE_TIER
    return CauseName.RESIDENCY


def _moved(residual: Residual, source: int, target: int, told: Variant, billed: Variant) -> Finding | None:
    grid = residual.grid
    moved = np.minimum(
        np.maximum(-residual.tokens[:, :, :, source], 0), np.maximum(residual.tokens[:, :, :, target], 0)
    )
    if not moved.any():
        return None
    tokens, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
    out, into = _matched(residual, source, target, moved)
    tokens[:, :, :, source] -= out
    tokens[:, :, :, target] += into
    # What the bill charges for the variant beyond its list price is a part of how it was served.
    money[:, :, :, target] = np.where(
        (grid.estimate.tokens[:, :, :, target] <= 0) & (moved > 0), residual.money[:, :, :, target], 0.0
    )
    money[:, :, :, source] = premium_of(residual, tokens)[:, :, :, source]
    by_model = moved.sum(axis=(0, 2, 3))
    models = [grid.axes.models[place] for place in np.argsort(-by_model, kind="stable") if by_model[place] > 0]
    evidence = (
        f"{moved.sum():,.0f} tokens of {names(models)} are {told.words} in the books and {billed.words} on the bill"
    )
    details: dict[str, object] = {"models": models, "from": told.words, "to": billed.words}
    return Finding(cause_of(told, billed), evidence, tokens, money, details=details)
