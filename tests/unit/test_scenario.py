"""What-ifs agree with repricing the real events under the change, to the cent, on a month of the demo's usage."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import cache

import msgspec
import numpy as np
import pytest

from core.errors import OutOfRange
from core.list_prices import list_rates
from core.money import NANOS
from core.rates import Band, Rate
from core.scenario import (
    CacheChange,
    Change,
    InputChange,
    ModelMove,
    OutputChange,
    Plan,
    PriceChange,
    VolumeChange,
    changed_usage,
    reprice,
)
from core.token_shape import DayUsage
from core.usage import TokenClasses, UsageEvent
from sandbox.usage import events

CENT = NANOS // 100
ANCHOR = date(2026, 11, 17)
MONTH = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
BIG, SMALL = "openai/gpt-4.1", "openai/gpt-4.1-mini"


@cache
def rates() -> dict[str, Rate]:
    names = {key(event) for event in month()} | {BIG, SMALL}
    return {name: list_rates(*name.split("/", 1), "standard", date(2026, 10, 1))[0][1] for name in names}


def key(event: UsageEvent) -> str:
    return f"{event.provider}/{event.model}"


@cache
def month() -> tuple[UsageEvent, ...]:
    """A month of one workload of the demo company: the one with most events."""
    read = [msgspec.convert(event, UsageEvent, strict=False) for event in events(*MONTH, anchor=ANCHOR)]
    standard = [event for event in read if event.tier == "standard"]
    by_feature: dict[str, list[UsageEvent]] = {}
    for event in standard:
        by_feature.setdefault(event.tags.get("feature", ""), []).append(event)
    return tuple(max(by_feature.values(), key=len))


def by_day(usage: Iterable[UsageEvent]) -> list[DayUsage]:
    sums: dict[tuple[date, str], list[int]] = {}
    for event in usage:
        classes = event.classes()
        cost = rates()[key(event)].cost(classes, event.requests)
        row = sums.setdefault((event.at.date(), key(event)), [0] * (len(classes) + 2))
        for index, value in enumerate((*classes, event.requests, cost)):
            row[index] += value
    return [DayUsage(on, name, row[-2], TokenClasses(*row[:-2]), row[-1]) for (on, name), row in sums.items()]


def repriced(change: Callable[[str, TokenClasses], Iterable[tuple[str, list[float]]]]) -> float:
    """Nanos of every single event under a change of its own tokens, at the lowest band's exact prices."""
    total = 0.0
    for event in month():
        for name, tokens in change(key(event), event.classes()):
            rate = rates()[name]
            total += sum(each * price for each, price in zip(tokens, rate.bands[0].prices, strict=True)) / rate.per
    return total


def under(*changes: Change) -> int:
    return sum(day.cost_nanos for day in reprice(by_day(month()), changes, rates()))


def scaled(tokens: TokenClasses, names: set[str], factor: float) -> list[float]:
    return [each * factor if name in names else float(each) for name, each in zip(tokens._fields, tokens, strict=True)]


INPUTS = {"input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio"}
OUTPUTS = {"output", "reasoning", "output_audio"}


def test_the_month_is_worth_looking_at():
    assert len(month()) > 300
    assert under() == sum(rates()[key(event)].cost(event.classes(), event.requests) for event in month())


def test_a_fifth_more_volume_agrees_with_the_events():
    asked = repriced(lambda name, tokens: [(name, [each * 1.2 for each in tokens])])

    assert abs(under(VolumeChange(1.2)) - asked) < CENT


def test_a_tenth_less_input_agrees_with_the_events():
    asked = repriced(lambda name, tokens: [(name, scaled(tokens, INPUTS, 0.9))])

    assert abs(under(InputChange(0.9)) - asked) < CENT


def test_longer_answers_agree_with_the_events():
    asked = repriced(lambda name, tokens: [(name, scaled(tokens, OUTPUTS, 1.35))])

    assert abs(under(OutputChange(1.35)) - asked) < CENT


