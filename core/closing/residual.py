"""What is still to be explained, what a hypothesis would explain of it, and how much better that makes the picture.

The residual has two parts: tokens that one side has and the other has not (worth `tokens × price`), and money on tokens that
both have (`money`). A bill that tells no tokens shows everything as tokens; prices then have to be judged by how exactly
a ratio repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import CLASS, DAY, MODEL, PROJECT, VARIANT, Floats, Grid, Mask, Side

_LEVELS: Final = ((), (PROJECT,), (DAY, PROJECT), (MODEL, CLASS, VARIANT, PROJECT), (DAY, CLASS))
"""Axes that are added up before the residual's size is taken. Single cells show what is exact, sums what is noisy."""


@dataclass(frozen=True, slots=True)
class Residual:
    """What is left of a grid's difference, in the grid's shape."""

    grid: Grid
    tokens: Floats
    money: Floats

    @property
    def nanos(self) -> Floats:
        """Both parts together, positive where the bill is higher."""
        return self.tokens * self.grid.price + self.money

    def without(self, finding: Finding) -> Residual:
        return Residual(self.grid, self.tokens - finding.tokens, self.money - finding.money)

    def as_parts(self, nanos: Floats) -> tuple[Floats, Floats]:
        """(tokens, money) of an amount: as money where the bill tells tokens or nothing is priced, else as tokens."""
        price = self.grid.price
        as_money = self.grid.knows_tokens | (price <= 0)
        tokens = np.divide(nanos, price, out=np.zeros_like(nanos), where=~as_money)
        return tokens, np.where(as_money, nanos, 0.0)

    def parts_of(self, side: Side) -> tuple[Floats, Floats]:
        """(tokens, money) of some of the estimate's calls, as the residual would show them if they were not billed."""
        price = self.grid.price
        knows = self.grid.knows_tokens & (price > 0) | (side.nanos == 0)
        tokens, money = self.as_parts(side.nanos)
        return np.where(knows, side.tokens, tokens), np.where(knows, side.nanos - side.tokens * price, money)


