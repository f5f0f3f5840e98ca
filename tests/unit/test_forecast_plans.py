"""Plans, what-ifs, business metrics and today's hours take part in the forecast from their day on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.forecast import BusinessMetric, PartialDay, forecast, hour_profile, what_if
from core.forecasting.partial_day import rest_of_day, share_done
from core.scenario import CacheChange, InputChange, ModelMove, OutputChange, Plan, PriceChange, VolumeChange, reprice
from core.usage import TokenClasses
from tests.support.months import AS_OF, FIRST, LAST, RATES, a_history, a_month, a_rate, used

DAY = used(AS_OF, 1000).cost_nanos
SMALL_DAY = used(AS_OF, 1000, "small").cost_nanos
SWITCH_ON = date(2026, 11, 21)
MOVE = ModelMove("big", "small")


def steady(_: date) -> int:
    return 1000


def to_come(month) -> int:
    found = forecast(month)
    return found.p50_nanos - found.spent_nanos


def width(found) -> float:
    """Of the range of what is to come, by its middle."""
    return (found.p90_nanos - found.p10_nanos) / (found.p50_nanos - found.spent_nanos)


def test_a_planned_switch_is_priced_in_from_its_day():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (MOVE,))])

    found = forecast(month)

    assert found.p50_nanos - found.spent_nanos == pytest.approx(10 * DAY + 10 * SMALL_DAY, rel=0.001)
    by_day = {day.on: day.p50_nanos for day in found.path}
    assert by_day[date(2026, 11, 21)] - by_day[date(2026, 11, 20)] == pytest.approx(SMALL_DAY, rel=0.001)
    assert found.plans == month.plans or list(found.plans) == list(month.plans)
    assert "1 planned change" in found.basis


def test_a_switch_of_a_share_moves_that_share():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (ModelMove("big", "small", 0.3),))])

    assert to_come(month) == pytest.approx(17 * DAY + 3 * SMALL_DAY, rel=0.001)


def test_plans_come_one_after_the_other_and_add_up():
    plans = [Plan(date(2026, 11, 26), (VolumeChange(2.0),)), Plan(SWITCH_ON, (MOVE,))]

    assert to_come(a_month(a_history(steady), plans=plans)) == pytest.approx(10 * DAY + 15 * SMALL_DAY, rel=0.001)


def test_a_switch_that_has_happened_prices_the_past_at_the_new_model():
    history = [used(day.on, day.requests, "small") if day.on >= date(2026, 11, 9) else day for day in a_history(steady)]

    assert to_come(a_month(history)) == pytest.approx(20 * SMALL_DAY, rel=0.01)


def test_a_partial_switch_that_has_come_is_measured_from_its_day():
    on = date(2026, 11, 9)
    history = [day if day.on < on else replace(used(day.on, 700)) for day in a_history(steady)]
    history += [used(on + timedelta(days=day), 300, "small") for day in range(2)]

    month = a_month(history, plans=[Plan(on, (ModelMove("big", "small", 0.3),))])

    assert to_come(month) == pytest.approx(20 * (0.7 * DAY + 0.3 * SMALL_DAY), rel=0.01)


def test_a_switch_widens_the_range_of_the_days_after_it():
    plain, switched = (
        forecast(a_month(a_history(steady), plans=plans)) for plans in ([], [Plan(AS_OF + timedelta(days=1), (MOVE,))])
    )

    assert width(switched) > 1.2 * width(plain)


def test_a_plan_beyond_the_cycle_takes_no_part():
    later = a_month(a_history(steady), plans=[Plan(date(2026, 12, 1), (MOVE,))])

    assert to_come(later) == to_come(a_month(a_history(steady)))
    assert forecast(later).plans == ()


def test_a_launch_multiplies_volume_from_its_day():
    found = forecast(a_month(a_history(steady), plans=[Plan(SWITCH_ON, (VolumeChange(3.0),))]))

    assert found.p50_nanos - found.spent_nanos == pytest.approx(10 * DAY + 10 * 3 * DAY, rel=0.001)
    rows = {row.name: row for row in found.drivers}
    assert rows["requests a day"].expected == pytest.approx(2000, rel=0.001)
    assert rows["cost a request"].expected == pytest.approx(DAY / 1000, rel=0.001)


def test_a_launch_that_came_yesterday_is_believed():
    launched = a_history(lambda on: 3000 if on == AS_OF else 1000)

    with_plan = to_come(a_month(launched, plans=[Plan(AS_OF, (VolumeChange(3.0),))]))

    assert with_plan == pytest.approx(20 * 3 * DAY, rel=0.02)
    assert to_come(a_month(launched)) < 0.5 * with_plan


def test_a_cache_roll_out_that_came_yesterday_is_believed():
    cached = TokenClasses(input_uncached=100, cache_read=900, output=50)
    plain = TokenClasses(input_uncached=1000, output=50)
    history = [used(day.on, 1000, shape=cached if day.on == AS_OF else plain) for day in a_history(steady)]

    month = a_month(history, plans=[Plan(AS_OF, (CacheChange(0.9),))])

    assert to_come(month) == pytest.approx(20 * used(AS_OF, 1000, shape=cached).cost_nanos, rel=0.02)


def test_a_plan_whose_day_came_without_any_usage_still_waits():
    resting = a_history(lambda on: 1000 if on < date(2026, 11, 9) else 0)
    on = date(2026, 11, 9)

    moved = a_month(resting, plans=[Plan(on, (MOVE,))])
    launched = a_month(resting, plans=[Plan(on, (VolumeChange(3.0),))])
    plain = a_month(resting)

    assert to_come(moved) == pytest.approx(to_come(plain) * SMALL_DAY / DAY, rel=0.001)
    assert to_come(launched) == pytest.approx(3 * to_come(plain), rel=0.001)


def test_a_launch_that_did_nothing_is_forgotten():
    month = a_month(a_history(steady), plans=[Plan(AS_OF - timedelta(days=20), (VolumeChange(3.0),))])

    assert to_come(month) == pytest.approx(20 * DAY, rel=0.1)


def test_a_workload_that_will_be_switched_off_costs_nothing_after():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (VolumeChange(0.0),))])

    assert to_come(month) == pytest.approx(10 * DAY, rel=0.001)


def test_a_price_change_holds_from_its_day():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (PriceChange("big", a_rate(4.0, 16.0)),))])

    assert to_come(month) == pytest.approx(10 * DAY + 10 * 2 * DAY, rel=0.001)


def test_a_cache_roll_out_makes_input_cheaper():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (CacheChange(0.5),))])
    cached = RATES["big"].cost(TokenClasses(500_000, 500_000, output=500_000), requests=2)

    found = forecast(month)

    assert found.p50_nanos - found.spent_nanos == pytest.approx(10 * DAY + 10 * cached, rel=0.001)
    assert {row.name: row for row in found.drivers}["cache share"].expected == pytest.approx(0.25, rel=0.001)


@pytest.mark.parametrize(
    "changes",
    [
        (VolumeChange(1.2),),
        (InputChange(0.9),),
        (OutputChange(1.3),),
        (CacheChange(0.2),),
        (ModelMove("big", "small", 0.3),),
        (VolumeChange(1.2), CacheChange(0.2), ModelMove("big", "small", 0.5)),
        (PriceChange("big", a_rate(1.0, 9.0)),),
    ],
)
def test_a_what_if_changes_the_days_to_come_as_repricing_changes_the_past(changes):
    month = a_month(a_history(lambda on: 900 + 31 * on.weekday()))
    before = sum(day.cost_nanos for day in month.history)
    after = sum(day.cost_nanos for day in reprice(month.history, changes, RATES))

    assert to_come(what_if(month, changes)) / to_come(month) == pytest.approx(after / before, rel=1e-4)


def test_a_what_if_leaves_the_month_as_it_was():
    month = a_month(a_history(steady))

    changed = what_if(month, [VolumeChange(2.0)])

    assert month.plans == () and changed.plans[0].from_on == date(2026, 11, 11)


def test_moving_to_a_model_without_a_price_keeps_the_mean_price():
    month = a_month(a_history(steady), plans=[Plan(SWITCH_ON, (ModelMove("big", "secret"),))])

    assert to_come(month) == pytest.approx(20 * DAY, rel=0.001)


def tickets(per_day: int, planned: int) -> BusinessMetric:
    past = {AS_OF - timedelta(days=day): float(per_day) for day in range(120)}
    ahead = {AS_OF + timedelta(days=day + 1): float(planned) for day in range(30)}
    return BusinessMetric("ticket", past, ahead)


def test_volume_follows_the_plan_of_its_business_metric():
    found = forecast(a_month(a_history(steady), metric=tickets(200, 300)))

    assert found.p50_nanos - found.spent_nanos == pytest.approx(1.5 * 20 * DAY, rel=0.001)
    assert "volume per ticket" in found.basis


def test_a_metric_without_a_plan_stays_where_it_is():
    metric = replace(tickets(200, 300), planned={})

    assert to_come(a_month(a_history(steady), metric=metric)) == pytest.approx(20 * DAY, rel=0.001)


def test_a_metric_that_wanders_widens_the_range_until_it_is_planned():
    """Tickets double and halve by the fortnight, and requests follow them exactly."""
    wandering = {day: 100.0 if day.toordinal() // 14 % 2 else 200.0 for day in tickets(1, 1).actual}
    history = a_history(lambda day: round(5 * wandering[day]))
    open_end = forecast(a_month(history, metric=BusinessMetric("ticket", wandering)))
    planned = forecast(a_month(history, metric=BusinessMetric("ticket", wandering, tickets(1, 150).planned)))

    assert width(open_end) > 1.3 * width(planned)
    assert "your plan of them" in planned.basis
    assert "your plan" not in open_end.basis


def test_a_metric_known_on_a_few_days_only_is_not_followed():
    metric = BusinessMetric("ticket", {AS_OF: 200.0}, {date(2026, 11, 20): 9000.0})

    found = forecast(a_month(a_history(steady), metric=metric))

    assert found.p50_nanos - found.spent_nanos == pytest.approx(20 * DAY, rel=0.001)
    assert "ticket" not in found.basis


OFFICE_HOURS = hour_profile([[0.0] * 9 + [1.0] * 8 + [0.0] * 7] * 60)


def test_todays_hours_count_as_spent_and_the_rest_is_expected():
    today = PartialDay(cost_nanos=DAY // 2, hours_elapsed=12.0)

    found = forecast(a_month(a_history(steady), today=today))

    assert found.spent_nanos == 10 * DAY + DAY // 2
    assert found.p50_nanos == pytest.approx(30 * DAY, rel=0.001)
    assert "today so far" in found.basis


def test_a_runaway_day_raises_the_rest_of_it():
    calm, wild = (
        forecast(a_month(a_history(steady), today=PartialDay(cost, 12.0))).p50_nanos for cost in (DAY // 2, 5 * DAY)
    )

    assert wild - calm > 4.5 * DAY + 0.15 * DAY


def test_an_early_morning_says_little_about_the_day():
    quiet = PartialDay(cost_nanos=0, hours_elapsed=8.0, hourly=OFFICE_HOURS)

    assert rest_of_day(quiet, float(DAY)) == pytest.approx(DAY, rel=0.05)


def test_a_day_that_is_over_brings_nothing_more():
    assert rest_of_day(PartialDay(DAY, 24.0, OFFICE_HOURS), float(DAY)) == 0


def test_a_day_that_has_not_begun_brings_all_of_it():
    assert rest_of_day(PartialDay(0, 0.0), float(DAY)) == DAY


def test_the_share_done_follows_the_hours_people_work():
    assert share_done(PartialDay(0, 13.0, OFFICE_HOURS)) == pytest.approx(0.5, abs=0.03)
    assert share_done(PartialDay(0, 6.0)) == pytest.approx(0.25)


def test_an_hour_profile_of_nothing_is_even():
    assert hour_profile([[0.0] * 24]) == pytest.approx([1 / 24] * 24)


def test_plans_before_the_cycle_are_listed_but_left_to_the_data():
    month = a_month(a_history(steady), plans=[Plan(FIRST - timedelta(days=60), (OutputChange(2.0),))])

    assert to_come(month) == pytest.approx(20 * DAY, rel=0.001)
    assert forecast(month).path[-1].on == LAST
