"""Calls whose tokens are told in thousands: the bill has a thousand times as many (cause 24 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import Floats, Grid
from core.closing.residual import Finding, Residual, best_span, names, premium_of
from core.estimate import Mark

_THOUSAND: Final = 1_000
_NEAR: Final = 0.1
_LEAST: Final = 0.5
"""Share of what is taken of a service that has to be less left of it afterwards."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Services whose small calls, times a thousand, are what the bill has more."""
    grid = residual.grid
    small = grid.marked.get(Mark.SMALL)
    if small is None:
        return
    tokens, calls = np.zeros_like(residual.tokens), 0.0
    for model in range(len(grid.axes.models)):
        for project in range(len(grid.axes.projects)):
            part = np.s_[:, model, :, :, project]
            own, requests = small.side.tokens[part], small.requests[part]
            taken = _thousandfold(residual.tokens[part], own, requests, grid.price[part])
            if taken is not None:
                tokens[part] = taken
                calls += float(requests.sum())
    if not tokens.any():
        return
    models = _models(grid, tokens)
    evidence = f"{calls:,.0f} calls of {names(models)} tell so few tokens that the bill has a thousand times as many"
    yield Finding(
        CauseName.UNITS, evidence, tokens, premium_of(residual, tokens), prior=1.12,
        details={"models": models, "times": _THOUSAND},
    )  # fmt: skip


def _thousandfold(off: Floats, own: Floats, requests: Floats, price: Floats) -> Floats | None:
    """The part of a service's difference that its small calls make; None where it is something else.

    A call's tokens are whole thousands, so that a thousandfold is up to a thousand off for each.
    """
    worth = ((_THOUSAND - 1) * own * price).sum(axis=(1, 2))
    there = (np.where(own > 0, off, 0.0) * price).sum(axis=(1, 2))
    ratio = np.divide(there, worth, out=np.zeros_like(worth), where=worth > 0)
    days, _ = best_span(ratio, worth, 0.0)
    whole = float(worth[days].sum())
    if whole <= 0:
        return None
    slack = float((_THOUSAND / 2 * np.minimum(requests, own) * price)[days].sum())
    if abs(float(there[days].sum()) - whole) > _NEAR * whole + slack:
        return None
    taken = np.zeros_like(off)
    most = ((_THOUSAND - 1) * own + _THOUSAND * requests)[days]
    taken[days] = np.clip(off[days], 0.0, np.where(requests[days] > 0, most, 0.0))
    gained = float(((np.abs(off) - np.abs(off - taken)) * price).sum())
    return taken if gained >= _LEAST * whole else None


def _models(grid: Grid, taken: Floats) -> list[str]:
    worth = (taken * grid.price).sum(axis=(0, 2, 3, 4))
    return [grid.axes.models[place] for place in np.argsort(-worth, kind="stable") if worth[place] > 0.01 * worth.sum()]
