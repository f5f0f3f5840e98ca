"""Story: an owner asks where the month ends, why, and what would help; then plans it, and the sponsor hears of it."""

from __future__ import annotations

import pytest

from sandbox.people import text_of
from tests.support.office import Office, with_envelope, with_search
from tests.support.shown import refused, table


async def test_the_forecast_of_one_workload_says_chance_drivers_and_basis(office: Office):
    await with_envelope(office, "450")
    shown = await office.ana.types("/budget forecast search")
    assert "chance to pass $450" in shown.text
    assert "in four months out of five between" in shown.text
    assert "The run-rate says" in shown.text
    assert "days of history" in shown.text
    assert "Usage counted up to" in shown.text
    assert refused(shown.message) == []
    rows = table(shown.message)
    assert rows[0] == ["Driver", "Last 28 days", "To come", "Change"]
    assert "Requests a day" in [row[0] for row in rows]
    assert any(block["type"] == "image" and "Fan chart" in block["alt_text"] for block in shown.message["blocks"])


async def test_every_workload_stands_in_one_table_and_in_status(office: Office):
    await with_envelope(office, "450")
    overall = await office.kim.types("/budget forecast")
    (row,) = [row for row in table(overall.message) if row[0] == "search"]
    assert row[3] == "$450"
    assert "%" in row[2]
    status = await office.kim.types("/budget status")
    (line,) = [line for line in table(status.message) if line[0] == "search"]
    assert line[4] == row[1]
    assert line[5] == row[2]


async def test_why_splits_the_difference_into_parts_that_add_up(office: Office):
    await with_envelope(office)
    shown = await office.ana.types("/budget why search vs=last")
    assert refused(shown.message) == []
    (block,) = [block for block in shown.message["blocks"] if block["type"] == "data_table"]
    values = [round(row[1]["value"] * 1e9) for row in block["rows"][1:]]
    assert values[0] + sum(values[1:-1]) == values[-1]
    assert "Carried, against the same days of the last cycle" in shown.text or "No label" in shown.text or values
    assert "*Next:*" in shown.text
    other = await office.ana.clicks("Against the plan", message=shown.message)
    assert "of the plan that the envelope was set with" in other.text


async def test_a_plan_is_frozen_with_the_envelope(office: Office):
    await with_envelope(office)
    shown = await office.ana.types("/budget why search")
    assert "of the plan that the envelope was set with" in shown.text


async def test_what_if_is_shown_side_by_side_and_saved_by_one_button(office: Office):
    await with_envelope(office, "450")
    shown = await office.ana.types("/budget whatif search volume=+50% move=gpt-4.1->gpt-4.1-mini:30% from=2026-11-25")
    assert refused(shown.message) == []
    assert "tokenizers differ" in shown.text
    assert "This " in shown.text
    head, *rows = table(shown.message)
    assert head == ["Figure", "As it is", "What if", "Change"]
    assert rows[0][0] == "Forecast p50"

    refusal = await office.kim.types("/budget whatif search volume=+50% from=2026-11-26")
    told = await office.kim.clicks("Save as plan", message=refusal.message)
    assert "can plan for search" in told.text

    saved = await office.ana.clicks("Save as plan", message=shown.message)
    assert "Planned from 25 Nov 2026: volume +50%" in saved.text
    with_plan = await office.ana.types("/budget forecast search")
    assert "Planned changes" in with_plan.text
    assert "1 planned change" in with_plan.text
    gone = await office.ana.clicks("Withdraw", message=saved.message)
    assert "Withdrawn: volume +50%" in gone.text
    assert "Nothing is planned" in gone.text


async def test_what_if_proposes_an_envelope_that_its_sponsor_decides_on(office: Office):
    await with_envelope(office, "450")
    shown = await office.ana.types("/budget whatif search volume=+100%")
    form = await office.ana.clicks("propose_envelope", message=shown.message)
    assert "Dollars a month" in form.text
    await office.ana.submits()
    request = await office.sam.sees("asks you to raise the envelope of *search*", channel="dm")
    assert "$450 →" in text_of(request)


async def test_a_plan_by_line_and_by_form_lists_what_stands(office: Office):
    await with_search(office)
    entered = await office.farah.types('/budget plan search from=2026-11-28 volume=2x note="Launch in Germany"')
    assert "Planned from 28 Nov 2026: volume +100%" in entered.text
    listed = await office.kim.types("/budget plan search")
    assert "1 planned change" in listed.text
    assert "Launch in Germany" in listed.text

    await office.farah.types("/budget plan")
    wrong = await office.farah.submits({"plan_workload": "search", "plan_changes": "volume=20"})
    assert "could be percent or times" in wrong.errors["plan_changes"]
    saved = await office.farah.submits(
        {"plan_workload": "search", "plan_changes": "cache=+10pt", "plan_from": "2026-11-29"}
    )
    assert "has 2 planned changes" in saved.text


async def test_somebody_who_may_not_plan_is_told_in_the_form(office: Office):
    await with_envelope(office)
    await office.kim.types("/budget plan search")
    await office.kim.clicks("Add a change")
    answer = await office.kim.submits({"plan_changes": "volume=+20%"})
    assert "can plan for search" in answer.text or "can plan for search" in text_of(await office.kim.view())


async def test_a_metric_by_line_and_pasted_shows_what_a_unit_costs(office: Office):
    await with_search(office)
    one = await office.farah.types("/budget metric search unit=ticket yesterday=1200")
    assert "1 day with a number" in one.text
    await office.farah.types("/budget metric search")
    days = "\n".join(f"2026-11-{day:02d},1000" for day in range(5, 24))
    wrong = await office.farah.submits({"metric_unit": "ticket", "metric_days": "2026-11-05,lots"})
    assert "Line 1" in wrong.errors["metric_days"]
    saved = await office.farah.submits({"metric_unit": "ticket", "metric_days": f"{days}\n2026-11-28,2000,planned"})
    assert "19 days with a number, 1 planned day" in saved.text
    shown = await office.ana.types("/budget forecast search")
    assert "Cost per ticket" in shown.text
    assert "volume per ticket" in shown.text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/budget forecast serch", "Did you mean search"),
        ("/budget why search vs=plan", "has no planned drivers"),
        ("/budget whatif search move=gpt-5->gpt-4.1:30%", "does not use gpt-5"),
        ("/budget whatif search move=gpt-4.1->nobodys-model", "has no known price"),
        ("/budget plan search from=2026-11-01 volume=+1%", "between today and a year"),
    ],
)
async def test_a_refusal_leads_on(office: Office, line: str, says: str):
    await with_search(office)
    shown = await office.farah.types(line)
    assert says in shown.text


async def test_accuracy_says_that_nothing_has_ended_yet(office: Office):
    shown = await office.ana.types("/budget forecast --accuracy")
    assert "No month with forecasts has ended yet" in shown.text
