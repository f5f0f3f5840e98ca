"""Building the grid out of an estimate and the token lines of a bill: finding what both sides are split by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from core.closing.bill_lines import Bill
from core.closing.catalogue import STANDARD, RateOf, Variant, long_factors, one_name, unit_nanos, variant_of
from core.closing.grid import ALL, INPUT, OUTPUT, SEARCH_PLACE, SEARCHES, TOKENS, Axes, Floats, Grid, Marked, Mask, Side
from core.estimate import DAY, HOUR, Estimate, EstimateRow
from core.invoice import InvoiceLine
from core.usage import CLASS_NAMES

Places = npt.NDArray[np.int64]

_MAX_MODELS: Final = 40
_MAX_PROJECTS: Final = 24
OTHER: Final = "other"
_NO_PROJECT: Final = ""
_SHARED: Final = 0.3
"""Share of the bill that has to be on projects the usage knows; below it the two sides do not mean the same by "project"."""
_PREMIUM: Final = 1.03
SEARCH_NANOS: Final = 10_000_000
"""10 USD for 1 000 web searches, at OpenAI and Anthropic alike (usage-formats §8, cause 11)."""


@dataclass(frozen=True, slots=True)
class _Labeller:
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


def grid_of(estimate: Estimate, bill: Bill, rounded_to: int, rate_of: RateOf) -> Grid:
    """Both sides in arrays. Web searches are left out of both where the bill is split by token class."""
    label, split_by = _labeller(estimate, bill, rate_of)
    shape = label.axes.shape
    on = estimate.month.first_on + timedelta(days=14)
    rows = estimate.rows
    plain = _list_price(label, estimate.provider, rate_of)
    own, requests, long_nanos = _laid_out(rows, label, plain)
    # Long calls cost more than the difference of a cell is worth: what is off is priced as a usual call.
    usual, _, _ = _laid_out([row for row in rows if not row.is_long], label, plain)
    price = _effective(usual, plain)
    billed, known, lines = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    quantities = np.zeros(shape)
    can_count = label.by_class and not label.merges_input
    for line in (*bill.tokens, *(bill.searches if bill.by_class else ())):
        place = _place_of_line(line, label)
        billed[place] += line.nanos
        lines[place] += line.count
        if can_count and line.quantity is not None and line.unit == "tokens":
            quantities[place] += float(line.quantity)
            known[place] += line.count
    is_known = (known == lines) & (lines > 0)
    tokens = np.where(is_known, quantities, implied_tokens(own, billed, price))
    marked = {}
    for mark, found in estimate.marked.items():
        side, count, _ = _laid_out(found, label, plain)
        marked[mark] = Marked(side, count)
    is_hourly = estimate.row_seconds == HOUR and bool(label.axes.days)
    shifted = _shifter([*estimate.rows, *estimate.edges], label) if is_hourly else None
    premium = _premium(label, estimate.provider, rate_of, on)
    return Grid(
        label.axes, own, Side(tokens, billed), price, premium, is_known, lines, requests, marked, long_nanos, rate_of,
        estimate.provider, on, rounded_to, split_by, shifted,
    )  # fmt: skip


def implied_tokens(own: Side, billed: Floats, price: Floats) -> Floats:
    """What the bill's amounts buy beyond or short of the estimate, where the bill tells no tokens."""
    return own.tokens + np.divide(billed - own.nanos, price, out=np.zeros_like(price), where=price > 0)


