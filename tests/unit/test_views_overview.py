"""`/budget status`: the table, its finding, and what must not get lost in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack import ids
from bot.slack.views.overview import overview_message
from core.envelope import State
from core.standing import Overview
from tests.support.shown import buttons, characters, interpreted, refused, table, words
from tests.support.standings import FARAH, HOSTILE, MADRID, NOON, a_line, a_month_end, an_overview, dollars, fresh


def message(overview: Overview) -> dict:
    return dict(overview_message(overview, reader=MADRID))


def many(count: int) -> Overview:
    lines = [
        a_line(f"workload-number-{place:04d}-with-a-name-of-sixty-characters-abcdef"[:60], 90_000 - place, 100_000)
        for place in range(count)
    ]
    return an_overview(*lines)


def test_the_table_has_its_columns_and_one_row_for_each_workload():
    rows = table(message(an_overview(a_line(), a_line("evals", 700, 500))))
    assert rows[0] == ["Workload", "Used", "State", "Spent", "Forecast", "Chance", "Envelope", "Run-rate"]
    assert rows[1] == ["search-answers", "80%", "◐ past soft", "$3,210", "–", "–", "$4,000", "$4,115"]
    assert rows[2][0] == "evals" and rows[2][2] == "■ stopped"


def test_amounts_sort_as_numbers_even_where_one_is_missing():
    shown = message(an_overview(a_line(), a_line("evals", 5, None, run_rate_nanos=None)))
    (block,) = (block for block in shown["blocks"] if block["type"] == "data_table")
    for column in (1, 3, 4, 5, 6, 7):
        assert {row[column]["type"] for row in block["rows"][1:]} == {"raw_number"}
    assert block["rows"][2][1]["value"] < block["rows"][1][1]["value"]


def test_the_notification_text_says_who_is_past_a_threshold():
    text = message(an_overview(a_line(), a_line("evals", 700, 500), a_line("chat", 10, 500)))["text"]
    assert "*evals* is past its hard threshold." in text
    assert "*search-answers* is past its soft threshold." in text
    assert "chat" not in text


def test_spend_outside_envelopes_is_not_counted_as_use_of_them():
    text = message(an_overview(a_line(spent=1000, size=4000), a_line("rogue", 9000, None)))["text"]
    assert "*$10,000* spent" in text
    assert "One envelope holds *$4,000*, $1,000 of it used (25%)." in text


def test_what_was_granted_is_not_called_calm():
    text = message(an_overview(a_line(spent=10), replace(a_line("chat", 450, 500), state=State.GRANTED)))["text"]
    assert "*chat* goes on with what was granted." in text
    assert "All envelopes are within" not in text


def test_calm_is_said_too():
    assert "All envelopes are within their thresholds." in message(an_overview(a_line(spent=10)))["text"]


def test_an_envelope_that_will_not_last_is_told_while_it_still_holds():
    text = message(an_overview(a_line("chat", 3000, 4000, run_rate_nanos=dollars(4001)), a_line("evals", 700, 500)))[
        "text"
    ]
    assert "On a straight line *chat* ends the month above its envelope." in text


def test_the_forecast_speaks_before_the_straight_line():
    line = a_line("chat", 3000, 4000, run_rate_nanos=dollars(4001), forecast=a_month_end(4100, chance=0.62))
    shown = message(an_overview(line))
    assert table(shown)[1][4:6] == ["$4,100", "62%"]
    assert "By the forecast, *chat* (62%) will probably pass its envelope." in shown["text"]
    assert "straight line" not in shown["text"]


def test_a_chance_is_never_rounded_to_a_certainty():
    lines = [
        a_line(f"w{place}", 100, 4000, forecast=a_month_end(4100, chance=chance))
        for place, chance in enumerate((0.9999, 0.003, 0.0))
    ]
    assert [row[5] for row in table(message(an_overview(*lines)))[1:]] == ["over 99%", "under 1%", "0%"]


def test_unattributed_spend_is_shown_with_its_owner_and_the_way_out():
    shown = message(an_overview(a_line(), a_line("unattributed", 90, None, owner=FARAH)))
    assert table(shown)[2][0] == "unattributed"
    assert f"$90 (3%) is unattributed. <@{FARAH}> owns it; see what it is with `/budget unattributed`" in words(
        shown["blocks"]
    )


@pytest.mark.parametrize(("spent", "offered"), [(900, True), (20, False)])
def test_the_bucket_gets_a_button_only_where_it_matters(spent: float, offered: bool):
    shown = message(an_overview(a_line(spent=3210), a_line("unattributed", spent, None, owner=FARAH)))
    assert ("What is unattributed?" in buttons(shown)) is offered


def test_requests_without_a_price_are_told_with_model_and_way_out():
    freshness = fresh(unpriced_requests=1204, unpriced_models=("acme-ft-ranker-7b",))
    shown = words(message(an_overview(a_line(unpriced_requests=1204), freshness=freshness))["blocks"])
    assert "1,204 requests on acme-ft-ranker-7b have no price; their cost is missing here." in shown
    assert "`/budget price acme-ft-ranker-7b input=1.25 output=10`" in shown
    assert "◐ past soft · 1,204 unpriced" in shown


def test_a_pending_raise_is_visible_in_the_state():
    assert table(message(an_overview(a_line(spent=10, pending_nanos=dollars(5000)))))[1][2] == "○ within · $5,000 asked"


def test_run_rate_is_called_a_straight_line_and_not_a_forecast():
    assert "Run-rate is a straight line" in words(message(an_overview(a_line()))["blocks"])


def test_freshness_is_told_in_the_readers_time_zone():
    assert "Usage counted up to 24 Nov 2026, 12:56 CET (4 minutes ago)." in words(
        message(an_overview(a_line()))["blocks"]
    )


def test_a_silent_source_is_warned_about():
    shown = message(an_overview(a_line(), freshness=fresh(latest_usage_at=NOON - timedelta(days=3))))
    assert "3 days ago. The numbers may be behind" in words(shown["blocks"])


def test_the_first_hour_of_a_month_has_no_run_rate():
    shown = message(an_overview(a_line(run_rate_nanos=None)))
    assert table(shown)[1][4] == "–"
    assert "run-rate *" not in words(shown["blocks"])


def test_before_any_usage_the_first_steps_can_be_pasted():
    shown = message(an_overview(freshness=fresh(latest_usage_at=None)))
    assert not refused(shown)
    assert "No usage has arrived yet." in shown["text"]
    assert "/budget set search-answers 4000" in words(shown["blocks"])


def test_there_are_at_most_two_buttons_that_lead_on():
    assert buttons(message(an_overview(a_line()))) == {
        "Set an envelope": (ids.OPEN_SET, ""),
        "Forecast": (ids.SHOW_FORECAST, ""),
    }


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1000])
def test_slack_takes_it_with_any_number_of_workloads(count: int):
    shown = message(many(count))
    assert not refused(shown)
    assert characters(shown["blocks"]) <= 13_200


def test_a_hundred_workloads_with_short_names_all_get_a_row():
    lines = [a_line(f"w{place}", 50 - place / 10, 100) for place in range(100)]
    assert len(table(message(an_overview(*lines)))) == 101


def test_more_than_a_hundred_share_the_last_row_and_the_total_still_adds_up():
    overview = an_overview(*[a_line(f"w{place}", 1000 - place, None) for place in range(400)])
    shown = message(overview)
    rows = table(shown)
    assert len(rows) == 101
    assert rows[-1][0] == "301 more"
    spent = [row[3]["value"] for block in shown["blocks"] if block["type"] == "data_table" for row in block["rows"][1:]]
    assert round(sum(spent)) == overview.spent_nanos // 10**9
    assert "The table shows the 99 largest; 301 more share its last row. See one with `/budget status NAME`" in words(
        shown["blocks"]
    )


def test_a_small_workload_past_its_threshold_is_named_though_it_has_no_row():
    lines = [a_line(f"w{place}", 1000, None) for place in range(150)]
    assert "*tiny* is past its hard threshold." in message(an_overview(*lines, a_line("tiny", 2, 1)))["text"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_name_breaks_nothing_and_pings_nobody(typed: str):
    shown = message(an_overview(a_line(typed, 10, 5), freshness=fresh(unpriced_requests=3, unpriced_models=(typed,))))
    assert not refused(shown)
    assert not any(active in interpreted(shown) for active in ("<!", "<@U0SAM", "<https", "\u202e"))
