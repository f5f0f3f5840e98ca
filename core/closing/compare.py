"""Building the grid out of an estimate and the token lines of a bill: finding what both sides are split by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from core.closing.bill_lines import Bill
from core.closing.catalogue import STANDARD, RateOf, Variant, long_factors, one_name, unit_nanos, variant_of
from core.closing.grid import ALL, INPUT, OUTPUT, SEARCH_PLACE, SEARCHES, TOKENS, Axes, Floats, Grid, Marked, Side
from core.closing.layout import SEARCH_NANOS, Labeller, laid_out, shifter
from core.estimate import Estimate, EstimateRow
from core.invoice import InvoiceLine
from core.usage import CLASS_NAMES

_MAX_MODELS: Final = 40
_MAX_PROJECTS: Final = 24
OTHER: Final = "other"
_NO_PROJECT: Final = ""
_SHARED: Final = 0.3
"""Share of the bill that has to be on projects the usage knows; below it the two sides do not mean the same by "project"."""
_PREMIUM: Final = 1.03
_MOSTLY: Final = 0.9


def grid_of(estimate: Estimate, bill: Bill, rounded_to: int, rate_of: RateOf) -> Grid:
    """Both sides in arrays. Web searches are left out of both where the bill is split by token class."""
    label, split_by = _labeller(estimate, bill, rate_of)
    shape = label.axes.shape
    on = estimate.month.first_on + timedelta(days=14)
    rows = estimate.rows
    plain = _list_price(label, estimate.provider, rate_of)
    own, requests, long_nanos = laid_out(rows, label, plain)
    # Long calls cost more than the difference of a cell is worth: what is off is priced as a usual call.
    usual, _, _ = laid_out([row for row in rows if not row.is_long], label, plain)
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
    if float(billed[is_known].sum()) >= _MOSTLY * float(billed.sum()):
        # A bill that tells its tokens has none where it has no line.
        is_known |= lines == 0
    tokens = np.where(is_known, quantities, implied_tokens(own, billed, price))
    marked = {}
    for mark, found in estimate.marked.items():
        side, count, _ = laid_out(found, label, plain)
        marked[mark] = Marked(side, count)
    shifted = shifter(estimate.hours, label) if estimate.hours and label.axes.days else None
    premium = _premium(label, estimate.provider, rate_of, on)
    return Grid(
        label.axes, own, Side(tokens, billed), price, premium, is_known, lines, requests, marked, long_nanos, rate_of,
        estimate.provider, on, rounded_to, split_by, shifted,
    )  # fmt: skip


def implied_tokens(own: Side, billed: Floats, price: Floats) -> Floats:
    """What the bill's amounts buy beyond or short of the estimate, where the bill tells no tokens."""
    return own.tokens + np.divide(billed - own.nanos, price, out=np.zeros_like(price), where=price > 0)


def _labeller(estimate: Estimate, bill: Bill, rate_of: RateOf) -> tuple[Labeller, tuple[str, ...]]:
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
    axes = Axes(days, models, classes, variants, projects, uses_keys)
    model_places = {name: place for place, name in enumerate(models)}
    variant_places = {one: place for place, one in enumerate(variants)}
    project_places = {name: place for place, name in enumerate(projects)}

    @lru_cache(maxsize=10_000)
    def model_of(name: str) -> int:
        return model_places.get(one_name(provider, name), model_places.get(OTHER, 0)) if bill.by_model else 0

    @lru_cache(maxsize=1_000)
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
    label = Labeller(axes, month.first_on, model_of, place_of_variant, project_of, bill.by_class, merges_input)
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


def _place_of_line(line: InvoiceLine, label: Labeller) -> tuple[int, ...]:
    project = label.project_of(line.project, line.api_key)
    if line.token_class == SEARCHES:
        return label.day_of(line.on), label.search_model, label.class_of(SEARCHES), 0, project
    variant = label.variant_of(variant_of(line.tier, line.region, line.window))
    return label.day_of(line.on), label.model_of(line.model or ALL), label.class_of(line.token_class), variant, project


def _list_price(label: Labeller, provider: str, rate_of: RateOf) -> Floats:
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


def _premium(label: Labeller, provider: str, rate_of: RateOf, on: date) -> Floats:
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
