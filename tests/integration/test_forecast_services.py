"""The forecast's services over real books: what `set` proposes and freezes, what a digest holds, what a what-if is worth."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from bot.slack.command_line import parse
from bot.slack.forecast_forms import WhatIf
from core.list_prices import list_rates
from core.money import NANOS
from core.period import Cycle
from core.rates import Rate
from core.scenario import reprice
from core.services import budget_status
from core.services.explain_spend import Against, explain_spend
from core.services.forecast_spend import freeze_plan, outlook, refresh_forecasts
from core.services.manage_workloads import add_rule
from core.services.suggest_envelope import proposal
from core.services.write_digest import write_digest
from core.store.unit_of_work import UnitOfWork
from core.token_shape import DayUsage
from core.usage import CLASS_NAMES, UsageEvent
from sandbox.usage import WORKLOADS, events
from tests.support.books import ANA, DEFAULTS, NOON, Actor, an_event, an_order, books_in, records, sets

NOVEMBER = Cycle(2026, 11)
MONDAY = date(2026, 11, 23)
Month = tuple[list[DayUsage], list[UsageEvent], dict[str, Rate]]


async def with_history(uow: UnitOfWork, *, days: int = 40) -> None:
    """A workload called search with steady usage up to this morning."""
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=False, now=NOON)
    usage = [
        an_event(
            at=NOON - timedelta(days=ago, hours=1),
            input_tokens=2_000_000,
            output_tokens=500_000,
            tags={"feature": "search"},
        )
        for ago in range(days)
    ]
    await records(uow, usage)


async def test_set_proposes_the_forecast_with_its_margin(uow: UnitOfWork):
    await with_history(uow)
    await refresh_forecasts(uow, now=NOON)
    made = await outlook(uow, "search", now=NOON)
    proposed = await proposal(uow, "search", by=Actor(ANA), defaults=DEFAULTS, now=NOON)
    assert proposed.suggested_nanos is not None
    assert proposed.suggested_nanos % (10 * NANOS) == 0
    assert 0 <= proposed.suggested_nanos - made.forecast.p50_nanos * 1.2 < 10 * NANOS
    assert proposed.basis.startswith("Forecast of $")
    assert "plus 20% margin" in proposed.basis


async def test_without_a_forecast_set_proposes_from_spend(uow: UnitOfWork):
    await with_history(uow)
    proposed = await proposal(uow, "search", by=Actor(ANA), defaults=DEFAULTS, now=NOON)
    assert "run-rate" in proposed.basis


async def test_status_and_forecast_draw_the_same_straight_line(uow: UnitOfWork):
    await with_history(uow)
    made = await outlook(uow, "search", now=NOON)
    standing = await budget_status.detail(uow, "search", now=NOON)
    (line,) = (one for one in (await budget_status.overview(uow, now=NOON)).lines if one.workload == "search")
    assert made.forecast.run_rate_nanos is not None
    assert made.forecast.run_rate_nanos == standing.line.run_rate_nanos == line.run_rate_nanos


async def test_drivers_are_frozen_once_for_a_revision(uow: UnitOfWork):
    await with_history(uow)
    assert not await freeze_plan(uow, "search", now=NOON)
    outcome = await sets(uow, an_order("search", 300))
    assert outcome.envelope is not None
    assert await freeze_plan(uow, "search", now=NOON)
    async with uow.read() as tx:
        number = (await tx.workloads.names())["search"]
        first = await tx.forecasts.planned(number, outcome.envelope.revision)
    assert first
    later = NOON + timedelta(hours=20)
    await records(uow, [an_event(at=NOON, input_tokens=90_000_000, tags={"feature": "search"})])
    assert await freeze_plan(uow, "search", now=later)
    async with uow.read() as tx:
        assert await tx.forecasts.planned(number, outcome.envelope.revision) == first
    found = await explain_spend(uow, "search", None, now=later)
    assert found.against is Against.PLAN
    assert sum(part.nanos for part in found.variance.parts) == found.variance.gap_nanos > 0


async def test_people_who_ask_at_the_same_moment_all_get_their_forecast(uow: UnitOfWork):
    await with_history(uow)
    await sets(uow, an_order("search", 300))
    made = await asyncio.gather(
        *(outlook(uow, "search", now=NOON) for _ in range(6)),
        refresh_forecasts(uow, now=NOON),
        freeze_plan(uow, "search", now=NOON),
        freeze_plan(uow, "search", now=NOON),
    )
    assert len({one.forecast.p50_nanos for one in made[:6]}) == 1


async def test_status_shows_the_last_forecast_and_its_chance(uow: UnitOfWork):
    await with_history(uow)
    await sets(uow, an_order("search", 100))
    (before,) = (line for line in (await budget_status.overview(uow, now=NOON)).lines if line.workload == "search")
    assert before.forecast is None
    await refresh_forecasts(uow, now=NOON)
    (line,) = (line for line in (await budget_status.overview(uow, now=NOON)).lines if line.workload == "search")
    made = (await outlook(uow, "search", now=NOON)).forecast
    assert (line.forecast_nanos, line.breach_probability) == (made.p50_nanos, made.breach_probability)


async def test_a_digest_is_one_notice_a_channel_whoever_writes_it(uow: UnitOfWork):
    await with_history(uow)
    await sets(uow, an_order("search", 300, channel="C0SEARCH"))
    await refresh_forecasts(uow, now=NOON)
    for _ in range(3):
        assert await write_digest(uow, monday=MONDAY, now=NOON) == 1
    async with uow.write() as tx:
        notices = [one for one in await tx.outbox.claim(now=NOON, limit=50) if one.kind == "digest"]
    (notice,) = notices
    assert notice.recipient == "C0SEARCH"
    (line,) = notice.facts["lines"]
    assert line["workload"] == "search"
    spent = (await outlook(uow, "search", now=NOON)).forecast.spent_nanos
    assert sum(line["days"]) == spent
    assert len(line["days"]) == 24


@pytest.mark.parametrize(
    "typed",
    [
        "volume=+20%",
        "output=-10%",
        "input=0.5x",
        "move=gpt-4.1->gpt-4.1-mini:30%",
        "volume=2x output=-10% move=gpt-4.1->gpt-4.1-mini",
    ],
)
def test_a_what_if_agrees_with_repricing_the_real_events_to_the_cent(demo_month: Month, typed: str):
    command = parse(f"whatif search-answers {typed}", today=NOVEMBER.first_on)
    assert isinstance(command, WhatIf)
    days, usage, rates = demo_month
    then = reprice(days, command.changes, rates)
    wanted = sum((_under(typed, event, rates) for event in usage), Fraction(0))
    assert abs(sum(day.cost_nanos for day in then) - wanted) < NANOS // 100


def _under(typed: str, event: UsageEvent, rates: dict[str, Rate]) -> Fraction:
    """What one real event would have cost: exact, by the event's own tokens and list prices."""
    factors = {"volume": Fraction(1), "input": Fraction(1), "output": Fraction(1)}
    moved = Fraction(0)
    for part in typed.split():
        key, _, value = part.partition("=")
        if key == "move":
            share = Fraction(value.partition(":")[2].rstrip("%") or 100) / 100
            moved = share if event.model == value.partition("->")[0] else Fraction(0)
        elif value.endswith("x"):
            factors[key] = Fraction(value[:-1])
        else:
            factors[key] = 1 + Fraction(value.rstrip("%")) / 100
    total = Fraction(0)
    for model, part in ((event.model, 1 - moved), ("gpt-4.1-mini", moved)):
        band, per = rates[model].bands[0], rates[model].per
        for name, tokens, price in zip(CLASS_NAMES, event.classes(), band.prices, strict=True):
            side = factors["output"] if name in ("output", "reasoning", "output_audio") else factors["input"]
            total += part * side * factors["volume"] * tokens * Fraction(price, per)
    return total


@pytest.fixture(scope="module")
def demo_month(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Month:
    """October of the demo's search-answers, read back from books of its own: days by model, the events, the rates."""
    path = tmp_path_factory.mktemp("month") / "outlay.db"
    path.write_bytes(sqlite_template.read_bytes())
    span = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    wanted = dict(next(workload.rules for workload in WORKLOADS if workload.name == "search-answers"))
    read = [msgspec.convert(event, UsageEvent, strict=False) for event in events(*span, anchor=date(2026, 11, 17))]
    found = [event for event in read if wanted.items() <= event.tags.items() and event.tier == "standard"]
    assert len(found) > 500

    async def booked() -> list[DayUsage]:
        async with books_in(f"sqlite:///{path}") as uow:
            await records(uow, found)
            async with uow.read() as tx:
                kept = await tx.drivers.between(date(2026, 10, 1), date(2026, 10, 31))
        return [day for drivers in kept.values() for day in drivers.days]

    models = {event.model for event in found} | {"gpt-4.1-mini"}
    rates = {model: list_rates("openai", model, "standard", date(2026, 10, 15))[0][1] for model in models}
    return asyncio.run(booked()), found, rates
