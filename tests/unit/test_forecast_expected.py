"""What a forecast expects the cycle to have used: the plan that envelopes freeze and `why` compares with."""

from __future__ import annotations

import pytest

from core.forecast import forecast
from core.token_shape import unit_prices
from core.variance import Driver, explain
from tests.support.outlooks import MODEL, RATES, an_outlook


def test_expected_costs_add_up_to_the_middle():
    made = an_outlook().forecast
    assert sum(total.cost_nanos for total in made.expected) == made.p50_nanos


def test_what_was_booked_today_is_usage_and_no_price_that_moved():
    (total,) = an_outlook().forecast.expected
    at_list = float(sum(unit_prices(RATES[MODEL])[:-1] * list(total.tokens)))
    assert total.cost_nanos == pytest.approx(at_list, rel=1e-6)


def test_two_forecasts_under_the_same_prices_differ_in_no_price():
    before = an_outlook().forecast.expected
    after = forecast(an_outlook(requests=1_300).month).expected
    found = explain(before, after, planned_rates=RATES, actual_rates=RATES)
    assert abs(found.by_driver().get(Driver.PRICE, 0)) < 1_000_000
    assert found.by_driver()[Driver.VOLUME] > 0.9 * found.gap_nanos
