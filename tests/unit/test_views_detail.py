"""`/budget status <workload>` and `/budget spend by`: the words lose nothing where the chart is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.slack import ids
from bot.slack.views.breakdown import breakdown_message
from bot.slack.views.detail import compact, detail_message
from core.degradation import Degradation, Stance
from core.dry_run import DryRun
from core.envelope import State
from core.standing import Breakdown, Detail
from tests.support.shown import buttons, interpreted, refused, table, words
from tests.support.standings import (
    DANA,
    HOSTILE,
    MADRID,
    a_breakdown,
    a_detail,
    a_line,
    a_slice,
    an_envelope,
    dollars,
    fresh,
    people,
)


def detail_of(detail: Detail, chart: str | None = None) -> dict:
    return dict(detail_message(detail, chart_file=chart, reader=MADRID))


def breakdown_of(breakdown: Breakdown, chart: str | None = None) -> dict:
    return dict(breakdown_message(breakdown, chart_file=chart, reader=MADRID))


def test_the_finding_names_envelope_money_state_and_straight_line():
    text = detail_of(a_detail(a_line()))["text"]
    assert text.startswith("*search-answers*, November 2026: *$3,210* of *$4,000* spent (80%), 78% into the month.")
    assert "*◐ past soft*" in text
    assert "On a straight line the month ends at *$4,115*, $115 over the envelope." in text


def test_the_picture_carries_its_finding_as_alt_text():
    (image,) = (block for block in detail_of(a_detail(), "F123")["blocks"] if block["type"] == "image")
    assert image["slack_file"] == {"id": "F123"}
    assert image["alt_text"].startswith("Burn-up chart: search-answers has spent $3,360 of $4,000 (84%)")


def test_without_a_chart_every_figure_is_in_words():
    shown = words(detail_of(a_detail())["blocks"])
    for figure in ("$3,360", "$4,000", "$4,308", "80% = $3,200", "100% = $4,000", "$3,900, $3,050 by this day", "$640"):
        assert figure in shown


def test_people_channel_and_deputy_are_named():
    envelope = an_envelope(people=people(deputy=DANA))
    shown = words(detail_of(a_detail(envelope=envelope))["blocks"])
    assert f"Owner <@U0ANA> · finance <@U0FARAH> · sponsor <@U0SAM> · deputy <@{DANA}> · <#C0SEARCH>" in shown


def test_an_overspent_envelope_says_by_how_much():
    assert "nothing; $410 over" in words(detail_of(a_detail(a_line(spent=4410)))["blocks"])


def test_a_waiting_raise_names_who_decides_and_what_holds_until_then():
    shown = words(detail_of(a_detail(a_line(pending_nanos=dollars(5000))))["blocks"])
    assert "A change to $5,000 waits with <@U0SAM>; until then $4,000 holds." in shown


def test_without_an_envelope_the_next_step_is_to_set_one():
    shown = detail_of(a_detail(a_line("evals", 412, None)))
    assert "It has no envelope yet." in shown["text"]
    assert buttons(shown)["Set an envelope"] == (ids.OPEN_SET, "evals")


def test_unattributed_spend_is_sent_to_what_it_is_made_of():
    assert "/budget unattributed" in words(detail_of(a_detail(a_line("unattributed", 412, None)))["blocks"])


def test_degradation_and_holdback_are_shown_where_they_are_set():
    envelope = an_envelope(holdback=0.05, degrade=Degradation.parse("throttle=60/min"))
    shown = words(detail_of(a_detail(envelope=envelope))["blocks"])
    assert "5% = $200" in shown
    assert "throttle=60/min" in shown


def test_models_beyond_the_fifth_are_counted():
    models = tuple(a_slice(f"model-{place}", 10) for place in range(8))
    assert "3 more models" in words(detail_of(a_detail(by_model=models))["blocks"])


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (950, "950"),
        (1234, "1.2 k"),
        (34_567_890, "35 M"),
        (5_600_000_000, "5.6 B"),
        (123_456_000_000, "123 B"),
    ],
)
def test_token_counts_have_at_most_three_digits(count: int, shown: str):
    assert compact(count) == shown


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_name_breaks_neither_detail_nor_breakdown(typed: str):
    detail = a_detail(a_line(typed, 10, 5), by_model=(a_slice(typed, 10),))
    breakdown = a_breakdown(
        a_slice(typed, 10), a_slice(None, 2), freshness=fresh(unpriced_requests=1, unpriced_models=(typed,))
    )
    for shown in (detail_of(detail, "F1"), detail_of(detail), breakdown_of(breakdown, "F1")):
        assert not refused(shown)
        assert not any(
            active in interpreted(shown).replace("sponsor <@U0SAM>", "") for active in ("<!", "<@U0SAM", "\u202e")
        )


@pytest.mark.parametrize("change", [{"days": ()}, {"by_model": ()}, {"classes": ()}, {"previous_nanos": 0}])
def test_an_empty_part_leaves_the_rest_valid(change: dict):
    assert not refused(detail_of(replace(a_detail(), **change)))


def test_a_breakdown_names_the_largest_value_and_the_coverage():
    shown = breakdown_of(a_breakdown(a_slice("search", 90), a_slice(None, 10)))
    assert "*search* is the largest feature: *$90* (90%)." in shown["text"]
    assert "90% of the dollars carry a feature; $10 do not. Tag the requests with `feature`" in words(shown["blocks"])
    assert table(shown)[2] == ["no feature", "$10", "10%", "100"]


def test_full_coverage_is_said():
    assert "Every dollar carries a feature." in words(breakdown_of(a_breakdown(a_slice("search", 90)))["blocks"])


def test_spend_by_workload_calls_the_rest_unattributed():
    shown = breakdown_of(a_breakdown(a_slice("search", 90), a_slice(None, 10), dimension="workload"))
    assert table(shown)[2][0] == "unattributed"
    assert "90% of the dollars are attributed; $10 are not." in words(shown["blocks"])


def test_an_empty_month_is_said_without_a_table():
    shown = breakdown_of(a_breakdown())
    assert "Nothing was spent in November 2026." in shown["text"]
    assert not refused(shown)


@pytest.mark.parametrize("count", [1, 100, 101, 1000])
def test_slack_takes_a_breakdown_of_any_length(count: int):
    parts = [a_slice(f"customer {place} " + "x" * 190, 1000 - place / 10, 10**9) for place in range(count)]
    shown = breakdown_of(a_breakdown(*parts, dimension="customer"))
    assert not refused(shown)
    rows = table(shown)
    assert len(rows) == count + 1 or rows[-1][0] == f"{count - len(rows) + 2:,} more"


def test_an_unpriced_model_costs_something_unknown_and_not_nothing():
    freshness = fresh(unpriced_requests=40, unpriced_models=("acme-ft-ranker-7b",))
    slices = (a_slice("gpt-4.1", 100, 60), a_slice("acme-ft-ranker-7b", 0, 40))
    rows = table(breakdown_of(a_breakdown(*slices, dimension="model", freshness=freshness)))
    assert rows[2] == ["acme-ft-ranker-7b", "no price", "–", "40"]
    line = a_line(spent=100, requests=100, unpriced_requests=40)
    shown = words(detail_of(a_detail(line, by_model=slices, freshness=freshness))["blocks"])
    assert "acme-ft-ranker-7b (no price)" in shown
    assert "*Requests*\n60, $1.67 each" in shown
    assert "40 requests more" in shown


def test_dimensions_take_the_right_article():
    shown = words(
        breakdown_of(a_breakdown(a_slice("production", 10), a_slice(None, 10), dimension="environment"))["blocks"]
    )
    assert "carry an environment" in shown


def test_a_dry_run_says_what_the_ladder_would_have_done_and_how_to_put_it_in_force():
    ladder = Degradation.parse("<!here>,throttle=60/min,dry-run")
    run = DryRun(ladder, datetime(2026, 11, 20, 9, tzinfo=UTC), 1500, 1200, 30, dollars(40), dollars(12))
    text = words(detail_of(replace(a_detail(a_line()), dry_run=run)))

    assert (
        "would have sent 1,200 of 1,500 requests to &lt;!here&gt;, held back at least 30 and saved $12 of $40." in text
    )
    assert "`/budget set search-answers degrade=&lt;!here&gt;,throttle=60/min`" in text


def test_what_only_a_dry_run_would_degrade_is_not_called_degraded():
    ladder = Degradation.parse("gpt-4.1-mini,dry-run")
    stance = Stance(is_degraded=True, is_dry_run=True, by="outlay", because="the hard threshold was crossed")
    line = replace(a_line(), state=State.DEGRADED, stance=stance)
    shown = words(detail_of(replace(a_detail(line), envelope=an_envelope(degrade=ladder))))
    assert "State: *◐ past hard, dry run*" in shown and "would be degraded (dry run) by Outlay" in shown
    in_force = replace(line, stance=replace(stance, is_dry_run=False))
    shown = words(detail_of(replace(a_detail(in_force), envelope=an_envelope(degrade=ladder))))
    assert "State: *● degraded*" in shown