@pytest.mark.parametrize("points", [0.2, -0.05])
def test_cache_points_agree_with_the_events(points):
    read = sum(event.classes().cache_read for event in month())
    plain = sum(event.classes().input_uncached for event in month())
    whole = sum(event.classes().input_total for event in month())
    moved = min(abs(points) * whole / (plain if points > 0 else read), 1.0) if (plain if points > 0 else read) else 0.0

    def change(name: str, tokens: TokenClasses) -> list[tuple[str, list[float]]]:
        from_plain = tokens.input_uncached * moved if points > 0 else -tokens.cache_read * moved
        new = tokens._replace(input_uncached=0, cache_read=0)
        rest = [float(each) for each in new]
        rest[0], rest[1] = tokens.input_uncached - from_plain, tokens.cache_read + from_plain
        return [(name, rest)]

    assert abs(under(CacheChange(points)) - repriced(change)) < CENT


def test_moving_a_share_to_another_model_agrees_with_the_events():
    ((source, _),) = Counter(key(event) for event in month()).most_common(1)
    target = SMALL if source != SMALL else BIG

    def change(name: str, tokens: TokenClasses) -> list[tuple[str, list[float]]]:
        if name != source:
            return [(name, [float(each) for each in tokens])]
        return [(name, [each * 0.7 for each in tokens]), (target, [each * 0.3 for each in tokens])]

    assert abs(under(ModelMove(source, target, 0.3)) - repriced(change)) < CENT


def test_several_changes_hold_together():
    asked = repriced(lambda name, tokens: [(name, [each * 1.1 for each in scaled(tokens, OUTPUTS, 0.5)])])

    assert abs(under(VolumeChange(1.1), OutputChange(0.5)) - asked) < CENT


def test_another_price_keeps_the_tokens():
    model = next(iter({key(event) for event in month()}))
    double = Rate("test", (Band(-1, TokenClasses(*(2 * price for price in rates()[model].bands[0].prices))),))
    before = {day.on: day for day in by_day(month()) if day.model == model}

    after = {
        day.on: day for day in reprice(by_day(month()), [PriceChange(model, double)], rates()) if day.model == model
    }

    assert all(after[on].tokens == day.tokens for on, day in before.items())
    assert all(
        abs(after[on].cost_nanos - 2 * day.cost_nanos * rates()[model].per / double.per) < 2
        for on, day in before.items()
    )


def a_day(model: str = BIG, **tokens: int) -> DayUsage:
    return DayUsage(date(2026, 10, 1), model, 10, TokenClasses(**tokens), 1_000_000)


def test_more_cache_than_there_is_input_moves_all_of_it():
    (after,) = reprice([a_day(input_uncached=30, cache_read=70)], [CacheChange(0.9)], rates())

    assert (after.tokens.input_uncached, after.tokens.cache_read) == (0, 100)


def test_moving_a_model_that_is_not_used_changes_nothing():
    day = a_day(input_uncached=30)

    assert reprice([day], [ModelMove("openai/none", SMALL, 1.0)], rates()) == (day,)


def test_moving_to_a_model_without_a_price_is_refused():
    with pytest.raises(OutOfRange, match="has no price yet"):
        reprice([a_day(input_uncached=30)], [ModelMove(BIG, "openai/secret")], rates())


def test_a_long_context_surcharge_stays_with_what_stays():
    # Booked at three times the lowest band: requests beyond a context tier.
    day = DayUsage(date(2026, 10, 1), BIG, 1, TokenClasses(input_uncached=1000), 6_000_000)

    (after,) = reprice([day], [InputChange(0.5)], rates())

    assert after.cost_nanos == 3_000_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: VolumeChange(-0.1),
        lambda: CacheChange(1.5),
        lambda: ModelMove(BIG, SMALL, 1.2),
        lambda: InputChange(1e9),
    ],
)
def test_changes_beyond_reason_are_refused(make):
    with pytest.raises(OutOfRange):
        make()


def test_a_plan_without_a_note_describes_its_changes():
    plan = Plan(date(2026, 11, 20), (VolumeChange(1.2), CacheChange(0.2), ModelMove(BIG, SMALL, 0.3)))

    assert plan.describe() == f"volume +20%, cache +20 points, 30% of {BIG} to {SMALL}"


def test_moving_requests_keeps_every_token():
    usage = {BIG: np.arange(10.0)}

    after = changed_usage(usage, [ModelMove(BIG, SMALL, 0.25)], np.arange(10.0))

    assert np.allclose(sum(after.values()), usage[BIG])
