"""The daily usage of many workloads as arrays, and the model mix each of them has now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from core.forecasting.levels import Flags, Floats
from core.rates import Rate
from core.scenario import Change, booked_prices, changed_rates, changed_usage
from core.token_shape import QUANTITIES, REQUESTS, DayUsage, effective_prices, unit_prices

HISTORY_DAYS: Final = 180
MIX_HALF_LIFE_DAYS: Final = 3.0
AT_LIST: Final = 0.002
"""Booked that close to the rate on its newest day, a model is priced by the rate alone: older days may have had another."""
SWITCH_SHARE: Final = 0.5
"""A model whose share of requests moves by more than half from one week to the next days was switched."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The models a workload uses now.

    Attributes:
      shares: by model, its share of each of `QUANTITIES`; per quantity they add up to 1.
      prices: by model, nanos for one of each quantity as booked of late.
      whole: recent quantities, all models together; only their proportions matter.
    """

    shares: dict[str, Floats]
    prices: dict[str, Floats]
    whole: Floats

    def prices_after(
        self, changes: Sequence[Change], before: Mapping[str, Rate], models: Iterable[str]
    ) -> dict[str, Floats]:
        """Nanos for one of each quantity after the changes, for each of `models`.

        A model without any price, which only a plan can bring in, is taken at the mean of the present mix.
        """
        after = changed_rates(before, changes)
        prices: dict[str, Floats] = {}
        for model in models:
            rate = after.get(model)
            if model not in self.prices:
                prices[model] = unit_prices(rate) if rate else self._mean_prices()
            elif rate is None or rate == before.get(model):
                prices[model] = self.prices[model]
            else:
                own = self.whole * self.shares[model]
                prices[model] = booked_prices(own, float(own @ self.prices[model]), before.get(model), rate)
        return prices

    def unit_cost(self, changes: Sequence[Change], before: Mapping[str, Rate]) -> Floats:
        """What one of each quantity of today's pooled usage costs after the changes, in nanos."""
        usage = changed_usage({m: np.diag(share) for m, share in self.shares.items()}, changes, self.whole)
        prices = self.prices_after(changes, before, usage)
        return _total(usage[model] @ prices[model] for model in usage)

    def _mean_prices(self) -> Floats:
        return _total(self.shares[model] * self.prices[model] for model in self.shares)


