"""Rows of the estimate in the grid: where each stands, and what it would look like some hours later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from core.closing.catalogue import Variant
from core.closing.grid import ALL, INPUT, SEARCHES, Axes, Floats, Mask, Side
from core.estimate import DAY, EDGE, HOUR, EstimateRow, HourlyTokens, UsageLabel
from core.usage import CLASS_NAMES

Places = npt.NDArray[np.int64]
SEARCH_NANOS: Final = 10_000_000
"""10 USD for 1 000 web searches, at OpenAI and Anthropic alike (usage-formats §8, cause 11)."""

_REACH: Final = EDGE // timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Labeller:
    """How rows and lines find their place on the axes."""

    axes: Axes
    first_on: date
    model_of: Callable[[str], int]
    variant_of: Callable[[Variant], int]
    project_of: Callable[[str | None, str | None], int]
    by_class: bool
    merges_input: bool

    @property
    def search_model(self) -> int:
        return len(self.axes.models) - 1

    def day_of(self, on: date | None) -> int:
        return (on - self.first_on).days if on and self.axes.days else 0

    def class_of(self, name: str | None) -> int:
        if not self.by_class or name is None:
            return 0
        plain = "output" if name == "reasoning" else name
        if self.merges_input and plain in INPUT:
            plain = "input_uncached"
        return self.axes.classes.index(plain)


def laid_out(rows: Sequence[EstimateRow], label: Labeller, plain: Floats) -> tuple[Side, Floats, Floats]:
    """(tokens and nanos, requests, premium for long context) of rows in the grid's shape."""
    shape = label.axes.shape
    side = Side(np.zeros(shape), np.zeros(shape))
    requests, long_nanos = np.zeros((*shape[:2], 1, *shape[3:])), np.zeros(shape)
    if not rows:
        return side, requests, long_nanos
    places, inside = _places(rows, label)
    rows = [row for row, is_inside in zip(rows, inside, strict=True) if is_inside]
    day, model, variant, project = places
    counts = np.array([row.tokens for row in rows], dtype=np.float64)
    cost = np.array([row.cost_nanos for row in rows], dtype=np.float64)
    parts = _parts(rows, counts, cost, plain, (day, model, variant), label)
    premium = np.array([row.long_nanos for row in rows], dtype=np.float64)
    share = np.divide(premium, cost, out=np.zeros_like(cost), where=cost > 0)
    for place, name in enumerate(CLASS_NAMES):
        index = _cells(name, (day, model, variant, project), label)
        np.add.at(side.tokens, index, counts[:, place] if name != SEARCHES or label.by_class else 0.0)
        np.add.at(side.nanos, index, parts[:, place])
        np.add.at(long_nanos, index, parts[:, place] * share)
    np.add.at(
        requests,
        (day, model, np.zeros_like(day), variant, project),
        np.array([row.requests for row in rows], dtype=np.float64),
    )
    return side, requests, long_nanos


def _parts(
    rows: Sequence[EstimateRow], counts: Floats, cost: Floats, plain: Floats, places: Sequence[Places], label: Labeller
) -> Floats:  # fmt: skip
    """Cost by class, adding up to each row's cost: as booked, else by list price. Rows of what is less are negative."""
    day, model, variant = places
    guess = np.zeros_like(counts)
    for place, name in enumerate(CLASS_NAMES):
        if name == SEARCHES:
            guess[:, place] = counts[:, place] * SEARCH_NANOS
        elif label.axes.classes != (ALL,):
            guess[:, place] = counts[:, place] * plain[day, model, label.class_of(name), variant, 0]
    parts = guess
    told = np.array([row.class_nanos is not None for row in rows], dtype=np.bool_)
    if told.any():
        parts[told] = np.array([row.class_nanos for row in rows if row.class_nanos is not None], dtype=np.float64)
    total = parts.sum(axis=1)
    flat = np.divide(
        counts,
        counts.sum(axis=1, keepdims=True),
        out=np.zeros_like(counts),
        where=counts.sum(axis=1, keepdims=True) > 0,
    )
    # A row of differences may add up to nearly nothing, and is not to be blown up.
    exact = told & (np.abs(cost - total) <= len(CLASS_NAMES))
    scaled = parts * np.divide(cost, total, out=np.ones_like(cost), where=(total != 0) & ~exact)[:, None]
    parted: Floats = np.where((total != 0)[:, None] | exact[:, None], scaled, flat * cost[:, None])
    return parted


