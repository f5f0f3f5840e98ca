"""The forecast follows what a workload does, says how sure it is, and never looks ahead."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from core.forecast import forecast, forecast_all
from core.money import NANOS
from core.token_shape import DayUsage
from core.usage import TokenClasses
from tests.support.months import AS_OF, FIRST, LAST, RATES, a_history, a_month, used

COST_OF_ONE = used(AS_OF, 1).cost_nanos


def steady(_: date) -> int:
    return 1000


def weekdays_only(on: date) -> int:
    return 1400 if on.weekday() < 5 else 0


def noisy(seed: int, spread: float = 0.1, drift: float = 0.03):
    """Weekday-shaped usage with a wandering level; the same for the same seed."""
    random = np.random.default_rng(seed)
    first = AS_OF - timedelta(days=200)
    level = np.cumsum(random.normal(0, drift, 260))
    noise = random.normal(0, spread, 260)
    weekday = random.uniform(0.5, 1.5, 7)
    return lambda on: round(
        5000 * float(np.exp(level[(on - first).days] + noise[(on - first).days])) * float(weekday[on.weekday()])
    )


def of_days(first: date, last: date, requests) -> int:
    """Nanos of the days `first`–`last`."""
    return sum(COST_OF_ONE * requests(first + timedelta(days=day)) for day in range((last - first).days + 1))


def test_steady_usage_ends_where_it_is_heading():
    found = forecast(a_month(a_history(steady)))

    assert found.p50_nanos == pytest.approx(of_days(FIRST, LAST, steady), rel=0.001)
    assert found.spent_nanos == of_days(FIRST, AS_OF, steady)
    assert found.spent_nanos < found.p10_nanos < found.p50_nanos < found.p90_nanos


def test_days_of_rest_are_expected_to_come_again():
    found = forecast(a_month(a_history(weekdays_only)))

    assert found.p50_nanos == pytest.approx(of_days(FIRST, LAST, weekdays_only), rel=0.02)
    weekend = [day for day in found.path if day.on.weekday() >= 5]
    before = {day.on: day.p50_nanos for day in found.path}
    rises = [day.p50_nanos - before.get(day.on - timedelta(days=1), found.spent_nanos) for day in weekend]
    assert max(rises) < 0.05 * 1400 * COST_OF_ONE


def test_one_spike_hardly_moves_the_month():
    spiked = forecast(a_month(a_history(lambda on: 10_000 if on == AS_OF else 1000)))
    calm = forecast(a_month(a_history(steady)))

    assert spiked.p50_nanos - spiked.spent_nanos < 1.1 * (calm.p50_nanos - calm.spent_nanos)


@pytest.mark.parametrize("usage", [steady, noisy(11, drift=0.0)])
def test_a_lasting_doubling_is_followed_within_a_week(usage):
    since = AS_OF - timedelta(days=6)
    doubled = forecast(a_month(a_history(lambda on: (2 if on >= since else 1) * usage(on))))

    came = 2 * of_days(date(2026, 11, 11), LAST, usage)
    assert doubled.p50_nanos - doubled.spent_nanos == pytest.approx(came, rel=0.1)


def test_two_days_of_twice_the_usage_are_not_yet_a_new_level():
    since = AS_OF - timedelta(days=1)
    found = forecast(a_month(a_history(lambda on: 2000 if on >= since else 1000)))

    assert found.p50_nanos - found.spent_nanos < 1.2 * 20 * 1000 * COST_OF_ONE


def test_a_slow_end_of_last_month_does_not_count_as_spent():
    found = forecast(a_month(a_history(lambda on: 1000 if on >= FIRST else 5000)))

    assert found.spent_nanos == of_days(FIRST, AS_OF, steady)


def test_nothing_after_the_day_is_looked_at():
    month = a_month(a_history(steady))
    with_future = replace(month, history=[*month.history, *a_history(lambda _: 9000, days=20, until=LAST)])

    assert forecast(with_future) == forecast(month)


def test_ten_times_the_usage_is_ten_times_the_forecast():
    usage = noisy(3)
    once, tenfold = (forecast(a_month(a_history(lambda on, k=k: k * usage(on)))) for k in (1, 10))

    assert tenfold.p50_nanos == pytest.approx(10 * once.p50_nanos, rel=1e-6)
    assert tenfold.p90_nanos == pytest.approx(10 * once.p90_nanos, rel=1e-6)


def test_many_at_once_are_the_same_as_one_by_one():
    months = [a_month(a_history(noisy(seed)), workload=str(seed)) for seed in range(6)]
    months[2] = replace(months[2], as_of=date(2026, 11, 20))
    months[4] = a_month([])

    together = forecast_all(months)

    assert [found.workload for found in together] == [month.workload for month in months]
    for month, found in zip(months, together, strict=True):
        alone = forecast(month)
        assert found.p50_nanos == pytest.approx(alone.p50_nanos, rel=1e-9)
        assert found.p10_nanos == pytest.approx(alone.p10_nanos, rel=1e-9)


def test_four_months_out_of_five_end_inside_the_range():
    inside, usage = [], [noisy(seed) for seed in range(150)]
    months = [a_month(a_history(each, days=180)) for each in usage]
    for each, found in zip(usage, forecast_all(months), strict=True):
        inside.append(found.p10_nanos <= of_days(FIRST, LAST, each) <= found.p90_nanos)

    assert 0.72 <= np.mean(inside) <= 0.92


def test_the_forecast_beats_the_run_rate_on_weekday_shaped_usage():
    usage = [noisy(seed, drift=0.01) for seed in range(60)]
    found = forecast_all([a_month(a_history(each), as_of=date(2026, 11, 5)) for each in usage])
    actual = [of_days(FIRST, LAST, each) for each in usage]

    ours = sum(abs(each.p50_nanos - came) / came for each, came in zip(found, actual, strict=True))
    run_rate = sum(abs((each.run_rate_nanos or 0) - came) / came for each, came in zip(found, actual, strict=True))
    assert ours < 0.85 * run_rate


def test_under_two_weeks_of_history_is_said_and_widens_the_range():
    young, old = (forecast(a_month(a_history(noisy(1), days=days))) for days in (9, 120))

    assert young.is_thin_history and not old.is_thin_history
    assert "Under 14 days of history" in young.basis
    assert young.p90_nanos - young.p10_nanos > 2 * (old.p90_nanos - old.p10_nanos)


def test_a_workload_without_usage_gets_no_invented_number():
    found = forecast(a_month([], envelope_nanos=100 * NANOS))

    assert (found.p10_nanos, found.p50_nanos, found.p90_nanos) == (0, 0, 0)
    assert found.breach_probability == 0
    assert found.expected == ()
    assert found.method == "no usage yet"


def test_a_workload_that_went_quiet_may_wake_but_is_not_expected_to():
    found = forecast(a_month(a_history(lambda on: 1000 if on < date(2026, 11, 2) else 0)))

    assert found.method == "quiet for a week"
    assert found.p50_nanos == found.spent_nanos
    assert found.p90_nanos > 2 * found.spent_nanos


def test_usage_now_and_then_is_taken_at_its_mean():
    random = np.random.default_rng(8)
    busy = {AS_OF - timedelta(days=int(back)) for back in random.choice(120, 40, replace=False)} | {AS_OF}

    found = forecast(a_month(a_history(lambda on: 1000 if on in busy else 0)))

    recent = sum(AS_OF - timedelta(days=back) in busy for back in range(28)) / 28
    assert found.method.startswith("mean of recent days")
    assert found.p50_nanos - found.spent_nanos == pytest.approx(20 * recent * 1000 * COST_OF_ONE, rel=0.001)


def test_a_closed_cycle_is_what_was_booked():
    history = a_history(steady, until=LAST)

    found = forecast(a_month(history, as_of=date(2026, 12, 3), envelope_nanos=1))

    assert found.p10_nanos == found.p50_nanos == found.p90_nanos == of_days(FIRST, LAST, steady)
    assert found.path == () and found.breach_on is None
    assert found.breach_probability == 1
    assert found.run_rate_nanos == found.p50_nanos


def test_the_next_cycle_can_be_forecast_before_it_begins():
    found = forecast(a_month(a_history(weekdays_only), first_on=date(2026, 12, 1), last_on=date(2026, 12, 31)))

    assert found.spent_nanos == 0 and found.run_rate_nanos is None
    assert (found.path[0].on, len(found.path)) == (date(2026, 12, 1), 31)
    assert found.p50_nanos == pytest.approx(of_days(date(2026, 12, 1), date(2026, 12, 31), weekdays_only), rel=0.03)


def test_the_path_ends_in_the_forecast_and_never_falls():
    found = forecast(a_month(a_history(noisy(5))))

    assert [day.on for day in found.path] == [AS_OF + timedelta(days=day) for day in range(1, 21)]
    assert found.path[-1].p50_nanos == found.p50_nanos and found.path[-1].p90_nanos == found.p90_nanos
    for name in ("p10_nanos", "p50_nanos", "p90_nanos"):
        values = [getattr(day, name) for day in found.path]
        assert values == sorted(values)


def test_the_chance_of_a_breach_is_even_at_the_middle_and_one_tenth_at_the_upper_end():
    month = a_month(a_history(noisy(7)))
    plain = forecast(month)

    chances = [
        forecast(replace(month, envelope_nanos=nanos)).breach_probability
        for nanos in (plain.p10_nanos, plain.p50_nanos, plain.p90_nanos)
    ]

    assert chances == pytest.approx([0.9, 0.5, 0.1], abs=1e-6)
    assert plain.breach_probability is None and plain.breach_on is None


def test_the_days_of_a_breach_lie_around_the_day_it_is_expected():
    month = a_month(a_history(steady), envelope_nanos=round(22.5 * 1000 * COST_OF_ONE))

    found = forecast(month)

    assert found.breach_probability is not None and found.breach_probability > 0.95
    assert found.breach_on is not None
    assert date(2026, 11, 21) <= found.breach_on[0] <= date(2026, 11, 23) <= found.breach_on[1] <= date(2026, 11, 25)


def test_an_envelope_already_passed_is_certain():
    found = forecast(a_month(a_history(steady), envelope_nanos=1))

    assert found.breach_probability == 1
    assert found.breach_on == (date(2026, 11, 11), date(2026, 11, 11))


def test_a_breach_that_is_hardly_possible_names_no_days():
    found = forecast(a_month(a_history(steady), envelope_nanos=10**18))

    assert found.breach_probability == pytest.approx(0, abs=1e-6)
    assert found.breach_on is None


def test_a_model_without_a_price_is_taken_at_what_was_booked():
    history = [replace(day, model="secret") for day in a_history(steady)]

    found = forecast(a_month(history))

    assert found.p50_nanos == pytest.approx(of_days(FIRST, LAST, steady), rel=0.001)


def test_a_price_that_changed_before_is_not_taken_for_a_change_of_usage():
    history = [
        replace(day, cost_nanos=3 * day.cost_nanos) if day.on < date(2026, 11, 6) else day for day in a_history(steady)
    ]

    found = forecast(a_month(history))

    assert found.p50_nanos - found.spent_nanos == pytest.approx(20 * 1000 * COST_OF_ONE, rel=0.05)


def test_the_expected_usage_of_the_cycle_adds_up_to_the_forecast():
    history = a_history(noisy(2)) + [
        replace(day, model="small", cost_nanos=RATES["small"].cost(day.tokens, requests=2))
        for day in a_history(noisy(4))
    ]

    found = forecast(a_month(history))

    assert sum(total.cost_nanos for total in found.expected) == found.p50_nanos
    assert {total.model for total in found.expected} == {"big", "small"}
    for total in found.expected:
        assert total.cost_nanos == pytest.approx(RATES[total.model].cost(total.tokens, requests=2), rel=0.02)


def test_the_drivers_table_says_what_was_and_what_is_expected():
    rows = {row.name: row for row in forecast(a_month(a_history(steady))).drivers}

    assert (rows["requests a day"].recent, rows["requests a day"].unit) == (1000, "requests")
    assert rows["requests a day"].expected == pytest.approx(1000, rel=0.001)
    assert rows["cost a request"].recent == pytest.approx(COST_OF_ONE)
    assert rows["output a request"].expected == pytest.approx(500, rel=0.001)
    assert rows["cache share"].recent == 0


def test_a_day_without_any_row_inside_the_history_is_a_day_of_nothing():
    holed = a_history(lambda on: 0 if on == date(2026, 11, 4) else 1000)

    found = forecast(a_month(holed))

    assert found.spent_nanos == 9 * 1000 * COST_OF_ONE
    assert found.p50_nanos - found.spent_nanos == pytest.approx(20 * 1000 * COST_OF_ONE, rel=0.05)


def test_rows_may_come_in_any_order():
    history = a_history(noisy(9))

    assert forecast(a_month(history[::-1])).p50_nanos == forecast(a_month(history)).p50_nanos


def test_a_single_day_of_history_is_extended_with_a_very_wide_range():
    found = forecast(a_month([DayUsage(AS_OF, "big", 10, TokenClasses(output=1000), 8_000_000)]))

    assert found.p50_nanos == pytest.approx(21 * 8_000_000, rel=0.01)
    assert found.p90_nanos > 2 * found.p50_nanos
