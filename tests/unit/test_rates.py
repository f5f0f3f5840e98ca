"""Rates: one division per event, bands as cliffs, negotiated prices over list prices."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OutOfRange
from core.money import NANOS
from core.rates import MILLION, Band, NegotiatedPrice, Rate, negotiated, parse_price
from core.services.price_usage import PriceBook
from core.usage import CLASS_NAMES, TokenClasses
from tests.support.books import classes

PRICES = st.builds(TokenClasses, *(st.integers(0, 600 * NANOS) for _ in CLASS_NAMES))
TOKENS = st.builds(TokenClasses, *(st.integers(0, 2_000_000) for _ in CLASS_NAMES))
DAY = date(2026, 11, 24)


def a_rate(*bands: Band, **prices: int) -> Rate:
    return Rate("test", bands or (Band(-1, TokenClasses(**prices)),))


@given(PRICES, TOKENS)
def test_the_cost_is_the_exact_sum_rounded_once(prices: TokenClasses, tokens: TokenClasses) -> None:
    exact = sum(Fraction(count * price, MILLION) for count, price in zip(tokens, prices, strict=True))

    assert Rate("test", (Band(-1, prices),)).cost(tokens) == round(exact)


@given(PRICES, TOKENS, TOKENS)
def test_splitting_an_event_moves_its_cost_by_at_most_one_nano(
    prices: TokenClasses, one: TokenClasses, other: TokenClasses
) -> None:
    rate = Rate("test", (Band(-1, prices),))
    together = TokenClasses(*(a + b for a, b in zip(one, other, strict=True)))

    assert abs(rate.cost(one) + rate.cost(other) - rate.cost(together)) <= 1


def test_above_a_threshold_the_whole_request_pays_the_higher_band() -> None:
    low, high = Band(-1, classes(input_uncached=1 * NANOS)), Band(200_000, classes(input_uncached=2 * NANOS))
    rate = a_rate(low, high)

    assert rate.cost(classes(input_uncached=200_000)) == 200_000_000
    assert rate.cost(classes(input_uncached=200_001)) == 400_002_000


def test_cached_input_counts_towards_the_threshold() -> None:
    rate = a_rate(Band(-1, classes(cache_read=10)), Band(1000, classes(cache_read=20_000_000)))

    assert rate.cost(classes(cache_read=1001)) == 20_020


def test_an_aggregate_pays_the_lowest_band_however_large_it_is() -> None:
    rate = a_rate(Band(-1, classes(input_uncached=1 * NANOS)), Band(200_000, classes(input_uncached=2 * NANOS)))

    assert rate.cost(classes(input_uncached=5_000_000), requests=30) == 5 * NANOS


def test_a_price_per_request_counts_every_request_of_an_aggregate() -> None:
    rate = Rate("test", (Band(-1, classes(), per_request=5 * MILLION),))

    assert rate.cost(classes(), requests=7) == 35


def test_a_negotiated_price_overrides_its_classes_and_leaves_the_rest_at_list_price() -> None:
    book = PriceBook([negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=DAY, set_by="U0FARAH")])
    ((_, rate),) = book.in_force("openai", "gpt-4.1", "standard", DAY)

    assert rate.cost(classes(input_uncached=MILLION)) == 1 * NANOS
    assert rate.cost(classes(output=MILLION)) == 8 * NANOS
    assert rate.source == "negotiated from 2026-11-24"


def test_a_negotiated_price_holds_in_every_band_and_at_every_fineness() -> None:
    listed = Rate("list", (Band(-1, classes(output=30)), Band(1000, classes(output=60), 7)), per=10 * MILLION)
    price = NegotiatedPrice("p", "m", "standard", DAY, (("output", 5),), "U0FARAH")

    applied = price.applied_to(listed)

    assert [band.prices.output for band in applied.bands] == [50, 50]
    assert [band.above for band in applied.bands] == [-1, 1000]
    assert applied.bands[1].per_request == 7


def test_before_its_day_a_negotiated_price_does_not_hold() -> None:
    book = PriceBook([negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=DAY, set_by="U0FARAH")])

    ((_, rate),) = book.in_force("openai", "gpt-4.1", "standard", date(2026, 11, 23))
    assert rate.cost(classes(input_uncached=MILLION)) == 2 * NANOS


def test_the_latest_begun_negotiated_price_holds() -> None:
    prices = [
        negotiated("openai", "gpt-4.1", {"input": amount}, from_on=day, set_by="U0FARAH")
        for amount, day in (("1", date(2026, 1, 1)), ("0.5", date(2026, 6, 1)), ("9", date(2027, 1, 1)))
    ]

    found = PriceBook(prices).negotiated_on("OpenAI", "GPT-4.1", "standard", DAY)

    assert found is not None
    assert found.prices == (("input_uncached", NANOS // 2),)


def test_a_private_model_costs_its_negotiated_price_and_unnamed_classes_their_parent() -> None:
    price = negotiated("acme", "own", {"input": "1", "output": "4"}, from_on=DAY, set_by="U0FARAH")
    ((start, rate),) = PriceBook([price]).in_force("acme", "own", "standard", DAY)

    assert start == 0
    assert rate.cost(classes(cache_read=MILLION)) == NANOS
    assert rate.cost(classes(cache_write_1h=MILLION)) == NANOS
    assert rate.cost(classes(reasoning=MILLION)) == 4 * NANOS
    assert rate.cost(classes(web_searches=5)) == 0


def test_a_negotiated_price_of_one_tier_leaves_the_others_alone() -> None:
    book = PriceBook([negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=DAY, set_by="U", tier="batch")])

    assert book.negotiated_on("openai", "gpt-4.1", "standard", DAY) is None


@pytest.mark.parametrize("text", ["", "-1", "free", "NaN", "inf", "1e30", "1000001", "$$1"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OutOfRange, match="not a price"):
        parse_price(text)


@pytest.mark.parametrize(("text", "nanos"), [("1.25", 1_250_000_000), ("$3", 3 * NANOS), ("0", 0), ("0.000000001", 1)])
def test_prices_as_people_write_them(text: str, nanos: int) -> None:
    assert parse_price(text) == nanos


def test_an_unknown_token_class_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OutOfRange, match="cache_read"):
        negotiated("openai", "gpt-4.1", {"thinking": "1"}, from_on=DAY, set_by="U0FARAH")
