"""The same tokens at another price: discounts, wrong prices, tiers and regions that the bill does not name, units
(causes 7, 8, 10, 13, 14, 20 and 24 of usage-formats §8).

A price shows itself by how exactly it repeats: the ratio of bill to books is the same in cell after cell, which no
missing or doubled call brings about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.closing.catalogue import OFFERED, RESIDENCY, STANDARD, TIERS, Variant, tier_factor
from core.closing.causes import CauseName
from core.closing.grid import Floats, Grid, Mask
from core.closing.residual import Finding, Residual, agreement, best_span, names, weighted_median
from core.closing.served import cause_of

_LEAST: Final = 0.001
_AGREES: Final = 0.6
"""Share of the amount in which the ratio has to repeat."""
_WIDTH: Final = 0.002
_NEAR: Final = 0.006
_TAX: Final = (1.02, 1.3)
_POWERS: Final = tuple(10.0**power for power in (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6))


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about prices that hold exactly for the whole bill, a model, a project or a class."""
    grid = residual.grid
    expected = expected_nanos(residual)
    ratio = np.divide(grid.bill.nanos, expected, out=np.zeros_like(expected), where=expected > 0)
    weight = np.where((expected > 0) & (grid.bill.nanos > 0), expected, 0.0)
    yield from _unpriced(residual)
    for mask, scope, details in _groups(grid):
        yield from _of_group(residual, mask, ratio, weight, scope, details)


def _groups(grid: Grid) -> Iterator[tuple[Mask, str, dict[str, object]]]:
    """(cells, what they are, their labels): everything, models, projects, both, and classes of a model."""
    axes = grid.axes
    yield _cells(grid), "whole", {}
    several = len(axes.models) > 1, len(axes.classes) > 1, len(axes.projects) > 1
    for place, model in enumerate(axes.models):
        if several[0]:
            yield _cells(grid, model=place), "model", {"model": model}
        for kind, token_class in enumerate(axes.classes) if several[1] else ():
            yield _cells(grid, model=place, kind=kind), "class", {"model": model, "token_class": token_class}
        for where, project in enumerate(axes.projects) if several[0] and several[2] else ():
            yield _cells(grid, model=place, project=where), "project", {"model": model, "project": project}
    for served, variant in enumerate(axes.variants):
        if variant != STANDARD:
            mask = _cells(grid)
            mask[:, :, :, [place for place in range(len(axes.variants)) if place != served]] = False
            yield mask, "variant", _of_variant(variant)
    for where, project in enumerate(axes.projects) if several[2] else ():
        yield _cells(grid, project=where), "project", {"project": project}


def _of_variant(variant: Variant) -> dict[str, object]:
    """Its words; the tier by itself where nothing else sets it apart, so that its price can be mended."""
    details: dict[str, object] = {"variant": variant.words}
    return details if variant.region or variant.is_long else {**details, "tier": variant.tier}


def _cells(grid: Grid, *, model: int | None = None, kind: int | None = None, project: int | None = None) -> Mask:
    mask = np.zeros(grid.axes.shape, dtype=np.bool_)
    every = slice(None)
    mask[
        :, every if model is None else model, every if kind is None else kind, :, every if project is None else project
    ] = True
    return mask


def _unpriced(residual: Residual) -> Iterator[Finding]:
    """Models that the books have usage of and no price for."""
    grid = residual.grid
    used, priced = (side.sum(axis=(0, 2, 3, 4)) for side in (grid.estimate.tokens, grid.estimate.nanos))
    for place, model in enumerate(grid.axes.models):
        if used[place] <= 0 or priced[place] > 0 or grid.bill.nanos[:, place].sum() <= 0:
            continue
        tokens, money = np.zeros_like(residual.tokens), np.zeros_like(residual.money)
        tokens[:, place], money[:, place] = residual.tokens[:, place], residual.money[:, place]
        evidence = f"the books have no price for {model}; the bill charges it"
        yield Finding(CauseName.WRONG_PRICE, evidence, tokens, money, prior=1.0, details={"model": model})


def expected_nanos(residual: Residual) -> Floats:
    """What the bill would be if nothing but prices were still to be explained."""
    grid = residual.grid
    return np.where(grid.knows_tokens, grid.bill.nanos - residual.money, grid.bill.nanos - residual.nanos)