def _labeller(estimate: Estimate, bill: Bill, rate_of: RateOf) -> tuple[_Labeller, tuple[str, ...]]:
    provider, month = estimate.provider, estimate.month
    days = tuple(month.first_on + timedelta(days=place) for place in range(month.days)) if bill.by_day else ()
    sizes: Counter[str] = Counter()
    for row in estimate.rows:
        sizes[one_name(provider, row.model)] += row.cost_nanos
    for line in bill.tokens:
        sizes[one_name(provider, line.model or ALL)] += abs(line.nanos)
    models = _largest(sizes, _MAX_MODELS) if bill.by_model else (ALL,)
    # Searches stand by themselves, behind the models.
    models += (SEARCH_PLACE,) if bill.by_class else ()
    drops_regions = _regions_cost_nothing(bill.tokens, provider, rate_of)
    told = {_bill_variant(line, drops_regions) for line in bill.tokens}
    tells_windows = any(one.is_long for one in told)
    own = {Variant(row.tier, is_long=row.is_long and tells_windows) for row in estimate.rows}
    variants = tuple(sorted(told | own | {STANDARD}, key=lambda one: (one != STANDARD, one)))
    if told <= {STANDARD}:
        variants = (STANDARD,)
    projects, uses_keys = _projects(estimate.rows, bill)
    merges_input = bill.by_class and _merges_input(estimate.rows, bill.tokens)
    kept = tuple(name for name in TOKENS if not merges_input or name not in INPUT[1:4])
    classes = (*kept, SEARCHES) if bill.by_class else (ALL,)
    axes = Axes(days, models, classes, variants, projects)
    model_places = {name: place for place, name in enumerate(models)}
    variant_places = {one: place for place, one in enumerate(variants)}
    project_places = {name: place for place, name in enumerate(projects)}

    def model_of(name: str) -> int:
        return model_places.get(one_name(provider, name), model_places.get(OTHER, 0)) if bill.by_model else 0

    def place_of_variant(one: Variant) -> int:
        plain = one._replace(region="") if drops_regions else one
        return variant_places.get(plain, variant_places.get(plain._replace(is_long=False), 0))

    def project_of(project: str | None, key: str | None) -> int:
        if len(projects) == 1:
            return 0
        return project_places.get((key if uses_keys else project) or _NO_PROJECT, len(projects) - 1)

    split = (
        ("day", bool(days)), ("model", bill.by_model), ("token class", bill.by_class and not merges_input),
        ("tier", len(variants) > 1), ("project", len(projects) > 1),
    )  # fmt: skip
    label = _Labeller(axes, month.first_on, model_of, place_of_variant, project_of, bill.by_class, merges_input)
    return label, tuple(name for name, is_split in split if is_split)


def _projects(rows: Sequence[EstimateRow], bill: Bill) -> tuple[tuple[str, ...], bool]:
    """(places of the project axis, whether they are API keys); one place where the sides cannot be joined."""
    for uses_keys, told in ((False, bill.by_project), (True, bill.by_key)):
        own = {(row.api_key if uses_keys else row.project) or _NO_PROJECT for row in rows}
        sizes: Counter[str] = Counter()
        for line in bill.tokens:
            sizes[(line.api_key if uses_keys else line.project) or _NO_PROJECT] += abs(line.nanos)
        shared = sum(size for name, size in sizes.items() if name in own and name != _NO_PROJECT)
        if told and own != {_NO_PROJECT} and shared >= _SHARED * sizes.total():
            return _largest(sizes | Counter(dict.fromkeys(own, 1)), _MAX_PROJECTS), uses_keys
    return (ALL,), False


def _largest(sizes: Counter[str], most: int) -> tuple[str, ...]:
    names = [name for name, _ in sizes.most_common(most)]
    return tuple(sorted(names)) + ((OTHER,) if len(sizes) > most else ())


def _bill_variant(line: InvoiceLine, drops_regions: bool) -> Variant:
    return variant_of(line.tier, None if drops_regions else line.region, line.window)


