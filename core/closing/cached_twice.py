"""Cached input that the books count a second time as uncached input, service by service (cause 1 of usage-formats §8).

Which calls could hold their cached tokens twice is known call by call where a price jumps with the input: counted twice,
a call pays the long-context price without being long. Elsewhere the cached tokens themselves are what is too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import Floats, Grid, Side
from core.closing.residual import Finding, Residual, best_span, names
from core.estimate import Mark
from core.money import usd

_FITS: Final = (0.5, 1.25)
"""By which factor a service's difference may be smaller or larger than all of its cached tokens would make it."""
_WHOLE: Final = 0.1
_LEAST: Final = 0.3
"""Share of what is taken of a service that has to be less left of it afterwards."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """All services whose difference is the size of their cached tokens, and lies where these are."""
    grid = residual.grid
    if (read := grid.place_of("cache_read")) is None or not grid.estimate.tokens[:, :, read].any():
        return
    twice_tokens, twice_money = residual.parts_of(_counted_twice(grid, read))
    tokens, money = np.zeros_like(twice_tokens), np.zeros_like(twice_money)
    off = residual.nanos
    for model in range(len(grid.axes.models)):
        for project in range(len(grid.axes.projects)):
            part = np.s_[:, model, :, :, project]
            too_much = (twice_tokens[part] * grid.price[part] + twice_money[part]).sum(axis=2)
            share = _share(off[part].sum(axis=2), too_much)
            if share is not None:
                tokens[part] = -twice_tokens[part] * share[:, None, None]
                money[part] = -twice_money[part] * share[:, None, None]
    worth = tokens * grid.price + money
    if not worth.any():
        return
    models = _largest(grid.axes.models, np.abs(worth).sum(axis=(0, 2, 3, 4)))
    evidence = (
        f"{names(models)}: the bill is {usd(round(abs(float(worth.sum()))))} lower, which is what their cached tokens cost "
        "in the books when they count a second time as uncached input"
    )
    yield Finding(CauseName.CACHED_DOUBLE_COUNTED, evidence, tokens, money, details={"models": models}, prior=1.02)


def _counted_twice(grid: Grid, read: int) -> Side:
    """What the books would have less, were their cached tokens in the input twice."""
    tokens, nanos = np.zeros_like(grid.price), np.zeros_like(grid.price)
    uncached = grid.place_of("input_uncached") or 0
    linear = np.minimum(grid.estimate.tokens[:, :, read], grid.estimate.tokens[:, :, uncached])
    tokens[:, :, uncached], nanos[:, :, uncached] = linear, linear * grid.price[:, :, uncached]
    if marked := grid.marked.get(Mark.TWICE):
        told = marked.side.nanos.any(axis=(0, 2, 3, 4))
        tokens[:, told], nanos[:, told] = marked.side.tokens[:, told], marked.side.nanos[:, told]
    return Side(tokens, nanos)


def _share(off: Floats, too_much: Floats) -> Floats | None:
    """By day, which part of it a service's difference is; None where it is something else.

    Args:
      off, too_much: nanos by day and class.
    """
    whole = too_much.sum(axis=1)
    ratio = np.divide(-off.sum(axis=1), whole, out=np.zeros_like(whole), where=whole > 0)
    days, centre = best_span(ratio, whole.clip(min=0), 0.0)
    if not _FITS[0] <= centre <= _FITS[1]:
        return None
    share = np.zeros_like(whole)
    share[days] = 1.0 if abs(centre - 1) < _WHOLE else centre
    taken = too_much * share[:, None]
    gained = np.abs(off).sum() - np.abs(off + taken).sum()
    return share if gained >= _LEAST * np.abs(taken).sum() else None


def _largest(labels: tuple[str, ...], sizes: Floats) -> list[str]:
    return [labels[place] for place in np.argsort(-sizes, kind="stable") if sizes[place] > 0.01 * sizes.sum()]