def _of_group(
    residual: Residual, mask: Mask, ratio: Floats, weight: Floats, scope: str, details: dict[str, object]
) -> Iterator[Finding]:
    days = residual.grid.axes.days
    used = np.where(mask, weight, 0.0)
    by_day = used.sum(axis=(1, 2, 3, 4))
    off = np.abs(ratio - 1) * used
    if by_day.sum() <= 0 or int((used > 0).sum()) < 2 or off.sum() < _LEAST * by_day.sum() / 10:
        return
    span = slice(0, mask.shape[0])
    if len(days) > 3:
        ratios = np.array([weighted_median(ratio[day], used[day]) for day in range(len(days))])
        span, _ = best_span(ratios, by_day, 1.0)
    part = np.zeros_like(mask)
    part[span] = mask[span]
    weights = weight[part]
    centre = weighted_median(ratio[part], weights)
    if abs(centre - 1) < _LEAST or centre <= 0:
        return
    share = agreement(ratio[part], weights, centre, max(_WIDTH * centre, _rounding(residual.grid, weights)))
    if share < _AGREES or abs(centre - 1) < 2 * _rounding(residual.grid, weights):
        return
    first, last = span.start or 0, (span.stop or len(days)) - 1
    is_whole = not days or (by_day[:first].sum() <= 0 and by_day[last + 1 :].sum() <= 0)
    said, details = _said(scope, details), dict(details)
    if not is_whole:
        edge = days[first] if first else days[last]
        said += f" {'from' if first else 'until'} {edge.day} {edge:%B}"
        details["from_on" if first else "until_on"] = edge.isoformat()
    cause, prior = _named(residual.grid, _snapped(centre), scope, part, is_whole=is_whole)
    yield _finding(residual, part, _snapped(centre), cause, prior * (0.9 + 0.1 * share), said, details)


def _finding(
    residual: Residual, mask: Mask, ratio: float, cause: CauseName, prior: float, said: str, details: dict[str, object]
) -> Finding:
    nanos = np.where(mask, residual.grid.bill.nanos * (1 - 1 / ratio), 0.0)
    tokens, money = residual.as_parts(nanos)
    percent = f"{abs(ratio - 1):.1%} {'above' if ratio > 1 else 'below'}"
    evidence = f"{said}: the bill is {percent} the price in the books, the same ratio of {ratio:.4g} in cell after cell"
    return Finding(
        cause, evidence, tokens, money, scale=(mask, ratio), prior=prior, details={**details, "ratio": round(ratio, 6)}
    )


def _named(grid: Grid, ratio: float, scope: str, mask: Mask, *, is_whole: bool) -> tuple[CauseName, float]:
    """The cause that a ratio speaks for, and how readily it is believed."""
    if any(abs(ratio / power - 1) < 0.05 for power in _POWERS):
        return CauseName.UNITS, 1.05
    if scope == "variant":
        served = int(np.flatnonzero(mask.any(axis=(0, 1, 2, 4)))[0])
        return cause_of(STANDARD, grid.axes.variants[served]), 1.0
    if scope == "whole":
        if ratio < 1:
            return CauseName.DISCOUNT, 1.02
        if abs(ratio - RESIDENCY) < _NEAR:
            return CauseName.RESIDENCY, 1.0
        return (CauseName.TAX, 0.95) if _TAX[0] <= ratio <= _TAX[1] and is_whole else (CauseName.WRONG_PRICE, 0.9)
    if abs(ratio - RESIDENCY) < _NEAR and scope in ("project", "model"):
        return CauseName.RESIDENCY, 1.0 if scope == "project" else 0.97
    if scope != "class" and (tier := _tier_of(grid, ratio, mask)):
        return tier, 1.0 if scope == "project" or is_whole else 0.97
    if scope == "project":
        return (CauseName.DISCOUNT, 0.9) if ratio < 1 else (CauseName.SERVICE_TIER, 0.85)
    return CauseName.WRONG_PRICE, 0.98 if scope == "model" else 0.94


def _tier_of(grid: Grid, ratio: float, mask: Mask) -> CauseName | None:
    places = np.flatnonzero((grid.bill.nanos * mask).sum(axis=(0, 2, 3, 4)) > 0)
    for tier in OFFERED.get(grid.provider, TIERS):
        factors = [tier_factor(grid.rate_of, grid.provider, grid.axes.models[place], tier, grid.on) for place in places]
        found = [factor for factor in factors if factor]
        if found and all(abs(ratio / factor - 1) < _NEAR for factor in found):
            return {"batch": CauseName.BATCH_DISCOUNT, "fast": CauseName.FAST_MODE}.get(tier, CauseName.SERVICE_TIER)
    return None


def _rounding(grid: Grid, weights: Floats) -> float:
    """By how much rounding of the bill moves a usual ratio."""
    usual = weighted_median(weights, weights)
    return 0.5 * grid.rounded_to / usual if usual > 0 else 0.0


def _snapped(ratio: float) -> float:
    """The ratio to a tenth of a percent where it is that but for rounding."""
    plain = round(ratio, 3)
    return plain if plain and abs(plain - ratio) < 0.0003 else ratio


def _said(scope: str, details: dict[str, object]) -> str:
    told = [details["variant"]] if scope == "variant" else details.values()
    return "every model" if scope == "whole" else names(str(part) for part in told)
