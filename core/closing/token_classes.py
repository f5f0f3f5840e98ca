"""Token classes taken for one another, or not told: cached input, cache writes and their lifetime, audio, reasoning
(causes 1, 2, 3, 4 and 12 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import Floats
from core.closing.residual import Finding, Residual, names
from core.money import usd

_MOVES: Final[tuple[tuple[tuple[tuple[str, str], ...], CauseName], ...]] = (
    ((("input_uncached", "cache_read"),), CauseName.CACHED_DOUBLE_COUNTED),
    ((("cache_read", "input_uncached"),), CauseName.CACHED_DOUBLE_COUNTED),
    ((("input_uncached", "cache_write"), ("input_uncached", "cache_write_1h")), CauseName.CACHE_WRITE_IGNORED),
    ((("cache_write", "input_uncached"), ("cache_write_1h", "input_uncached")), CauseName.CACHE_WRITE_IGNORED),
    ((("cache_read", "cache_write"), ("cache_read", "cache_write_1h")), CauseName.CACHE_WRITE_IGNORED),
    ((("cache_write", "cache_write_1h"),), CauseName.CACHE_TTL_UNKNOWN),
    ((("cache_write_1h", "cache_write"),), CauseName.CACHE_TTL_UNKNOWN),
    ((("input_uncached", "input_audio"), ("output", "output_audio")), CauseName.MODALITY),
    ((("input_audio", "input_uncached"), ("output_audio", "output")), CauseName.MODALITY),
)
"""The class in the estimate and the class on the bill of the same tokens → the cause."""
_WORDS: Final = {
    "input_uncached": "uncached input", "cache_read": "cache reads", "cache_write": "5-minute cache writes",
    "cache_write_1h": "1-hour cache writes", "input_audio": "audio input", "output_audio": "audio output", "output": "output",
}  # fmt: skip
_ALONE: Final = (
    (("output",), 1, CauseName.REASONING_MISSED, "more output"), (("output",), -1, CauseName.REASONING_MISSED, "less output"),
    (("input_uncached",), -1, CauseName.CACHED_DOUBLE_COUNTED, "less uncached input"),
    (("input_uncached",), 1, CauseName.CACHED_DOUBLE_COUNTED, "more uncached input"),
    (("cache_read",), 1, CauseName.CACHED_DOUBLE_COUNTED, "more cache reads"),
    (("cache_read",), -1, CauseName.CACHED_DOUBLE_COUNTED, "fewer cache reads"),
    (("cache_write", "cache_write_1h"), 1, CauseName.CACHE_WRITE_IGNORED, "more cache writes"),
    (("cache_write", "cache_write_1h"), -1, CauseName.CACHE_WRITE_IGNORED, "fewer cache writes"),
    (("input_audio", "output_audio"), 1, CauseName.MODALITY, "more audio"),
)  # fmt: skip
"""Classes that can be off while all others agree, the direction, the cause and its words."""
_PURE: Final = 0.2
"""By how much the other classes of the same calls may be off, in parts of the relative difference of the class itself."""
_DUST: Final = 0.002
_NET: Final = 0.5
"""Where the classes make up for one another in tokens, calls are not missing them but name them otherwise."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about classes, where the bill is split by class."""
    if len(residual.grid.axes.classes) < 2:
        return
    yield from _taken_for_another(residual)
    yield from _alone(residual)


def _taken_for_another(residual: Residual) -> Iterator[Finding]:
    for pairs, cause in _MOVES:
        left = residual.tokens.copy()
        taken = np.zeros_like(left)
        told: list[str] = []
        for source, target in pairs:
            a, b = residual.grid.place_of(source), residual.grid.place_of(target)
            if a is None or b is None:
                continue
            moved = np.minimum(np.maximum(-left[:, :, a], 0), np.maximum(left[:, :, b], 0))
            if not moved.any():
                continue
            left[:, :, a] += moved
            left[:, :, b] -= moved
            taken[:, :, a] -= moved
            taken[:, :, b] += moved
            told.append(f"{moved.sum():,.0f} tokens are {_WORDS[source]} in the books and {_WORDS[target]} on the bill")
        if told:
            models = _models(residual, taken)
            yield Finding(
                cause, f"{'; '.join(told)} ({names(models)})", taken, np.zeros_like(left), details={"models": models},
                prior=0.97 if cause is CauseName.MODALITY else 1.0,
            )  # fmt: skip


def _alone(residual: Residual) -> Iterator[Finding]:
    """One class off in cells where all other classes of the same calls agree."""
    grid = residual.grid
    worth = residual.tokens * grid.price
    base = np.maximum(grid.estimate.nanos, grid.bill.nanos)
    for classes, sign, cause, words in _ALONE:
        places = grid.places_of(classes)
        others = [place for place in range(len(grid.axes.classes)) if place not in places]
        if not places or not others:
            continue
        off, rest = worth[:, :, places].sum(axis=2), np.abs(worth[:, :, others]).sum(axis=2)
        own, other = base[:, :, places].sum(axis=2), base[:, :, others].sum(axis=2)
        share = np.divide(np.abs(off), own, out=np.zeros_like(off), where=own > 0)
        impure = np.divide(rest, other, out=np.ones_like(rest), where=other > 0)
        pure = (np.sign(off) == sign) & (impure <= np.maximum(_PURE * share, _DUST)) & (share > _DUST)
        net, gross = residual.tokens[:, :, places].sum(axis=2), np.abs(residual.tokens[:, :, places]).sum(axis=2)
        pure &= np.abs(net) >= _NET * gross
        if classes == ("input_uncached",):
            # Only cached tokens can be in the input twice, or be taken out of it.
            read = grid.place_of("cache_read")
            pure &= (grid.bill.tokens[:, :, read] > 0 if read is not None else False) & (
                np.abs(residual.tokens[:, :, places[0]]) <= 1.1 * grid.bill.tokens[:, :, read]
            )
        taken = np.zeros_like(residual.tokens)
        taken[:, :, places] = np.where(pure[:, :, None], residual.tokens[:, :, places], 0.0)
        if not taken.any():
            continue
        # Input that is counted twice lifts calls above a long-context threshold, and all their classes with it.
        lifted = (
            pure[:, :, None] & (np.sign(residual.money) == sign) & (np.abs(residual.money) <= grid.long_nanos * 1.05)
        )
        money = np.where(lifted, residual.money, 0.0)
        models = _models(residual, taken)
        amount = float((taken * grid.price).sum() + money.sum())
        days = int(pure.any(axis=(1, 2, 3)).sum())
        evidence = (
            f"{names(models)}: the bill has {words} than the books, {usd(round(abs(amount)))} on {days} days, "
            "while the other classes of the same calls agree"
        )
        yield Finding(cause, evidence, taken, money, details={"models": models}, prior=0.96)


def _models(residual: Residual, taken: Floats) -> list[str]:
    worth = np.abs(taken * np.maximum(residual.grid.price, 1e-9)).sum(axis=(0, 2, 3, 4))
    order = [place for place in np.argsort(-worth, kind="stable") if worth[place] > 0.01 * worth.sum()]
    return [residual.grid.axes.models[place] for place in order]
