"""What a workload's own past says of a forecast: how long deviations last, and how wrong totals were."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.forecasting.levels import Flags, Floats, Track, weekday_counts

MIN_DAYS: Final = 7
"""A past day serves as an origin from its seventh day of history on."""
ORIGIN_HALF_LIFE_DAYS: Final = 90.0
PRIOR_PERSISTENCE: Final = (0.7, 0.012)
"""How much of a deviation usually lasts over the next h days, `a - b·h`: over a week most of it, over a month less than half."""
PRIOR_ORIGINS: Final = 10.0
"""The prior weighs as much as ten origins with a typical gap between the levels."""
MAX_PERSISTENCE: Final = 1.2
NOISE_UPLIFT: Final = 0.375
"""The levels are geometric means, a sum of days is an arithmetic one, higher by half the variance of a day's logarithm
(log-normal). The noise is measured around a level that carries a third of it itself, so 3/4 of a half."""


def sums_ahead(values: Floats, horizon: int) -> Floats:
    """The sum of the `horizon` days after each day; NaN where they are not all in the past.

    A day without a value inside counts as the mean of the others; with fewer than half of them there is no sum.
    """
    workloads, days = values.shape
    ahead = np.full((workloads, days), np.nan)
    if days > horizon:
        there = ~np.isnan(values)
        sums = np.cumsum(np.where(there, values, 0.0), axis=1)
        counts = np.cumsum(there, axis=1)
        count = counts[:, horizon:] - counts[:, : days - horizon]
        whole = (sums[:, horizon:] - sums[:, : days - horizon]) * horizon / np.maximum(count, 1)
        ahead[:, : days - horizon] = np.where(2 * count >= horizon, whole, np.nan)
    return ahead


def origins(values: Floats, horizon: int) -> Flags:
    """Days whose forecast of the next `horizon` days can be compared with what came, with enough days before."""
    usable = np.cumsum(~np.isnan(values), axis=1) >= MIN_DAYS
    with np.errstate(invalid="ignore"):
        return usable & (sums_ahead(values, horizon) > 0)


def origin_weights(usable: Flags) -> Floats:
    """Recent origins count more; zero where there is none."""
    age = np.arange(usable.shape[1] - 1, -1, -1)
    return np.where(usable, 0.5 ** (age / ORIGIN_HALF_LIFE_DAYS), 0.0)


def blended_level(track: Track, values: Floats, horizon: int) -> Floats:
    """(workloads, days) the level that forecasts the next `horizon` days best, as seen from each day.

    log level = slow + persistence x (fast - slow), lifted from a day's middle to its mean. The persistence is one number per
    workload, between 0 and 1.2: a ridge regression over its own past origins towards the prior, with large misses cut back
    (Huber).
    """
    usable = origins(values, horizon)
    per_week = np.einsum("wtp,tp->wt", track.profile, weekday_counts(values.shape[1], horizon))
    with np.errstate(all="ignore"):
        came = np.log(sums_ahead(values, horizon) / per_week)
    gap = np.where(usable, track.fast - track.slow, 0.0)
    usual = max(PRIOR_PERSISTENCE[0] - PRIOR_PERSISTENCE[1] * horizon, 0.0)
    middle = track.slow + usual * (track.fast - track.slow) + NOISE_UPLIFT * track.noise
    miss = np.where(usable, np.clip(came - middle, -0.7, 0.7), 0.0)
    weight = origin_weights(usable)
    total = np.maximum(weight.sum(axis=1), 1e-9)
    size = np.sqrt((weight * miss**2).sum(axis=1) / total) + 0.01
    weight = weight / np.maximum(1.0, np.abs(miss) / size[:, None])
    power = (weight * gap**2).sum(axis=1)
    ridge = PRIOR_ORIGINS * (power / np.maximum(weight.sum(axis=1), 1e-9) + 1e-4)
    persistence = usual + (weight * gap * miss).sum(axis=1) / (power + ridge)
    persistence = np.clip(persistence, 0.0, MAX_PERSISTENCE)
    log_level = track.slow + persistence[:, None] * (track.fast - track.slow) + NOISE_UPLIFT * track.noise
    return np.asarray(np.exp(log_level), dtype=np.float64)


PRIOR_SPREAD: Final = (0.06, 0.0095)
"""Usual spread of the log of a total over h days, `a + b·√h`, on the published series."""
PRIOR_WINDOWS: Final = 4.0
"""The prior spread weighs as much as four windows that do not overlap much."""
SPREAD_FACTOR: Final = 1.04
"""The past is fitted with a persistence it helped to choose; the future is a little less kind."""
THIN_SPREAD: Final = 0.75
"""Spread of a workload that began today; fades over `SETTLED_DAYS`. After five days, the next nine of ServeGen's real
clients were within a factor of 2.5 four times out of five."""
SETTLED_DAYS: Final = 21


def past_errors(track_level: Floats, factors: Floats, values: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Log of what came over what was forecast, for each past origin, and the origins' weights (0: not usable).

    Args:
      track_level: (workloads, days) level forecast on each day.
      factors: (workloads, days) the sum of the weekday factors of the `horizon` days after each day.
    """
    usable = origins(values, horizon)
    with np.errstate(all="ignore"):
        errors = np.log(sums_ahead(values, horizon) / (track_level * factors))
    return np.where(usable, np.clip(errors, -0.7, 0.7), 0.0), origin_weights(usable)


def spread(errors: Floats, weights: Floats, horizon: int, *, known_days: Floats) -> Floats:
    """Standard deviation of the log of a total over `horizon` days, per workload, > 0.

    Own past errors, shrunk towards the usual spread; overlapping windows count as what they are worth. Young workloads
    lean to the wider `THIN_SPREAD` instead.

    Args:
      errors, weights: from `past_errors`.
      known_days: days of history per workload.
    """
    total = weights.sum(axis=1)
    windows = total / max(horizon / 3, 1.0)
    own = (weights * errors**2).sum(axis=1) / np.maximum(total, 1e-9)
    usual = PRIOR_SPREAD[0] + PRIOR_SPREAD[1] * np.sqrt(horizon)
    youth = np.maximum(1 - known_days / SETTLED_DAYS, 0.0)
    prior = (1 - youth) * usual**2 + youth * THIN_SPREAD**2
    squared = (windows * own + PRIOR_WINDOWS * prior) / (windows + PRIOR_WINDOWS)
    return np.asarray(SPREAD_FACTOR * np.sqrt(squared), dtype=np.float64)
