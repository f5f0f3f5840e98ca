"""The laws of the variance: exact, without order, blind to what did not move; zero and new models included."""

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rates import Band, Rate
from core.token_shape import ModelTotals, prorated
from core.usage import TokenClasses
from core.variance import Driver, Variance, explain, shapley, whole_parts

MODELS = ("gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5", "unpriced-model")


def a_rate(**nanos_per_million: int) -> Rate:
    prices = {"input_uncached": 2_000_000_000, "cache_read": 500_000_000, "output": 8_000_000_000} | nanos_per_million
    return Rate("test", (Band(-1, TokenClasses(**prices)),))


RATES = {
    "gpt-4.1": a_rate(),
    "gpt-4.1-mini": a_rate(input_uncached=400_000_000, cache_read=100_000_000, output=1_600_000_000),
    "claude-sonnet-4-5": a_rate(input_uncached=3_000_000_000, cache_write=3_750_000_000, output=15_000_000_000),
}


def at_list(model: str, requests: int, rates: dict[str, Rate] = RATES, **tokens: int) -> ModelTotals:
    """Totals that cost what the rate says; `tokens` are per request."""
    classes = TokenClasses(**{name: each * requests for name, each in tokens.items()})
    return ModelTotals(model, requests, classes, rates[model].cost(classes, requests=max(requests, 2)))


def why(planned: list[ModelTotals], actual: list[ModelTotals], actual_rates: dict[str, Rate] = RATES) -> Variance:
    return explain(planned, actual, planned_rates=RATES, actual_rates=actual_rates)


counts = st.integers(0, 10**9)


@st.composite
def a_side(draw: st.DrawFn) -> list[ModelTotals]:
    names = draw(st.lists(st.sampled_from(MODELS), unique=True, max_size=4))
    return [
        ModelTotals(
            name,
            draw(st.integers(1, 10**7)),
            TokenClasses(*(draw(st.one_of(st.just(0), counts)) for _ in TokenClasses._fields)),
            draw(st.integers(0, 10**14)),
        )
        for name in names
    ]


@settings(max_examples=40)
@given(a_side(), a_side())
def test_the_parts_add_up_to_the_nano(planned, actual):
    found = why(planned, actual)

    gap = sum(total.cost_nanos for total in actual) - sum(total.cost_nanos for total in planned)
    assert sum(part.nanos for part in found.parts) == found.gap_nanos == gap
    assert sum(found.by_driver().values()) == sum(found.by_model().values()) == gap


@settings(max_examples=40)
@given(a_side(), a_side())
def test_swapping_plan_and_actual_negates_every_part(planned, actual):
    there = {(part.driver, part.model): part.nanos for part in why(planned, actual).parts}
    back = {(part.driver, part.model): -part.nanos for part in why(actual, planned).parts}

    assert there == back


@settings(max_examples=40)
@given(a_side())
def test_nothing_moved_means_no_parts(side):
    assert why(side, side).parts == ()


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 5000), st.integers(1, 5000))
def test_only_volume_speaks_when_only_volume_moved(planned, actual, tokens_in, tokens_out):
    shape = {"input_uncached": tokens_in, "cache_read": 3, "output": tokens_out}

    found = why([at_list("gpt-4.1", planned, **shape)], [at_list("gpt-4.1", actual, **shape)])

    assert set(found.by_driver()) <= {Driver.VOLUME}


@given(st.integers(1, 10**6), st.integers(0, 4000), st.integers(0, 4000))
def test_only_the_cache_share_speaks_when_tokens_turn_into_cache_reads(requests, was, now):
    planned = at_list("gpt-4.1", requests, input_uncached=4000 - was, cache_read=was, output=100)
    actual = at_list("gpt-4.1", requests, input_uncached=4000 - now, cache_read=now, output=100)

    assert set(why([planned], [actual]).by_driver()) <= {Driver.CACHE_SHARE}


@given(
    st.integers(1, 10**6), st.sampled_from(["output", "reasoning", "cache_write", "web_searches"]), st.integers(0, 900)
)
def test_one_class_alone_is_told_by_its_name(requests, name, tokens):
    rates = {"gpt-4.1": a_rate(reasoning=8_000_000_000, cache_write=2_500_000_000, web_searches=10_000_000_000_000_000)}
    planned = at_list("gpt-4.1", requests, rates, input_uncached=50, **{name: 100})
    actual = at_list("gpt-4.1", requests, rates, input_uncached=50, **{name: tokens})
    driver = {"output": Driver.OUTPUT, "reasoning": Driver.REASONING, "cache_write": Driver.CACHE_WRITE}

    found = explain([planned], [actual], planned_rates=rates, actual_rates=rates)

    assert set(found.by_driver()) <= {driver.get(name, Driver.WEB_SEARCHES)}


