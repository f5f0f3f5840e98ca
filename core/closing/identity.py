"""The same usage under another name, and usage that the books never saw: aliases and untracked keys
(causes 21 and 22 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.compare import OTHER
from core.closing.grid import ALL, Floats, Grid
from core.closing.residual import Finding, Residual, names, premium_of
from core.money import usd

_ALIKE: Final = 0.6
"""Share of the tokens that have to match for two models to be one."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about names."""
    yield from _aliases(residual)
    yield from _unknown_projects(residual)
    yield from _unknown_models(residual)


def _aliases(residual: Residual) -> Iterator[Finding]:
    """Tokens that a model lacks on the bill and another one has there instead, day by day and class by class."""
    grid = residual.grid
    models = grid.axes.models
    for source in range(len(models)):
        lacking = np.maximum(-residual.tokens[:, source], 0)
        if not lacking.any():
            continue
        for target in range(len(models)):
            if target == source:
                continue
            extra = np.maximum(residual.tokens[:, target], 0)
            both = np.minimum(lacking, extra)
            moved = both.sum()
            if moved <= 0 or moved < _ALIKE * min(lacking.sum(), extra.sum()):
                continue
            taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
            taken[:, source] -= both
            taken[:, target] += both
            # Where the model has no price, its whole charge follows its tokens.
            unpriced = (grid.price[:, target] <= 0) & (both > 0)
            money[:, target] = np.where(unpriced, residual.money[:, target], 0.0)
            money += premium_of(residual, taken)
            evidence = (
                f"{moved:,.0f} tokens are {models[source]} in the books and {models[target]} on the bill, "
                f"{moved / extra.sum():.0%} of what the bill has more of it"
            )
            yield Finding(
                CauseName.ALIAS, evidence, taken, money, prior=1.0,
                details={"model": models[source], "billed_as": models[target]},
            )  # fmt: skip


def _unknown_projects(residual: Residual) -> Iterator[Finding]:
    grid = residual.grid
    own = grid.requests.sum(axis=(0, 1, 2, 3)) + grid.estimate.tokens.sum(axis=(0, 1, 2, 3))
    unknown = [place for place, name in enumerate(grid.axes.projects) if own[place] <= 0 and name not in (ALL, OTHER)]
    if unknown:
        taken, money = _everything_in(residual, project=unknown)
        kind = "keys" if grid.axes.uses_keys else "projects"
        projects = [grid.axes.projects[place] for place in unknown]
        evidence = f"the bill has {usd(round(_sum(grid, taken, money)))} of {names(projects)}, which no usage names"
        yield Finding(CauseName.UNTRACKED_KEY, evidence, taken, money, prior=1.08, details={kind: projects})


def _unknown_models(residual: Residual) -> Iterator[Finding]:
    grid = residual.grid
    own = grid.requests.sum(axis=(0, 2, 3, 4)) + grid.estimate.tokens.sum(axis=(0, 2, 3, 4))
    for place, name in enumerate(grid.axes.models):
        if own[place] > 0 or name in (ALL, OTHER):
            continue
        taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
        taken[:, place], money[:, place] = residual.tokens[:, place], residual.money[:, place]
        evidence = f"the bill has {usd(round(_sum(grid, taken, money)))} of {name}, which no usage names"
        yield Finding(CauseName.UNTRACKED_KEY, evidence, taken, money, prior=0.9, details={"models": [name]})


def _everything_in(residual: Residual, *, project: list[int]) -> tuple[Floats, Floats]:
    taken, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
    taken[..., project], money[..., project] = residual.tokens[..., project], residual.money[..., project]
    return taken, money


def _sum(grid: Grid, taken: Floats, money: Floats) -> float:
    return float((taken * grid.price).sum() + money.sum())