def _regions_cost_nothing(lines: Iterable[InvoiceLine], provider: str, rate_of: RateOf) -> bool:
    """Whether the bill names regions without charging for them, as far as its quantities show it."""
    billed = at_list = 0.0
    regions = 0
    for line in lines:
        one = variant_of(line.tier, line.region, line.window)
        if not one.region:
            continue
        regions += 1
        if line.quantity is not None and line.model and line.on:
            price = unit_nanos(rate_of, provider, line.model, one._replace(region=""), line.on)
            if line.token_class in price:
                billed += line.nanos
                at_list += float(line.quantity) * price[line.token_class]
    if provider not in ("openai", "anthropic") and not at_list:
        return True
    return not regions or (at_list > 0 and billed < _PREMIUM * at_list)


def _merges_input(rows: Sequence[EstimateRow], lines: Sequence[InvoiceLine]) -> bool:
    """Whether the bill has one line for all input, so that cached tokens cannot be told apart in it."""
    told = {line.token_class for line in lines}
    if told & set(INPUT[1:4]) or "input_uncached" not in told:
        return False
    billed = sum(line.nanos for line in lines if line.token_class == INPUT[0])
    parts = np.zeros(len(CLASS_NAMES))
    for row in rows:
        if row.class_nanos is not None:
            parts += row.class_nanos
    uncached, everything = parts[0], parts[:4].sum()
    return bool(everything > uncached and abs(billed - everything) < abs(billed - uncached))


def _place_of_line(line: InvoiceLine, label: _Labeller) -> tuple[int, ...]:
    project = label.project_of(line.project, line.api_key)
    if line.token_class == SEARCHES:
        return label.day_of(line.on), label.search_model, label.class_of(SEARCHES), 0, project
    variant = label.variant_of(variant_of(line.tier, line.region, line.window))
    return label.day_of(line.on), label.model_of(line.model or ALL), label.class_of(line.token_class), variant, project


def _list_price(label: _Labeller, provider: str, rate_of: RateOf) -> Floats:
    """List price of every cell but for the project (an axis of one place); 0 where there is none."""
    axes = label.axes
    price = np.zeros((*axes.shape[:4], 1))
    if axes.classes != (ALL,):
        price[:, label.search_model, label.class_of(SEARCHES), 0] = SEARCH_NANOS
    if ALL in axes.models or axes.classes == (ALL,):
        return price
    for day, on in enumerate(axes.days or (label.first_on + timedelta(days=14),)):
        for place, model in enumerate(axes.models):
            for served, variant in enumerate(axes.variants):
                found = unit_nanos(rate_of, provider, model, variant, on) if model != SEARCH_PLACE else {}
                for kind, name in enumerate(axes.classes):
                    if name in found and name != SEARCHES:
                        price[day, place, kind, served, 0] = found[name]
    return price


def _premium(label: _Labeller, provider: str, rate_of: RateOf, on: date) -> Floats:
    """What long context costs on top, in parts of the price below the threshold; 0 where there is none."""
    axes = label.axes
    premium = np.zeros((1, len(axes.models), len(axes.classes), 1, 1))
    for place, model in enumerate(axes.models):
        factors = long_factors(rate_of, provider, model, on) if model not in (ALL, SEARCH_PLACE, OTHER) else None
        for kind, name in enumerate(axes.classes) if factors else ():
            assert factors
            premium[0, place, kind] = (factors[1] if name in OUTPUT else factors[0]) - 1
    return premium.clip(min=0)


def _effective(own: Side, plain: Floats) -> Floats:
    """What a token cost in the estimate, cell by cell; else what it cost elsewhere in the month; else the list price.

    A variant that the estimate lacks costs as much more than the standard one as by list: calls that the estimate priced
    above a long-context threshold stay above it.
    """
    nanos, tokens = own.nanos.sum(axis=4, keepdims=True), own.tokens.sum(axis=4, keepdims=True)
    used = np.divide(nanos, tokens, out=plain.copy(), where=(tokens > 0) & (nanos > 0))
    whole_nanos, whole_tokens = nanos.sum(axis=0, keepdims=True), tokens.sum(axis=0, keepdims=True)
    mean = np.divide(whole_nanos, whole_tokens, out=np.zeros_like(whole_nanos), where=whole_tokens > 0)
    used = np.where(used > 0, used, mean)
    has = (own.tokens > 0) & (own.nanos > 0)
    price: Floats = np.divide(own.nanos, own.tokens, out=np.broadcast_to(used, own.nanos.shape).copy(), where=has)
    for place in range(1, plain.shape[3]):
        listed, standard = plain[:, :, :, place], plain[:, :, :, 0]
        ratio = np.divide(listed, standard, out=np.zeros_like(listed), where=standard > 0)
        derived = price[:, :, :, 0] * ratio
        price[:, :, :, place] = np.where(has[:, :, :, place] | (derived <= 0), price[:, :, :, place], derived)
    return price


