"""Forecasts, explanations and trials made by the real model from a made-up history; a test names only what matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from core.forecast import PartialDay, WorkloadMonth, forecast, what_if
from core.list_prices import list_rates
from core.scenario import Change, Plan
from core.scorecard import Outcome, by_day, by_workload, scored
from core.services.explain_spend import Against, Explanation, Mover
from core.services.forecast_spend import Outlook
from core.services.score_forecasts import Scorecard
from core.services.try_changes import Trial
from core.store.driver_rows import Priced
from core.token_shape import DayUsage, ModelTotals
from core.usage import TokenClasses
from core.variance import explain
from tests.support.standings import NOVEMBER, an_envelope, dollars, fresh

MODEL, OTHER = "gpt-4.1", "gpt-4.1-mini"
AS_OF = date(2026, 11, 16)
RATES = {model: list_rates("openai", model, "standard", AS_OF)[0][1] for model in (MODEL, OTHER)}


def a_day_of_usage(on: date, requests: int = 1_000, *, model: str = MODEL) -> DayUsage:
    """Weekends are quiet; each request has 4 000 tokens in, a quarter from cache, and 500 out."""
    count = requests if on.weekday() < 5 else requests // 3
    tokens = TokenClasses(input_uncached=3_000 * count, cache_read=1_000 * count, output=500 * count)
    return DayUsage(on, model, count, tokens, 10_500_000 * count)


def an_outlook(
    workload: str = "search-answers", *, size: float | None = 300, days: int = 90, requests: int = 1_000,
    plans: Sequence[Plan] = (), as_of: date = AS_OF, **changes: Any,
) -> Outlook:  # fmt: skip
    """The forecast on the morning of 17 November; about $10.50 on a working day."""
    history = [a_day_of_usage(as_of - timedelta(days=ago), requests + 7 * (ago % 5)) for ago in range(days)]
    month = WorkloadMonth(
        workload=workload, history=history, first_on=NOVEMBER.first_on, last_on=NOVEMBER.last_on, as_of=as_of, rates=RATES,
        plans=tuple(plans), envelope_nanos=dollars(size) if size else None,
        today=PartialDay(dollars(3), 8.0) if as_of < NOVEMBER.last_on else None,
    )  # fmt: skip
    spent = {row.on: row.cost_nanos for row in history if row.on >= NOVEMBER.first_on}
    if as_of < NOVEMBER.last_on:
        spent[as_of + timedelta(days=1)] = dollars(3)
    envelope = an_envelope(size, workload=workload) if size else None
    models = {MODEL: Priced("openai", MODEL, "standard")}
    values: dict[str, Any] = {
        "workload_id": 2, "cycle": NOVEMBER, "envelope": envelope, "month": month, "forecast": forecast(month),
        "days": tuple(sorted(spent.items())), "models": models, "freshness": fresh(),
    }  # fmt: skip
    return Outlook(**values | changes)


def a_trial(*changes: Change, outlook: Outlook | None = None, crosses: bool = False) -> Trial:
    now = outlook or an_outlook()
    start = AS_OF + timedelta(days=2)
    return Trial(now, forecast(what_if(now.month, changes, start)), changes, start, crosses)


def totals(requests: int = 10_000, *, output: int = 500, model: str = MODEL, factor: float = 1.0) -> ModelTotals:
    tokens = TokenClasses(input_uncached=3_000 * requests, cache_read=1_000 * requests, output=output * requests)
    nanos = round((6_000_000 + 500_000 + 8_000 * output) * requests * factor)
    return ModelTotals(model, requests, tokens, nanos)


def an_explanation(
    before: Sequence[ModelTotals] = (totals(),),
    after: Sequence[ModelTotals] = (totals(12_000, output=600),),
    **changes: Any,
) -> Explanation:
    variance = explain(before, after, planned_rates=RATES, actual_rates=RATES)
    values: dict[str, Any] = {
        "workload": "search-answers", "cycle": NOVEMBER, "against": Against.PLAN, "basis": "spend so far against 55% of the plan",
        "variance": variance, "movers": (Mover("customer", "acme", dollars(10), dollars(25)),), "freshness": fresh(),
    }  # fmt: skip
    return Explanation(**values | changes)


def a_scorecard(**changes: Any) -> Scorecard:
    outcomes = [
        Outcome(workload, day, dollars(80), dollars(middle), dollars(130), dollars(140), dollars(100))
        for workload, middle in (("chat", 105), ("search-answers", 118))
        for day in (3, 8, 13, 25)
    ]
    values: dict[str, Any] = {
        "workload": None, "cycles": (NOVEMBER.previous,), "whole": scored("all", outcomes), "workloads": by_workload(outcomes),
        "days": by_day(outcomes), "backtested": 1.0,
    }  # fmt: skip
    return replace(Scorecard(**values), **changes)