def _places(rows: Sequence[EstimateRow], label: Labeller) -> tuple[tuple[Places, ...], Mask]:
    """(day, model, variant, project) of the rows that lie in the month, and which rows do."""
    days = _days(np.array([row.starts_at for row in rows], dtype=np.int64), label)
    inside = (days >= 0) & (days < label.axes.shape[0])
    kept = [row for row, is_inside in zip(rows, inside, strict=True) if is_inside]
    return (days[inside], *_labels(kept, label)), inside


def _cells(name: str, places: Sequence[Places], label: Labeller) -> tuple[Places, ...]:
    """Where a token class of these rows stands in the grid."""
    day, model, variant, project = places
    kind = np.full_like(day, label.class_of(name))
    if name == SEARCHES and label.by_class:
        return day, np.full_like(day, label.search_model), kind, np.zeros_like(day), project
    return day, model, kind, variant, project


def _labels(rows: Sequence[EstimateRow | UsageLabel], label: Labeller) -> tuple[Places, Places, Places]:
    models = np.array([label.model_of(row.model) for row in rows], dtype=np.int64)
    variants = np.array([label.variant_of(Variant(row.tier, is_long=row.is_long)) for row in rows], dtype=np.int64)
    projects = np.array([label.project_of(row.project, row.api_key) for row in rows], dtype=np.int64)
    return models, variants, projects


def _days(starts_at: Places, label: Labeller) -> Places:
    if not label.axes.days:
        return np.zeros_like(starts_at)
    return (starts_at - _first_second(label)) // DAY


def shifter(hours: HourlyTokens, label: Labeller) -> Callable[[int], Floats]:
    """The tokens of the month if every call had come so many hours later, −14 to 14."""
    days = label.axes.shape[0]
    model, variant, project = _labels(hours.labels, label)
    names = [(place, name) for place, name in enumerate(CLASS_NAMES) if name != SEARCHES or label.by_class]
    cells = [
        np.ravel_multi_index(_cells(name, (np.zeros_like(model), model, variant, project), label), label.axes.shape)
        for _, name in names
    ]
    columns, where = np.unique(np.array(cells, dtype=np.int64), return_inverse=True)
    where = where.reshape(len(names), len(hours.labels))
    hour = (hours.starts_at - _first_second(label)) // HOUR + _REACH
    inside = (hour >= 0) & (hour < days * 24 + 2 * _REACH)
    by_hour = np.zeros((days * 24 + 2 * _REACH + 1, len(columns)))
    for (place, _), column in zip(names, where, strict=True):
        # A line below its hour, so that the sums up to an hour's line are those of all hours before it.
        np.add.at(
            by_hour, (hour[inside] + 1, column[hours.label[inside]]), hours.tokens[inside, place].astype(np.float64)
        )
    until = by_hour.cumsum(axis=0)

    def shifted(later: int) -> Floats:
        midnights = _REACH - later + 24 * np.arange(days + 1)
        tokens = np.zeros((days, int(np.prod(label.axes.shape[1:]))))
        tokens[:, columns] = np.diff(until[midnights], axis=0)
        return tokens.reshape(label.axes.shape)

    return shifted


def _first_second(label: Labeller) -> int:
    return int(datetime(label.first_on.year, label.first_on.month, 1, tzinfo=UTC).timestamp())