def _laid_out(rows: Sequence[EstimateRow], label: _Labeller, plain: Floats) -> tuple[Side, Floats, Floats]:
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
    rows: Sequence[EstimateRow], counts: Floats, cost: Floats, plain: Floats, places: Sequence[Places], label: _Labeller
) -> Floats:  # fmt: skip
    """Cost by class, adding up to each row's cost: as booked, else by list price."""
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
    scaled = parts * np.divide(cost, total, out=np.zeros_like(cost), where=total > 0)[:, None]
    parted: Floats = np.where((total > 0)[:, None], scaled, flat * cost[:, None])
    return parted


def _places(rows: Sequence[EstimateRow], label: _Labeller) -> tuple[tuple[Places, ...], Mask]:
    """(day, model, variant, project) of the rows that lie in the month, and which rows do."""
    days = _days(np.array([row.starts_at for row in rows], dtype=np.int64), label)
    inside = (days >= 0) & (days < label.axes.shape[0])
    kept = [row for row, is_inside in zip(rows, inside, strict=True) if is_inside]
    return (days[inside], *_labels(kept, label)), inside


def _cells(name: str, places: Sequence[Places], label: _Labeller) -> tuple[Places, ...]:
    """Where a token class of these rows stands in the grid."""
    day, model, variant, project = places
    kind = np.full_like(day, label.class_of(name))
    if name == SEARCHES and label.by_class:
        return day, np.full_like(day, label.search_model), kind, np.zeros_like(day), project
    return day, model, kind, variant, project


def _labels(rows: Sequence[EstimateRow], label: _Labeller) -> tuple[Places, Places, Places]:
    models = np.array([label.model_of(row.model) for row in rows], dtype=np.int64)
    variants = np.array([label.variant_of(Variant(row.tier, is_long=row.is_long)) for row in rows], dtype=np.int64)
    projects = np.array([label.project_of(row.project, row.api_key) for row in rows], dtype=np.int64)
    return models, variants, projects


def _days(starts_at: Places, label: _Labeller) -> Places:
    if not label.axes.days:
        return np.zeros_like(starts_at)
    first = int(datetime(label.first_on.year, label.first_on.month, 1, tzinfo=UTC).timestamp())
    return (starts_at - first) // DAY


def _shifter(rows: Sequence[EstimateRow], label: _Labeller) -> Callable[[int], Floats]:
    """The tokens of the month if every call had come so many hours later."""
    starts_at = np.array([row.starts_at for row in rows], dtype=np.int64)
    model, variant, project = _labels(rows, label)
    counts = np.array([row.tokens for row in rows], dtype=np.float64)
    names = [(place, name) for place, name in enumerate(CLASS_NAMES) if name != SEARCHES or label.by_class]

    @lru_cache(maxsize=32)
    def shifted(hours: int) -> Floats:
        days = _days(starts_at + hours * HOUR, label)
        inside = (days >= 0) & (days < label.axes.shape[0])
        tokens = np.zeros(label.axes.shape)
        places = (days[inside], model[inside], variant[inside], project[inside])
        for place, name in names:
            np.add.at(tokens, _cells(name, places, label), counts[inside, place])
        return tokens

    return shifted