def difference(grid: Grid) -> Residual:
    """The whole difference between the two sides."""
    tokens = grid.bill.tokens - grid.estimate.tokens
    total = grid.bill.nanos - grid.estimate.nanos
    priced = grid.price > 0
    # Where nothing is priced all of the difference is money, but the tokens still tell where usage went.
    return Residual(
        grid, np.where(priced | grid.knows_tokens | (grid.bill.nanos == 0), tokens, 0.0), total - tokens * grid.price
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """A hypothesis with its size.

    Attributes:
      tokens, money: what it takes out of the residual.
      scale: instead of these: the cells of the bill that were charged at `ratio` times what they should be. The bill is
        divided by it, and everything is compared anew.
      prior: around 1; how readily it is believed among hypotheses that explain as much.
      is_global: it holds for the whole bill.
    """

    cause: CauseName
    evidence: str
    tokens: Floats
    money: Floats
    scale: tuple[Mask, float] | None = None
    prior: float = 1.0
    details: dict[str, object] = field(default_factory=dict)

    def nanos(self, grid: Grid) -> float:
        """What it adds to the estimate."""
        if self.scale:
            mask, ratio = self.scale
            return float(grid.bill.nanos[mask].sum()) * (1 - 1 / ratio)
        return float((self.tokens * grid.price).sum() + self.money.sum())


def premium_of(residual: Residual, tokens: Floats) -> Floats:
    """The money that goes with tokens that only one side has, where more is charged for them than a usual call's price.

    Such calls may have been above a long-context threshold; at most so much belongs to them.
    """
    grid = residual.grid
    most = residual.tokens * grid.price * grid.premium * 1.02
    belongs = (np.sign(residual.money) == np.sign(residual.tokens)) & (np.abs(residual.money) <= np.abs(most))
    share = np.divide(tokens, residual.tokens, out=np.zeros_like(tokens), where=residual.tokens != 0).clip(0, 1)
    return np.where(belongs, residual.money * share, 0.0)


@dataclass(frozen=True, slots=True)
class Before:
    """A residual added up at each level of detail, so that hundreds of findings can be held against it.

    Attributes:
      worth, money: either part, added up along the axes of each level.
      size: the mean of its sizes over the levels, in nanos.
    """

    residual: Residual
    worth: tuple[Floats, ...]
    money: tuple[Floats, ...]
    size: float

    @classmethod
    def of(cls, residual: Residual) -> Before:
        worth = residual.tokens * residual.grid.price
        sums = tuple(_added(worth, level) for level in _LEVELS)
        money = tuple(_added(residual.money, level) for level in _LEVELS)
        size = sum(float(np.abs(part).sum()) for part in (*sums, *money)) / len(_LEVELS)
        return cls(residual, sums, money, size)

    def gain(self, finding: Finding) -> float:
        """By how many nanos a finding shrinks the residual, the mean over the levels; its prior is not in it."""
        price = self.residual.grid.price
        gained = 0.0
        for part, sums, is_worth in ((finding.tokens, self.worth, True), (finding.money, self.money, False)):
            if (box := _box(part)) is None:
                continue
            taken = part[box] * price[box] if is_worth else part[box]
            for level, whole in zip(_LEVELS, sums, strict=True):
                # Outside the box nothing changes; sums along an axis are one place on it.
                place = tuple(slice(None) if axis in level else those for axis, those in enumerate(box))
                before = whole[place]
                gained += float((np.abs(before) - np.abs(before - _added(taken, level))).sum())
        return gained / len(_LEVELS)


def _added(amounts: Floats, level: tuple[int, ...]) -> Floats:
    added: Floats = amounts.sum(axis=level, keepdims=True) if level else amounts
    return added


def _box(amounts: Floats) -> tuple[slice, ...] | None:
    """The smallest block with everything that is not 0 in it; None where all is 0."""
    there = amounts != 0
    found = []
    for axis in range(amounts.ndim):
        places = np.flatnonzero(there.any(axis=tuple(other for other in range(amounts.ndim) if other != axis)))
        if not places.size:
            return None
        found.append(slice(int(places[0]), int(places[-1]) + 1))
        there = there[(slice(None),) * axis + (found[-1],)]
    return tuple(found)


def score(before: Before, finding: Finding) -> float:
    """By how many nanos a finding shrinks the residual, times its prior."""
    return finding.prior * before.gain(finding)


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value below which half of the weight lies; 0 without weight."""
    flat, weight = values.ravel(), weights.ravel()
    kept = weight > 0
    if not kept.any():
        return 0.0
    flat, weight = flat[kept], weight[kept]
    order = np.argsort(flat, kind="stable")
    passed = np.cumsum(weight[order])
    return float(flat[order][np.searchsorted(passed, passed[-1] / 2)])


def best_span(ratios: Floats, weights: Floats, plain: float) -> tuple[slice, float]:
    """(days, ratio): the stretch from a day on, up to a day, or of all days that one ratio fits best, if the rest is plain.

    Args:
      ratios, weights: by day.
      plain: the ratio of days that nothing has happened on: 0 or 1.
    """
    best = (float("inf"), slice(0, len(ratios)), plain)
    changes = np.abs(ratios - plain) > 1e-9
    # Only where something begins or ends to be off can a stretch begin or end.
    splits = [0, *(day for day in range(1, len(ratios)) if changes[day] or changes[day - 1])]
    for split in splits:
        for those, rest in ((slice(split, None), slice(0, split)), (slice(0, split), slice(split, None))):
            if weights[those].sum() <= 0:
                continue
            centre = weighted_median(ratios[those], weights[those])
            off = float((np.abs(ratios[those] - centre) * weights[those]).sum())
            off += float((np.abs(ratios[rest] - plain) * weights[rest]).sum())
            # A stretch that is shorter than needed says the same with more words.
            if off < best[0] * (1 - 1e-9):
                best = (off, those, centre)
    return best[1], best[2]


def agreement(values: Floats, weights: Floats, centre: float, width: float) -> float:
    """Share of the weight whose values lie within `width` of `centre`, 0–1."""
    total = float(weights.sum())
    return float(weights[np.abs(values - centre) <= width].sum()) / total if total > 0 else 0.0


def names(found: Iterable[str], most: int = 3) -> str:
    """Names for a sentence: `a, b and 2 more`."""
    listed = [name or "no project" for name in found]
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
