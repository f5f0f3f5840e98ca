"""The run-rate beside the forecast, and why the two disagree."""

from __future__ import annotations

from statistics import fmean
from typing import Final

from bot.readable import share
from core.money import apart, usd
from core.services.forecast_spend import Outlook

AGREE: Final = 0.03
"""Closer than this they say the same."""
_MOVED: Final = 0.05
_WEEK: Final = 7
_SATURDAY: Final = 5


def run_rate_sentence(outlook: Outlook) -> str | None:
    """One sentence with the reason where run-rate and forecast disagree; None where there is no run-rate or no month left."""
    made = outlook.forecast
    if made.run_rate_nanos is None or not made.path or not made.p50_nanos:
        return None
    gap = made.run_rate_nanos - made.p50_nanos
    if abs(gap) <= AGREE * made.p50_nanos:
        return f"The run-rate says about the same: {usd(made.run_rate_nanos)}."
    more = "more" if gap > 0 else "less"
    return f"The run-rate says {usd(made.run_rate_nanos)}, {apart(made.run_rate_nanos, made.p50_nanos)} {more}: {_reason(outlook, gap)}."


def _reason(outlook: Outlook, gap: int) -> str:
    """The first of these that goes the right way: a planned change, another level lately, other weekdays to come."""
    made = outlook.forecast
    coming = [plan for plan in made.plans if plan.from_on > made.as_of]
    if coming:
        changes = "a planned change" if len(coming) == 1 else f"{len(coming)} planned changes"
        return f"it does not know of {changes} to come"
    days = [nanos for on, nanos in outlook.days if on <= made.as_of]
    lately, so_far = fmean(days[-_WEEK:]) if days else 0.0, fmean(days) if days else 0.0
    if len(days) > _WEEK and so_far and (lately / so_far - 1) * -gap > 0 and abs(lately / so_far - 1) > _MOVED:
        moved = share(abs(lately / so_far - 1))
        return f"the last seven days ran {moved} {'above' if lately > so_far else 'below'} the month so far"
    past = [on.weekday() >= _SATURDAY for on, _ in outlook.days if on <= made.as_of]
    ahead = [one.on.weekday() >= _SATURDAY for one in made.path]
    if past and ahead and (fmean(ahead) - fmean(past)) * gap > 0:
        return f"it counts every day alike, but {share(fmean(ahead))} of the days to come are weekends, after {share(fmean(past))} so far"
    if so_far:
        each = round((made.p50_nanos - made.spent_nanos) / len(made.path))
        return f"it takes every day at {usd(round(so_far))}, while the days to come look like {usd(each)}"
    return "it stretches the days so far, which were quiet, over the whole month"