def _total(vectors: Iterable[Floats]) -> Floats:
    """The sum of vectors of quantities; zeros for none."""
    return np.asarray(sum(vectors, np.zeros(len(QUANTITIES))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Panel:
    """Arrays (workloads, `HISTORY_DAYS`, …), newest day last.

    Attributes:
      quantities: all models together, in the order of `QUANTITIES`.
      booked: nanos.
      known: from the first day with usage on; a day without usage inside is a zero, not a gap.
    """

    quantities: Floats
    booked: Floats
    known: Flags
    mixes: list[Mix]


def build_panel(
    histories: Sequence[Sequence[DayUsage]],
    rates: Sequence[Mapping[str, Rate]],
    *,
    as_of: date,
    switched_on: Sequence[date | None],
) -> Panel:
    """The last `HISTORY_DAYS` days of each workload.

    Args:
      histories: per workload; days after `as_of` and before the window are left out.
      rates: per workload, those in force on `as_of`, by the models' keys.
      as_of: the last complete day.
      switched_on: per workload, the latest planned model move up to `as_of`.
    """
    newest = as_of.toordinal()
    oldest = newest - HISTORY_DAYS + 1
    workload_of: list[int] = []
    column_of: list[int] = []
    pair_of: list[int] = []
    vectors: list[tuple[int, ...]] = []
    costs: list[int] = []
    pairs: list[tuple[int, str]] = []
    for workload, history in enumerate(histories):
        numbers: dict[str, int] = {}
        for day in history:
            ordinal = day.on.toordinal()
            if not oldest <= ordinal <= newest:
                continue
            pair = numbers.get(day.model)
            if pair is None:
                pair = numbers[day.model] = len(pairs)
                pairs.append((workload, day.model))
            workload_of.append(workload)
            column_of.append(ordinal - oldest)
            pair_of.append(pair)
            vectors.append(day.quantities)
            costs.append(day.cost_nanos)
    rows = _Rows(
        np.array(workload_of, dtype=np.intp),
        np.array(column_of, dtype=np.intp),
        np.array(pair_of, dtype=np.intp),
        np.array(vectors, dtype=np.float64).reshape(-1, len(QUANTITIES)),
        np.array(costs, dtype=np.float64),
    )
    shape = (len(histories), HISTORY_DAYS)
    quantities = np.zeros((*shape, len(QUANTITIES)))
    np.add.at(quantities, (rows.workload, rows.column), rows.quantities)
    booked = np.zeros(shape)
    np.add.at(booked, (rows.workload, rows.column), rows.cost)
    known = np.maximum.accumulate(quantities[:, :, REQUESTS] > 0, axis=1)
    planned = np.array([day.toordinal() - oldest if day else 0 for day in switched_on], dtype=np.intp)
    return Panel(quantities, booked, known, _mixes(rows, pairs, rates, planned))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Usage rows as columns; `pair` numbers the (workload, model) they belong to."""

    workload: npt.NDArray[np.intp]
    column: npt.NDArray[np.intp]
    pair: npt.NDArray[np.intp]
    quantities: Floats
    cost: Floats


def _mixes(
    rows: _Rows,
    pairs: Sequence[tuple[int, str]],
    rates: Sequence[Mapping[str, Rate]],
    planned: npt.NDArray[np.intp],
) -> list[Mix]:
    workloads = len(planned)
    models_of = np.bincount([workload for workload, _ in pairs], minlength=workloads)
    since = np.maximum(planned, 0)
    requests = np.zeros((len(pairs), HISTORY_DAYS))
    np.add.at(requests, (rows.pair, rows.column), rows.quantities[:, REQUESTS])
    first_pair = np.concatenate([[0], np.cumsum(models_of)])
    for workload in np.flatnonzero(models_of > 1).tolist():
        found = _last_switch(requests[first_pair[workload] : first_pair[workload + 1]])
        since[workload] = max(int(since[workload]), found)
    age = HISTORY_DAYS - 1 - rows.column
    weight = np.where(rows.column >= since[rows.workload], 0.5 ** (age / MIX_HALF_LIFE_DAYS), 0.0)
    recent = np.zeros((len(pairs), len(QUANTITIES)))
    np.add.at(recent, rows.pair, rows.quantities * weight[:, None])
    cost = np.bincount(rows.pair, rows.cost * weight, minlength=len(pairs))
    newest = _newest_day(rows, len(pairs))
    whole = np.zeros((workloads, len(QUANTITIES)))
    np.add.at(whole, [workload for workload, _ in pairs], recent)
    mixes: list[Mix] = []
    for workload in range(workloads):
        shares: dict[str, Floats] = {}
        prices: dict[str, Floats] = {}
        total = whole[workload]
        for pair in range(first_pair[workload], first_pair[workload + 1]):
            model = pairs[pair][1]
            of_requests = recent[pair, REQUESTS] / total[REQUESTS] if total[REQUESTS] else 0.0
            share = np.where(total > 0, recent[pair] / np.where(total > 0, total, 1.0), of_requests)
            rate = rates[workload].get(model)
            is_at_list = rate is not None and np.isclose(
                newest[pair, :-1] @ unit_prices(rate), newest[pair, -1], rtol=AT_LIST
            )
            prices[model] = effective_prices(rate, recent[pair], 0.0 if is_at_list else float(cost[pair]))
            shares[model] = share
        mixes.append(Mix(shares, prices, total))
    return mixes


def _newest_day(rows: _Rows, pairs: int) -> Floats:
    """(pairs, quantities and, last, nanos) of the newest day with usage of each workload and model."""
    newest = np.zeros(pairs, dtype=np.intp)
    np.maximum.at(newest, rows.pair, rows.column)
    chosen = rows.column == newest[rows.pair]
    total = np.zeros((pairs, len(QUANTITIES) + 1))
    np.add.at(total, rows.pair[chosen], np.column_stack([rows.quantities[chosen], rows.cost[chosen]]))
    return total


def _last_switch(requests: Floats) -> int:
    """The last column at which the mix turned over, 0 if it never did.

    Args:
      requests: (models, days) of one workload.
    """
    days = requests.shape[1]
    summed = np.pad(np.cumsum(requests, axis=1), ((0, 0), (1, 0)))
    columns = np.arange(1, days)
    before = _share(summed[:, columns] - summed[:, np.maximum(columns - 7, 0)])
    after = _share(summed[:, np.minimum(columns + 3, days)] - summed[:, columns])
    turned = np.abs(after - before).max(axis=0) > SWITCH_SHARE
    at_once = np.abs(_share(requests[:, 1:]) - before).max(axis=0) > SWITCH_SHARE
    # Comparisons with NaN (a stretch without requests) are false: nothing was switched where nothing ran.
    found = np.flatnonzero(turned & at_once)
    return int(columns[found[-1]]) if len(found) else 0


def _share(requests: Floats) -> Floats:
    """Each model's share per column; NaN where there are no requests."""
    with np.errstate(invalid="ignore"):
        return np.asarray(requests / requests.sum(axis=0), dtype=np.float64)
