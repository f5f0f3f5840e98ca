"""Token classes taken for one another, or not told: cached input, cache writes and their lifetime, audio, reasoning
(causes 1, 2, 3, 4 and 12 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import INPUT, Floats
from core.closing.residual import Finding, Residual, names, weighted_median
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
_ABSENT: Final = (
    (("cache_read",), CauseName.CACHED_DOUBLE_COUNTED), (("cache_write", "cache_write_1h"), CauseName.CACHE_WRITE_IGNORED),
    (("input_audio", "output_audio"), CauseName.MODALITY),
)  # fmt: skip
"""Classes that the estimate lacks altogether."""
_WORDS: Final = {
    "input_uncached": "uncached input", "cache_read": "cache reads", "cache_write": "5-minute cache writes",
    "cache_write_1h": "1-hour cache writes", "input_audio": "audio input", "output_audio": "audio output", "output": "output",
}  # fmt: skip
_WHOLE: Final = 0.12
"""How near a multiple of the cache reads has to be to a whole one."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about classes, where the bill is split by class."""
    if len(residual.grid.axes.classes) < 2:
        return
    yield from _taken_for_another(residual)
    yield from _not_told(residual)
    yield from _cached_apart(residual)
    yield from _reasoning(residual)


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


def _not_told(residual: Residual) -> Iterator[Finding]:
    grid = residual.grid
    for classes, cause in _ABSENT:
        places = grid.places_of(classes)
        own = grid.estimate.tokens[:, :, places].sum(axis=(0, 2, 3))
        # Per model and project: one service that tells a class does not speak for another.
        lacks = (own <= 0)[None, :, None, None, :]
        taken = np.zeros_like(residual.tokens)
        taken[:, :, places] = np.where(lacks, np.maximum(residual.tokens[:, :, places], 0), 0.0)
        taken *= (grid.estimate.tokens.sum(axis=(0, 2, 3)) > 0)[None, :, None, None, :]
        if taken.any():
            said = " and ".join(_WORDS[name] for name in classes)
            evidence = f"the bill has {taken.sum():,.0f} tokens of {said}; the usage of {names(_models(residual, taken))} tells none"
            yield Finding(
                cause, evidence, taken, np.zeros_like(taken), details={"models": _models(residual, taken)}, prior=0.98
            )


def _cached_apart(residual: Residual) -> Iterator[Finding]:
    """Uncached input too high or too low by a whole multiple of the cached tokens of the same calls."""
    grid = residual.grid
    uncached, read = grid.place_of("input_uncached"), grid.place_of("cache_read")
    if uncached is None or read is None:
        return
    cached = grid.bill.tokens[:, :, read]
    off = residual.tokens[:, :, uncached]
    ratio = np.divide(off, cached, out=np.zeros_like(off), where=cached > 0)
    fit = np.zeros_like(off)
    for model in range(off.shape[1]):
        for project in range(off.shape[3]):
            share = weighted_median(ratio[:, model, :, project], cached[:, model, :, project])
            if abs(share) > 0.02:
                # Where all calls of a service are told so, the share is a whole one.
                share = round(share) if round(share) and abs(share - round(share)) < _WHOLE else share
                fit[:, model, :, project] = share * cached[:, model, :, project]
    for sign, said in (
        (-1.0, "are in the books' uncached input too"),
        (1.0, "were taken out of input that had none of them"),
    ):
        taken = np.zeros_like(residual.tokens)
        part = np.where(np.sign(fit) == sign, fit, 0.0)
        taken[:, :, uncached] = np.sign(part) * np.minimum(np.abs(part), np.maximum(sign * off, 0))
        if taken.any():
            models = _models(residual, taken)
            yield Finding(
                CauseName.CACHED_DOUBLE_COUNTED, f"{np.abs(taken).sum():,.0f} cached tokens of {names(models)} {said}",
                taken, np.zeros_like(taken), details={"models": models}, prior=0.97,
            )  # fmt: skip


def _reasoning(residual: Residual) -> Iterator[Finding]:
    """Output alone is off, while the input of the same calls agrees."""
    grid = residual.grid
    output, inputs = grid.place_of("output"), grid.places_of(INPUT)
    if output is None:
        return
    worth = residual.tokens * grid.price
    off_in = np.abs(worth[:, :, inputs].sum(axis=(0, 3, 4))).sum(axis=1)
    out = worth[:, :, output]
    for model, name in enumerate(grid.axes.models):
        amount = float(out[:, model].sum())
        size = float(np.abs(out[:, model]).sum())
        own = grid.estimate.tokens[:, model, output]
        if size <= 0 or own.sum() <= 0:
            continue
        # The share of input that is off is what other causes leave in the output as well.
        base_in = float(grid.estimate.nanos[:, model, inputs].sum())
        share_in = float(off_in[model]) / base_in if base_in > 0 else 0.0
        share_out = abs(amount) / max(float(grid.estimate.nanos[:, model, output].sum()), 1.0)
        purity = max(0.0, 1 - 1.5 * share_in / share_out) if share_out else 0.0
        if purity <= 0 or share_out < 0.01:
            continue
        taken = np.zeros_like(residual.tokens)
        sign = np.sign(amount)
        taken[:, model, output] = sign * np.maximum(sign * residual.tokens[:, model, output], 0)
        billed, told = grid.bill.tokens[:, model, output].sum(), own.sum()
        direction = "more" if amount > 0 else "less"
        evidence = (
            f"{name}: input agrees, but the bill has {billed:,.0f} output tokens and the books {told:,.0f}, "
            f"{usd(round(abs(amount)))} {direction}"
        )
        yield Finding(
            CauseName.REASONING_MISSED,
            evidence,
            taken,
            np.zeros_like(taken),
            details={"model": name},
            prior=0.95 * purity,
        )


def _models(residual: Residual, taken: Floats) -> list[str]:
    worth = np.abs(taken * np.maximum(residual.grid.price, 1e-9)).sum(axis=(0, 2, 3, 4))
    order = [place for place in np.argsort(-worth, kind="stable") if worth[place] > 0.01 * worth.sum()]
    return [residual.grid.axes.models[place] for place in order]
