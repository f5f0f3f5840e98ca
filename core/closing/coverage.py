"""Calls that only one side has: reported twice, mocked, streamed without usage, sampled, retried
(causes 5, 6, 19, 23 and 25 of usage-formats §8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from core.closing.causes import CauseName
from core.closing.grid import SEARCH_PLACE, SEARCHES, Floats, Grid, Mask
from core.closing.residual import Finding, Residual, agreement, best_span, names, premium_of, weighted_median
from core.estimate import Mark

_RETRIES: Final = 0.03
"""Failed and repeated calls are 0.1 to 2 % of traffic; more than this has another reason."""
_LEAST: Final = 0.0005
_ALIKE: Final = 0.6
"""How far the classes of a service may be from its mean share, in parts of that share."""
_MOST: Final = 0.6
"""Share of the usage that has to be off for it to be a matter of calls everywhere."""
_SEARCHES: Final = 4
"""By how many times more than the tokens searches may be off, as few as they are."""
_EXACT: Final = 0.002
_PRICE: Final = 0.7
"""How readily missing or doubled calls are believed where one ratio repeats exactly, as only a price makes it."""
_POWERS: Final = (100.0, 1_000.0, 1_000_000.0)
_POWER_WIDTH: Final = 0.12
_SURPLUS: Final = (
    (Mark.REPEATED, CauseName.DOUBLE_CAPTURE, "calls in the usage repeat an answer that another one reports", 1.1),
    (Mark.MOCK, CauseName.MOCK_TRAFFIC, "calls in the usage are mocks, health checks or answers out of a cache", 1.1),
    (Mark.CONSTANT, CauseName.MOCK_TRAFFIC, "calls in the usage have the very same counts as dozens of others", 0.9),
    (Mark.GUESSED, CauseName.MOCK_TRAFFIC, "calls in the usage are too small for a chat, like health checks", 0.95),
)  # fmt: skip
"""Marks of calls that the provider may not have billed."""


def candidates(residual: Residual) -> Iterator[Finding]:
    """Hypotheses about calls that one side lacks."""
    yield from _not_billed(residual)
    yield from _without_usage(residual)
    yield from _in_proportion(residual)


def _not_billed(residual: Residual) -> Iterator[Finding]:
    grid = residual.grid
    for mark, cause, said, prior in _SURPLUS:
        marked = grid.marked.get(mark)
        if marked is None or not marked.side.tokens.any():
            continue
        taken, money = (-part for part in residual.parts_of(marked.side))
        worth = float(np.abs(taken * grid.price).sum())
        missing = float(np.minimum(np.maximum(-residual.tokens * grid.price, 0), np.abs(taken * grid.price)).sum())
        if worth <= 0 or missing < 0.3 * worth:
            continue
        part = 1.0 if missing > 0.8 * worth else missing / worth
        evidence = f"{marked.requests.sum():,.0f} {said}; the bill does not have them"
        yield Finding(
            cause, evidence, taken * part, money * part, prior=prior * part,
            details={"mark": mark.value, "requests": round(float(marked.requests.sum())), **_where(grid, taken)},
        )  # fmt: skip


def _without_usage(residual: Residual) -> Iterator[Finding]:
    """As many tokens as calls of the same model and project have, for each call that told none."""
    grid = residual.grid
    for marks, said in (
        ((Mark.EMPTY,), "no tokens"),
        ((Mark.GUESSED,), "a guess of a few tokens"),
        ((Mark.EMPTY, Mark.GUESSED), "no tokens"),
    ):
        found = [grid.marked[mark] for mark in marks if mark in grid.marked]
        if len(found) < len(marks):
            continue
        empty = np.sum([one.requests for one in found], axis=0)
        told = np.sum([one.side.tokens for one in found], axis=0)
        full = np.maximum(grid.requests - empty, 0).sum(axis=(0, 3), keepdims=True)
        mean = np.divide(
            (grid.estimate.tokens - told).sum(axis=(0, 3), keepdims=True), full,
            out=np.zeros((1, *grid.price.shape[1:3], 1, grid.price.shape[4])), where=full > 0,
        )  # fmt: skip
        wanted = empty * mean
        worth = float((wanted * grid.price).sum())
        there = (empty.sum(axis=0, keepdims=True) > 0) & (wanted > 0)
        off = np.where(there, residual.tokens * grid.price, 0.0).sum(axis=0)
        missing = float(np.maximum(off, 0).sum())
        if worth <= 0 or not 0.2 < missing / worth < 5:
            continue
        # Their size by model, class and project is what the bill has more; their days are those of the calls.
        size = np.divide(missing_by(residual, there), (wanted * grid.price).sum(axis=0, keepdims=True),
                         out=np.zeros((1, *wanted.shape[1:])), where=(wanted * grid.price).sum(axis=0, keepdims=True) > 0)  # fmt: skip
        taken = wanted * size
        evidence = (
            f"{empty.sum():,.0f} calls of {names(_where(grid, taken)['models'])} report {said}; the bill has the tokens "
            f"of {float((taken * grid.price).sum()) / worth:.1f} usual calls for each"
        )
        yield Finding(
            CauseName.STREAM_WITHOUT_USAGE, evidence, taken, premium_of(residual, taken), prior=1.1,
            details={"requests": round(float(empty.sum())), **_where(grid, taken)},
        )  # fmt: skip


def missing_by(residual: Residual, there: Mask) -> Floats:
    """What the bill has more, in nanos, over all days (an axis of one place); never below 0."""
    off: Floats = np.where(there, residual.tokens * residual.grid.price, 0.0).sum(axis=0, keepdims=True)
    return off.clip(min=0)


def _in_proportion(residual: Residual) -> Iterator[Finding]:
    """Every class of a service off by the same share: calls that were never seen, or seen more than once."""
    grid = residual.grid
    # Searches have no calls of their own to be missing; what only they are off by is a fee.
    models = sum(name != SEARCH_PLACE for name in grid.axes.models)
    projects = len(grid.axes.projects)
    groups: list[tuple[slice, slice]] = [(slice(None), slice(None))]
    groups += [(slice(m, m + 1), slice(None)) for m in range(models) if models > 1]
    groups += [(slice(None), slice(p, p + 1)) for p in range(projects) if projects > 1]
    pairs = [(slice(m, m + 1), slice(p, p + 1)) for m in range(models) for p in range(projects)]
    for model, project in groups + (pairs if models > 1 < projects else []):
        own = grid.estimate.tokens[:, model, :, :, project]
        price = grid.price[:, model, :, :, project]
        worth, off = own * price, residual.tokens[:, model, :, :, project] * price
        by_day, off_by_day = worth.sum(axis=(1, 2, 3, 4)), off.sum(axis=(1, 2, 3, 4))
        if np.abs(off_by_day).sum() <= _LEAST * by_day.sum() / 10:
            continue
        ratios = np.divide(off_by_day, by_day, out=np.zeros_like(by_day), where=by_day > 0)
        span, _ = best_span(ratios, by_day, 0.0)
        for days in {span.indices(len(ratios)), (0, len(ratios), 1)}:
            those = slice(*days)
            share = _share(off[those].sum(axis=0), worth[those].sum(axis=0))
            if abs(share) < _LEAST:
                continue
            taken = np.zeros_like(residual.tokens)
            taken[those, model, :, :, project] = share * own[those]
            _with_searches(residual, taken, those, project, share)
            yield _named(residual, taken, share, is_all=(model, project) == groups[0])
    for sign in (1, -1):
        yield from _by_service(residual, pairs, sign)


def _by_service(residual: Residual, pairs: list[tuple[slice, slice]], sign: int) -> Iterator[Finding]:
    """Many services off in one direction, each by a share of its own, as single calls here and there would bring about."""
    grid = residual.grid
    taken = np.zeros_like(residual.tokens)
    touched = 0.0
    for model, project in pairs:
        own, price = grid.estimate.tokens[:, model, :, :, project], grid.price[:, model, :, :, project]
        worth = (own * price).sum(axis=(0, 3))
        off = (residual.tokens[:, model, :, :, project] * price).sum(axis=(0, 3))
        share = np.divide(off, worth, out=np.zeros_like(off), where=worth > 0)
        if worth.sum() <= 0:
            continue
        mean = float(off.sum() / worth.sum())
        alike = float(np.abs(share - mean)[worth > 0] @ worth[worth > 0]) <= _ALIKE * abs(mean) * float(worth.sum())
        if mean * sign <= _LEAST or not alike:
            continue
        touched += float(worth.sum())
        taken[:, model, :, :, project] = own * share[None, ..., None]
        _with_searches(residual, taken, slice(None), project, mean)
    whole = float((grid.estimate.tokens * grid.price).sum())
    if touched < _MOST * whole:
        return
    share_of_all = float((taken * grid.price).sum()) / touched
    yield _named(residual, taken, share_of_all, is_all=True)


def _with_searches(residual: Residual, taken: Floats, days: slice, project: slice, share: float) -> None:
    """The searches that the same calls made, as far as they are off the same way."""
    kind = residual.grid.place_of(SEARCHES)
    if kind is None:
        return
    off, sign = residual.tokens[days, -1:, kind, :, project], np.sign(share)
    own = np.maximum(residual.grid.estimate.tokens, residual.grid.bill.tokens)[days, -1:, kind, :, project]
    wanted = np.minimum(np.maximum(sign * off, 0), own)
    # Searches far beyond the share of the calls are charged for another reason.
    most = _SEARCHES * abs(share) / (1 + abs(share)) * own.sum()
    taken[days, -1:, kind, :, project] = sign * wanted if wanted.sum() <= most else 0.0


def _share(off: Floats, worth: Floats) -> float:
    """The share by which most of it is off: the median first, then the mean of what lies near the median."""
    ratio = np.divide(off, worth, out=np.zeros_like(off), where=worth > 0)
    middle = weighted_median(ratio, worth)
    spread = max(weighted_median(np.abs(ratio - middle), worth) * 3, abs(middle) * 0.3)
    near = (np.abs(ratio - middle) <= spread) & (worth > 0)
    return float(off[near].sum() / worth[near].sum()) if near.any() else middle


def _named(residual: Residual, taken: Floats, share: float, *, is_all: bool) -> Finding:
    grid = residual.grid
    where = _where(grid, taken)
    scope = "every model" if is_all else names(where["models"])
    if not is_all and len(grid.axes.projects) > 1 and len(where["projects"]) < len(grid.axes.projects):
        scope += f" in {names(where['projects'])}"
    days = np.flatnonzero(taken.any(axis=(1, 2, 3, 4)))
    since = f" from {grid.axes.days[days[0]]:%-d %B} on" if grid.axes.days and days.size and days[0] > 1 else ""
    details: dict[str, object] = {"share": round(share, 4), **where}
    nothing = np.zeros_like(taken)
    if share > 0 and any(abs((1 + share) / power - 1) < _POWER_WIDTH for power in _POWERS):
        # Single cells are as far off; with them goes what a call of the right size would have been charged otherwise.
        cells = (taken > 0) & (residual.tokens > 0.5 * taken)
        taken, nothing = np.where(cells, residual.tokens, 0.0), np.where(cells, residual.money, 0.0)
        evidence = f"the bill has {1 + share:,.0f} times the tokens of the books, in every class of {scope}{since}"
        return Finding(CauseName.UNITS, evidence, taken, nothing, prior=1.12, details=details)
    if share < 0:
        times = 1 / (1 + share) if share > -1 else 0.0
        evidence = f"the books have {times:.2f} times the tokens of the bill, in every class of {scope}{since}"
        near = abs(times - round(times)) < 0.05 and times > 1.5
        prior = 0.95 if near else 0.85 * (_PRICE if _repeats(residual, taken) else 1.0)
        return Finding(
            CauseName.DOUBLE_CAPTURE, evidence, taken, premium_of(residual, taken), prior=prior, details=details,
        )  # fmt: skip
    evidence = f"the bill has {share:.2%} more tokens than the books, in every class of {scope}{since}"
    cause = CauseName.RETRIES if share <= _RETRIES else CauseName.SAMPLING
    return Finding(cause, evidence, taken, premium_of(residual, taken), prior=0.92 if is_all else 0.88, details=details)


def _repeats(residual: Residual, taken: Floats) -> bool:
    """Whether cell after cell is off by the same share."""
    own = np.where(taken != 0, residual.grid.estimate.tokens, 0.0)
    ratio = np.divide(residual.tokens, own, out=np.zeros_like(own), where=own > 0)
    worth = own * residual.grid.price
    return agreement(ratio, worth, weighted_median(ratio, worth), _EXACT) >= _MOST


def _where(grid: Grid, taken: Floats) -> dict[str, list[str]]:
    """The models and projects that matter in it, the largest first."""
    worth = np.abs(taken * np.maximum(grid.price, 1e-9))
    return {
        "models": _largest(grid.axes.models, worth.sum(axis=(0, 2, 3, 4))),
        "projects": _largest(grid.axes.projects, worth.sum(axis=(0, 1, 2, 3))),
    }


def _largest(labels: Sequence[str], sizes: Floats) -> list[str]:
    return [labels[place] for place in np.argsort(-sizes, kind="stable") if sizes[place] > 0.01 * sizes.sum()]
