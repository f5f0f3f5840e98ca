"""Files for finance: amounts that add up, cells that are never run, FOCUS as readers of FOCUS take it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exporting.cells import csv_lines, decimal_cell, dollars, words
from core.exporting.focus import COLUMNS, OURS, FocusFile, Form
from core.exporting.lines import REQUESTS, BookedDay, split
from core.exporting.plain import HEADER, plain_row
from core.intake.focus import read as read_focus
from core.list_prices import list_rates
from core.period import Cycle
from core.usage import CLASS_NAMES, TokenClasses

ON = date(2026, 10, 20)
OCTOBER = Cycle(2026, 10)


def a_rate(model: str = "gpt-4.1", provider: str = "openai"):
    return list_rates(provider, model, "standard", ON)[0][1]


def a_day(cost: int | None = None, on: date = ON, **fields: object) -> BookedDay:
    tokens = TokenClasses(1_000_000, 400_000, 0, 0, 0, 50_000, 20_000, 0, 3)
    given = {
        "on": on, "workload": "search", "provider": "openai", "model": "gpt-4.1", "tier": "standard",
        "tags": (("feature", "search"), ("project", "proj_1")), "requests": 9, "unpriced_requests": 0, "tokens": tokens,
        "cost_nanos": a_rate().cost(tokens) if cost is None else cost,
    }  # fmt: skip
    return BookedDay(**(given | fields))


def focus_text(days: list[BookedDay], form: Form = Form.FOCUS_1_2, zone: str = "UTC", cycle: Cycle = OCTOBER) -> str:
    file = FocusFile(form, cycle, ZoneInfo(zone))
    lines = [line for day in days for line in split(day, a_rate(), a_rate())]
    return csv_lines([file.header, *(file.row(line, "genai-prices") for line in lines)])


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


COUNTS = st.builds(TokenClasses, *(st.integers(0, 10**10) for _ in CLASS_NAMES))
MODELS = st.sampled_from([("openai", "gpt-4.1"), ("openai", "gpt-realtime"), ("anthropic", "claude-sonnet-4-5")])


@given(COUNTS, st.integers(0, 10**17), MODELS, st.booleans())
def test_the_lines_of_a_day_add_up_to_what_was_booked(tokens, cost, model, is_priced):
    day = a_day(cost, tokens=tokens)
    lines = split(day, a_rate(model[1], model[0]) if is_priced else None, None)
    assert sum(line.nanos for line in lines) == cost
    assert all(line.nanos >= 0 for line in lines)
    assert sum(line.requests for line in lines) == day.requests
    assert {line.kind: line.quantity for line in lines if line.kind != REQUESTS} == {
        name: count for name, count in zip(CLASS_NAMES, tokens, strict=True) if count
    }


@given(COUNTS.filter(any))
def test_at_list_price_each_class_has_its_own_price(tokens):
    rate = a_rate()
    for line in split(a_day(rate.cost(tokens), tokens=tokens), rate, rate):
        price = getattr(rate.bands[0].prices, line.kind)
        assert abs(line.nanos - line.quantity * price // rate.per) <= 1


def test_calls_without_counts_are_a_line_without_dollars():
    (line,) = split(a_day(0, tokens=TokenClasses(), requests=4), a_rate(), a_rate())
    assert (line.kind, line.quantity, line.nanos, line.requests) == (REQUESTS, 4, 0, 4)


@pytest.mark.parametrize("form", [Form.FOCUS_1_2, Form.FOCUS_1_4])
def test_our_own_reader_takes_back_every_nano_class_and_model(form):
    day = a_day()
    text = focus_text([day], form)
    read = read_focus(text.splitlines(keepends=True))
    assert read.refused == []
    assert sum(line.billed_nanos for line in read.costs) == day.cost_nanos
    assert {line.model for line in read.costs if line.token_class != "web_searches"} == {"gpt-4.1"}
    assert {line.provider for line in read.costs} == {"openai"}
    assert {line.project for line in read.costs} == {"proj_1"}
    classes = {line.token_class: int(line.quantity or 0) for line in read.costs}
    assert classes["input_uncached"] == 1_000_000
    assert classes["cache_read"] == 400_000


@pytest.mark.parametrize("form", [Form.FOCUS_1_2, Form.FOCUS_1_4])
def test_a_row_has_every_column_of_its_version_and_ours_behind_them(form):
    header = focus_text([], form).strip().split(",")
    assert tuple(header) == COLUMNS[form]
    assert tuple(header[-len(OURS) :]) == OURS
    assert ("ProviderName" in header) == (form is Form.FOCUS_1_2)
    assert ("ServiceProviderName" in header) == (form is Form.FOCUS_1_4)


def test_costs_prices_and_quantities_of_a_focus_row_agree():
    for row in cells(focus_text([a_day()])):
        assert Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"]) == Decimal(row["ListCost"])
        assert Decimal(row["ContractedUnitPrice"]) * Decimal(row["PricingQuantity"]) == Decimal(row["ContractedCost"])
        assert row["BilledCost"] == row["EffectiveCost"]
        assert all("." in row[name] and "e" not in row[name].lower() for name in ("BilledCost", "PricingQuantity"))
        assert row["InvoiceId"] == row["ChargeClass"] == ""
        assert json.loads(row["Tags"]) == {"feature": "search", "project": "proj_1"}


@pytest.mark.parametrize(
    ("zone", "on", "start", "end"),
    [
        ("UTC", date(2026, 10, 25), "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("America/New_York", date(2026, 10, 25), "2026-10-25T04:00:00Z", "2026-10-26T04:00:00Z"),
        ("Asia/Kolkata", date(2026, 10, 25), "2026-10-24T18:30:00Z", "2026-10-25T18:30:00Z"),
    ],
)
def test_a_day_is_charged_from_one_local_midnight_to_the_next(zone, on, start, end):
    row = cells(focus_text([a_day(on=on)], zone=zone))[0]
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (start, end)


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.integers(2024, 2032),
    st.integers(1, 12),
)
def test_the_days_of_a_month_fill_its_billing_period_without_a_hole(zone, year, month):
    cycle = Cycle(year, month)
    days = [a_day(on=cycle.first_on + timedelta(days=number)) for number in range(cycle.days)]
    rows = cells(focus_text(days, zone=zone, cycle=cycle))
    edges = sorted({(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in rows})
    assert len(edges) == cycle.days
    assert edges[0][0] == rows[0]["BillingPeriodStart"]
    assert edges[-1][1] == rows[0]["BillingPeriodEnd"]
    assert all(before[1] == after[0] for before, after in pairwise(edges))


def test_the_29th_of_february_is_exported():
    leap = Cycle(2028, 2)
    (row, *_) = cells(focus_text([a_day(on=date(2028, 2, 29))], cycle=leap))
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z")
    assert row["BillingPeriodEnd"] == "2028-03-01T00:00:00Z"


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "  =1", "\r=1", "＝1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("typed", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text(typed):
    assert words(typed).startswith("'")
    hostile = a_day(workload="w", model=typed, tags=(("project", typed), ("feature", typed)))
    file = FocusFile(Form.FOCUS_1_2, OCTOBER, ZoneInfo("UTC"))
    for line in split(hostile, None, None):
        for told in (*file.row(line, typed), *plain_row(line)):
            assert not told.lstrip().startswith(("=", "+", "@", "＝"))
            assert not told.startswith("-")


@given(st.text(max_size=40))
def test_no_text_breaks_the_table_or_starts_a_formula(typed):
    told = words(typed)
    assert not told.lstrip().startswith(("=", "+", "-", "@"))
    (row,) = csv.reader(io.StringIO(csv_lines([[told, "next"]])))
    assert row == [told, "next"]


@given(st.integers(-(10**18), 10**18))
def test_amounts_are_written_in_full(nanos):
    told = decimal_cell(dollars(nanos))
    assert Decimal(told) * 10**9 == nanos
    assert "." in told and "E" not in told


def test_the_plain_table_names_the_tags_people_know():
    row = dict(zip(HEADER, plain_row(split(a_day(), a_rate(), a_rate())[0]), strict=True))
    assert (row["date"], row["workload"], row["feature"], row["project"]) == (
        "2026-10-20",
        "search",
        "search",
        "proj_1",
    )
    assert (row["token_class"], row["quantity"], row["cost_usd"]) == ("input_uncached", "1000000", "2.0")