def test_a_price_change_alone_is_price():
    dearer = RATES | {"gpt-4.1": a_rate(output=12_000_000_000)}
    shape = {"input_uncached": 1000, "output": 500}

    found = why([at_list("gpt-4.1", 1000, **shape)], [at_list("gpt-4.1", 1000, dearer, **shape)], dearer)

    assert found.by_driver() == {Driver.PRICE: 1000 * 500 * 4000}


def test_moving_requests_to_another_model_with_its_own_shape_is_mix():
    big = {"input_uncached": 1000, "output": 500}
    small = {"input_uncached": 1000, "output": 400}
    planned = [at_list("gpt-4.1", 800, **big), at_list("gpt-4.1-mini", 200, **small)]
    actual = [at_list("gpt-4.1", 300, **big), at_list("gpt-4.1-mini", 700, **small)]

    assert set(why(planned, actual).by_driver()) == {Driver.MODEL_MIX}


def test_a_model_that_is_new_brings_no_shape_or_price_of_its_own():
    planned = [at_list("gpt-4.1", 1000, input_uncached=1000, output=500)]
    actual = [*planned, at_list("claude-sonnet-4-5", 500, input_uncached=2000, cache_write=100, output=900)]

    found = why(planned, actual)

    assert set(found.by_driver()) == {Driver.VOLUME, Driver.MODEL_MIX}
    assert found.by_model()["claude-sonnet-4-5"] > 0


def test_a_plan_of_nothing_makes_everything_volume():
    actual = [at_list("gpt-4.1", 1000, input_uncached=1000, output=500), at_list("gpt-4.1-mini", 10, output=5)]

    assert why([], actual).by_driver() == {Driver.VOLUME: sum(total.cost_nanos for total in actual)}


def test_a_model_without_a_price_still_adds_up():
    planned = [ModelTotals("unpriced-model", 10, TokenClasses(output=100), 0)]
    actual = [ModelTotals("unpriced-model", 20, TokenClasses(output=400), 7_000)]

    found = why(planned, actual).by_driver()

    assert sum(found.values()) == 7_000
    assert found[Driver.PRICE] > found[Driver.VOLUME] > 0


def test_volume_and_shape_doubled_together_share_what_both_made():
    planned = [at_list("gpt-4.1", 100, output=100)]
    actual = [at_list("gpt-4.1", 200, output=200)]
    cost = planned[0].cost_nanos

    assert why(planned, actual).by_driver() == {Driver.VOLUME: cost * 3 // 2, Driver.OUTPUT: cost * 3 // 2}


def test_a_model_named_twice_is_refused():
    total = at_list("gpt-4.1", 1, output=1)

    with pytest.raises(ValueError, match="named twice"):
        why([total, total], [])


def test_usage_without_requests_is_refused():
    with pytest.raises(ValueError, match="no requests"):
        why([ModelTotals("gpt-4.1", 0, TokenClasses(output=5), 1)], [])


def test_a_prorated_plan_differs_from_the_plan_in_volume_only():
    plan = [at_list("gpt-4.1", 1000, input_uncached=600, output=40), at_list("gpt-4.1-mini", 1, output=1)]

    due = prorated(plan, 0.3)

    assert [total.model for total in due] == ["gpt-4.1"]
    assert set(why(plan[:1], list(due)).by_driver()) == {Driver.VOLUME}


fractions = st.fractions(min_value=0, max_value=1000, max_denominator=1000)


@settings(max_examples=30)
@given(st.lists(st.tuples(fractions, fractions), min_size=1, max_size=5))
def test_shapley_is_the_mean_over_all_orders(pairs):
    drivers = list(Driver)[: len(pairs)]
    factors = [(driver, was, now) for driver, (was, now) in zip(drivers, pairs, strict=True)]
    effects = dict.fromkeys(drivers, Fraction(0))
    orders = list(permutations(range(len(pairs))))
    for order in orders:
        values = [was for _, was, _ in factors]
        for index in order:
            before = product(values)
            values[index] = factors[index][2]
            effects[drivers[index]] += product(values) - before

    assert dict(shapley(factors)) == {driver: effect / len(orders) for driver, effect in effects.items()}


def product(values: list[Fraction]) -> Fraction:
    result = Fraction(1)
    for value in values:
        result *= value
    return result


@given(st.lists(st.fractions(min_value=-100, max_value=100, max_denominator=50), max_size=8))
def test_rounding_keeps_the_sum_and_moves_no_part_by_a_nano_or_more(parts):
    rest = Fraction(-sum(parts, Fraction(0)) % 1)
    parts = [*parts, rest]

    rounded = whole_parts(parts)

    assert sum(rounded) == sum(parts)
    assert all(abs(whole - part) < 1 for whole, part in zip(rounded, parts, strict=True))


def test_parts_with_a_broken_sum_are_refused():
    with pytest.raises(ValueError, match="not whole"):
        whole_parts([Fraction(1, 2)])
