"""What is said about forecasts: true to the numbers, taken by Slack, and harmless whatever a workload is called."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.views.accuracy import accuracy_message
from bot.slack.views.digest import Digest, digest_message
from bot.slack.views.forecast import forecast_message
from bot.slack.views.forecasts import forecasts_message
from bot.slack.views.metric import metric_message, metric_modal
from bot.slack.views.plans import plan_modal, plans_message
from bot.slack.views.run_rate import run_rate_sentence
from bot.slack.views.whatif import BUTTON_VALUE, brought_amount, brought_back, carried, proposed_nanos, whatif_message
from bot.slack.views.why import next_step, why_message
from core.errors import BudgetError
from core.forecast import BusinessMetric
from core.scenario import ModelMove, Plan, PriceChange, VolumeChange
from core.services.explain_spend import Against, Explanation
from core.services.forecast_spend import Outlook
from core.store.plan_rows import StoredPlan
from sandbox.blocks import view_problems
from tests.support.outlooks import AS_OF, RATES, a_scorecard, a_trial, an_explanation, an_outlook, totals
from tests.support.shown import interpreted, refused, table, words
from tests.support.standings import HOSTILE, MADRID, a_line, a_month_end, an_overview, dollars

SOON = AS_OF + timedelta(days=3)


def shown(outlook: Outlook) -> dict:
    card = a_scorecard()
    return dict(forecast_message(outlook, accuracy=card.whole, backtested=1.0, chart_file="F0CHART", reader=MADRID))


@pytest.mark.parametrize(
    "special",
    [
        {},
        {"size": None},
        {"size": 100},
        {"size": 1_000_000},
        {"days": 3},
        {"days": 0},
        {"as_of": date(2026, 11, 30)},
        {"plans": [Plan(SOON, (VolumeChange(2.0),), "Launch <!here>")] * 9},
    ],
    ids=["usual", "no envelope", "passed", "far away", "thin", "no usage", "over", "plans"],
)
def test_every_forecast_is_a_message_that_slack_takes(special: dict[str, Any]):
    outlook = an_outlook(**special)
    message = shown(outlook)
    assert refused(message) == []
    assert outlook.month.workload in message["text"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_harmless_in_every_view(name: str):
    outlook = replace(an_outlook(name), envelope=None)
    trial = replace(a_trial(VolumeChange(1.2), outlook=outlook), changes=(ModelMove(name or "x", "y", 0.5),))
    messages = [
        shown(outlook),
        forecasts_message(an_overview(a_line(name, forecast=a_month_end(4000))), reader=MADRID),
        why_message(an_explanation(workload=name), chart_file=None, reader=MADRID),
        whatif_message(trial, chart_file=None, reader=MADRID),
        plans_message(name, [StoredPlan(1, 2, Plan(SOON, (VolumeChange(2.0),), name[:120]), "U0ANA")]),
        accuracy_message(a_scorecard(workload=name)),
    ]
    for message in messages:
        assert refused(dict(message)) == []
        shown_as = interpreted(dict(message))
        assert not any(harm in shown_as for harm in ("<!", "<@U0SAM", "<#", "<http"))


def test_the_finding_says_chance_days_and_range():
    message = shown(an_outlook(size=240))
    made = an_outlook(size=240).forecast
    assert made.breach_probability is not None
    assert "chance to pass $240, most likely" in message["text"]
    assert "in four months out of five between" in message["text"]


def test_an_envelope_that_is_passed_is_not_called_a_chance():
    text = shown(an_outlook(size=100))["text"]
    assert "was passed already" in text
    assert "chance" not in text


def test_little_history_is_said():
    assert "Only 3 days of history" in words(shown(an_outlook(days=3))["blocks"])


def test_the_run_rate_disagrees_for_a_reason_that_holds():
    planned = an_outlook(plans=[Plan(SOON, (VolumeChange(3.0),))])
    assert "it does not know of a planned change to come" in str(run_rate_sentence(planned))
    assert run_rate_sentence(an_outlook(as_of=date(2026, 11, 30))) is None
    sentence = run_rate_sentence(an_outlook())
    assert sentence is not None
    made = an_outlook().forecast
    assert made.run_rate_nanos is not None
    if abs(made.run_rate_nanos - made.p50_nanos) <= 0.03 * made.p50_nanos:
        assert "about the same" in sentence
    else:
        assert (" more: " in sentence) == (made.run_rate_nanos > made.p50_nanos)


def test_a_metric_shows_what_a_unit_costs():
    days = {AS_OF - timedelta(days=ago): 100.0 for ago in range(28)}
    outlook = an_outlook()
    outlook = replace(outlook, month=replace(outlook.month, metric=BusinessMetric("ticket", days)))
    text = words(shown(outlook)["blocks"])
    assert "Cost per ticket" in text
    known = [row for row in outlook.month.history if row.on in days]
    assert f"Requests per ticket*\n{sum(row.requests for row in known) / 2800:,.3g}" in text
    assert refused(dict(metric_message(outlook))) == []


def test_the_parts_of_why_add_up_to_the_nano():
    message = why_message(an_explanation(), chart_file=None, reader=MADRID)
    (block,) = (block for block in message["blocks"] if block["type"] == "data_table")
    values = [round(row[1]["value"] * 1e9) for row in block["rows"][1:]]
    assert values[0] + sum(values[1:-1]) == values[-1]


def test_a_cause_of_less_than_half_a_cent_is_only_the_rest():
    message = why_message(
        an_explanation(after=(totals(12_000, output=600, factor=1.0000001),)), chart_file=None, reader=MADRID
    )
    (block,) = (block for block in message["blocks"] if block["type"] == "data_table")
    shown = {row[0]["text"]: row[1]["text"] for row in block["rows"]}
    assert "Price" not in shown
    assert shown["The rest"] == "under a cent"


def test_more_parts_than_rows_still_add_up():
    before = [totals(1_000 + place, model=f"model-{place}") for place in range(60)]
    after = [totals(2_000 - place, output=600, model=f"model-{place}") for place in range(60)]
    message = why_message(an_explanation(before, after), chart_file=None, reader=MADRID)
    (block,) = (block for block in message["blocks"] if block["type"] == "data_table")
    values = [round(row[1]["value"] * 1e9) for row in block["rows"][1:]]
    assert len(values) <= 42
    assert values[0] + sum(values[1:-1]) == values[-1]
    assert refused(dict(message)) == []


def test_why_names_the_largest_cause_and_what_went_the_other_way():
    text = why_message(an_explanation(after=(totals(20_000, output=300),)), chart_file=None, reader=MADRID)["text"]
    assert "Most of it is volume (+" in text
    assert "output per request went the other way (−" in text


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ((totals(20_000),), "/budget plan search-answers from=tomorrow volume=+20%"),
        ((totals(output=2_000),), "/budget whatif search-answers output=-10%"),
        ((totals(factor=2.0),), "/budget price MODEL"),
        ((totals(5_000),), "/budget forecast search-answers"),
    ],
)
def test_the_next_step_fits_the_cause(after: tuple, line: str):
    assert line in next_step(an_explanation(after=after))


@pytest.mark.parametrize("against", list(Against))
def test_no_difference_is_said_calmly(against: Against):
    same: Explanation = an_explanation(after=(totals(),), against=against, movers=())
    message = why_message(same, chart_file=None, reader=MADRID)
    assert "No difference" in message["text"]
    assert refused(dict(message)) == []


def test_what_if_says_the_difference_and_its_caveat():
    message = whatif_message(a_trial(VolumeChange(2.0), crosses=True), chart_file="F0CHART", reader=MADRID)
    assert refused(dict(message)) == []
    assert "This costs" in message["text"]
    assert "tokenizers differ" in words(message["blocks"])
    saved = whatif_message(a_trial(VolumeChange(0.5)), chart_file=None, reader=MADRID)
    assert "This saves" in saved["text"]
    assert "tokenizers" not in words(saved["blocks"])


def test_a_proposal_is_the_middle_with_the_margin_in_whole_tens():
    trial = a_trial(VolumeChange(2.0))
    amount = proposed_nanos(trial)
    assert amount % dollars(10) == 0
    assert 0 <= amount - trial.then.p50_nanos * 1.2 < dollars(10)


CHANGES = st.lists(
    st.one_of(
        st.floats(0, 1000).map(VolumeChange),
        st.builds(ModelMove, st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30), st.floats(0, 1)),
    ),
    min_size=1,
    max_size=12,
)


@given(CHANGES)
def test_a_button_brings_back_what_was_tried(changes: list):
    value = carried("search", changes, SOON)
    if value is None:
        return
    assert len(value) <= BUTTON_VALUE
    assert brought_back(value) == ("search", SOON, tuple(changes))


def test_a_change_that_a_button_cannot_carry_is_planned_by_line():
    assert carried("search", [PriceChange("gpt-4.1", RATES["gpt-4.1"])], SOON) is None


@pytest.mark.parametrize(
    "value",
    [
        "", "{}", "[]", "null", '["w"]', '["w","2026-11-20",[]]', '["w","2026-11-20",[["volume"]]]',
        '["w","2026-11-20",[["volume","2"]]]', '["w","2026-11-20",[["volume",true]]]', '["w","2026-11-20",[["volume",-1]]]',
        '["w","2026-11-20",[["volume",NaN]]]', '["w","never",[["volume",2]]]', '["w","2026-11-20",[["price","m","s",[],"1"]]]',
        '["w","2026-11-20",[["move",1,2,0.5]]]', '["w","2026-11-20",[["move","a","b",2]]]', '["w",5,[["volume",2]]]',
        '["w","2026-11-20",7]', '["w","2026-11-20",[["volume",1e400]]]',
    ],
)  # fmt: skip
def test_a_button_that_was_tampered_with_is_refused(value: str):
    with pytest.raises(BudgetError):
        brought_back(value)


@pytest.mark.parametrize("value", ["", "[]", '["w",0]', '["w",-5]', '["w",1.5]', '["w",true]', '["w",1e99]', "[1,2]"])
def test_an_amount_that_was_tampered_with_is_refused(value: str):
    with pytest.raises(BudgetError):
        brought_amount(value)


@given(st.text(max_size=80))
def test_any_button_value_is_read_or_refused(value: str):
    for read in (brought_back, brought_amount):
        with pytest.raises(BudgetError):
            read(value)


def test_the_forms_are_ones_that_slack_opens():
    names = [f"workload-{place}" for place in range(300)]
    assert view_problems(plan_modal(None, names, today=AS_OF)) == []
    assert view_problems(plan_modal("search", (), today=AS_OF, typed={"plan_changes": "x" * 900})) == []
    assert view_problems(metric_modal("search", unit="ticket")) == []


def test_accuracy_says_what_was_made_afterwards():
    message = accuracy_message(a_scorecard())
    assert refused(dict(message)) == []
    text = words(message["blocks"])
    assert "were made afterwards from history" in text
    assert "crawl up to 20%, walk up to 15%, run up to 12%" in text
    assert "made at the time" in words(accuracy_message(a_scorecard(backtested=0.0))["blocks"])
    assert "nothing to score" in accuracy_message(a_scorecard(whole=None))["text"]


def test_all_forecasts_stand_in_one_table_largest_first():
    lines = [a_line(f"w{place}", 100, 4000, forecast=a_month_end(1000 + place, chance=0.1)) for place in range(150)]
    message = forecasts_message(an_overview(*lines), reader=MADRID)
    assert refused(dict(message)) == []
    rows = table(dict(message))
    assert rows[1][0] == "w149"
    assert len(rows) <= 101


def a_digest(count: int, **changes: object) -> Digest:
    line = {
        "workload": "search-answers", "owner": "U0ANA", "size": dollars(4000), "days": [dollars(140)] * 16, "p10": dollars(3700),
        "p50": dollars(4100), "p90": dollars(4600), "chance": 0.62, "breach": ["2026-11-27", "2026-11-29"], "soft": 0.8, "hard": 1.0,
    }  # fmt: skip
    facts = {
        "cycle": "2026-11", "monday": "2026-11-16", "as_of": "2026-11-16T09:00:00+00:00", "latest_usage_at": None,
        "lines": [line | changes] * count, "left_out": 0,
    }  # fmt: skip
    return Digest.of(json.loads(json.dumps(facts)))


@pytest.mark.parametrize("count", [1, 2, 60])
def test_a_digest_is_one_message_that_slack_takes(count: int):
    message = digest_message(a_digest(count), chart_file="F0CHART", reader=MADRID)
    assert refused(dict(message)) == []
    assert "Likely to pass" in message["text"]
    assert "(62%, 27–29 Nov)" in message["text"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_digest_pings_nobody_but_owners(name: str):
    message = dict(digest_message(a_digest(3, workload=name), chart_file=None, reader=MADRID))
    assert refused(message) == []
    assert not any(harm in interpreted(message) for harm in ("<!", "<@U0SAM", "<#", "<http"))


def test_a_digest_says_what_a_ladder_on_dry_run_would_have_saved_and_how_to_put_it_in_force():
    told = {
        "ladder": "gpt-4.1-mini,stop",
        "since": "2026-11-19T08:00:00+00:00",
        "spent": dollars(540),
        "saved": dollars(312),
    }
    message = digest_message(a_digest(3, dry_run=told), chart_file=None, reader=MADRID)
    assert refused(message) == []
    said = words(message["blocks"])
    assert "the ladder on dry run would have saved *$312* of $540 since 19 Nov 2026." in said
    assert "In force: `/budget set search-answers degrade=gpt-4.1-mini,stop`" in said
    assert "dry run" not in words(digest_message(a_digest(3), chart_file=None, reader=MADRID)["blocks"])


def test_a_digest_does_not_promise_what_has_happened():
    text = digest_message(a_digest(1, size=dollars(1000)), chart_file=None, reader=MADRID)["text"]
    assert "has passed its envelope" in text
    assert "Likely" not in text
