"""The months with planted causes: their truth has to be true before anybody is measured with them."""

from __future__ import annotations

import json

import pytest

from benchmarks.closing.bad_bills import bad_bills
from benchmarks.closing.cases import LARGEST, SMALLEST, case, single_cases, triple_cases
from benchmarks.closing.causes import ANTHROPIC, BY_NAME, CAUSES, OPEN, OPENAI
from benchmarks.closing.large_bill import write_large
from benchmarks.closing.scoring import Answer, Tally
from core.intake import anthropic, native, openai, openai_export
from core.intake.focus import read as read_focus
from core.list_prices import list_rates


def _priced(usage: bytes) -> int:
    """What Outlay's own price list makes of the usage."""
    taken = native.read(usage)
    assert taken.rejected == []
    total = 0
    for _, event in taken.events:
        rates = list_rates(event.provider, event.model, event.tier, event.at.date())
        total += rates[0][1].cost(event.classes(), event.requests) if rates else 0
    return total


def _billed(form: str, bill: bytes) -> int:
    if form == "openai-costs":
        return sum(line.billed_nanos for line in openai.read(bill).costs)
    if form in ANTHROPIC:
        return sum(line.billed_nanos for line in anthropic.read(bill).costs)
    lines = bill.decode().splitlines(keepends=True)
    return sum(line.billed_nanos for line in (openai_export.read if form == "openai-csv" else read_focus)(lines).costs)


@pytest.mark.parametrize("form", [*OPENAI, *ANTHROPIC, *OPEN])
def test_a_month_without_causes_agrees_to_the_nano(form):
    made = case(1, (), form=form)
    assert made.planted == {}
    assert made.estimate_nanos == made.invoice_nanos > 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_cause_can_be_planted_and_its_truth_is_the_gap(name):
    made = case(3, (name,))
    assert made.invoice_nanos - made.estimate_nanos == made.planted[name] != 0
    assert _priced(made.usage) == made.estimate_nanos


@pytest.mark.parametrize("form", [*OPENAI, *ANTHROPIC, "focus-1.2", "focus-1.4"])
def test_the_intake_reads_every_dollar_of_every_format(form):
    made = case(2, ("cached_double_counted",), form=form)
    assert _billed(form, made.bill) == made.invoice_nanos


def test_three_causes_add_up_to_the_gap_at_realistic_sizes():
    for seed, names in triple_cases(6):
        made = case(seed, names)
        assert set(made.planted) == set(names)
        assert sum(made.planted.values()) == made.invoice_nanos - made.estimate_nanos
        assert all(SMALLEST * 0.5 <= abs(nanos) / made.invoice_nanos <= LARGEST * 2 for nanos in made.planted.values())


def test_the_same_number_makes_the_same_case():
    names = ("sampling", "tax")
    assert case(11, names) == case(11, names)
    assert case(11, names).usage != case(12, names).usage


def test_at_least_fifteen_causes_of_the_table_are_planted():
    assert len({cause.number for cause in CAUSES}) == 25
    assert {name for _, names in single_cases(len(CAUSES)) for name in names} == set(BY_NAME)


def test_a_perfect_answer_scores_full_and_a_wrong_one_nothing():
    made = case(5, ("batch_discount",))
    moved = made.planted["batch_discount"]

    def answer(name: str) -> Answer:
        return Answer({name: moved}, 0, made.estimate_nanos, made.invoice_nanos)

    right, wrong = Tally(), Tally()
    right.add(made, answer("batch_discount"))
    wrong.add(made, answer("tax"))
    assert (right.figures()["named_first"], right.figures()["right_of_planted"], right.figures()["false_of_gap"]) == (
        1,
        1,
        0,
    )
    assert (wrong.figures()["named_first"], wrong.figures()["right_of_planted"], wrong.figures()["false_of_gap"]) == (
        0,
        0,
        1,
    )


def test_the_large_bill_says_what_it_holds(tmp_path):
    made = write_large(tmp_path, lines=23_000)
    lines = made.bill.read_text().splitlines(keepends=True)
    assert len(lines) == made.lines + 1 > 20_000
    assert sum(line.billed_nanos for line in read_focus(lines).costs) == made.invoice_nanos
    # Each line and each event is rounded to a nano by itself.
    assert abs(made.invoice_nanos - made.estimate_nanos - made.batch_nanos) < 2 * made.lines
    first = json.loads(made.usage.read_text().splitlines()[0])
    assert first["tags"]["project"] == "proj_000"


def test_bad_bills_are_each_bad_in_their_own_way():
    found = bad_bills()
    assert len({one.name for one in found}) == len(found) >= 12
    assert len({(one.bill, one.month, one.provider) for one in found}) == len(found)
