"""Invoices out of cost lines: what is added up, what is told apart and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.record import ChargeCategory, CostLine
from core.invoice import LineKind, WrongInvoice, invoice_of
from core.line_kind import kind_of
from core.magnitude import power_of_ten, units_problem
from core.money import NANOS
from core.period import Cycle

OCTOBER = Cycle(2026, 10)
CENT = NANOS // 100


def a_line(**told: object) -> CostLine:
    day = datetime(2026, 10, 5, tzinfo=UTC)
    plain = CostLine(
        provider="openai", model="gpt-5.1", token_class="output", starts_at=day, ends_at=day + timedelta(days=1),
        quantity=Decimal(1000), unit="tokens", billed_nanos=CENT, effective_nanos=CENT,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **told)


def test_lines_with_equal_labels_become_one():
    invoice = invoice_of([a_line(), a_line(), a_line(project="proj_1")], provider="openai", month=OCTOBER)
    assert [(line.project, line.nanos, line.quantity, line.count) for line in invoice.lines] == [
        (None, 2 * CENT, Decimal(2000), 2),
        ("proj_1", CENT, Decimal(1000), 1),
    ]
    assert invoice.total_nanos == 3 * CENT
    assert invoice.line_count == 3


def test_a_sum_of_lines_without_quantity_tells_none():
    invoice = invoice_of([a_line(), a_line(quantity=None)], provider="openai", month=OCTOBER)
    assert invoice.lines[0].quantity is None


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=30), st.randoms())
def test_the_order_of_lines_is_irrelevant(amounts: list[int], random: Random):
    lines = [a_line(billed_nanos=amount, project=f"p{amount % 3}") for amount in amounts]
    shuffled = lines[:]
    random.shuffle(shuffled)
    assert invoice_of(lines, provider="openai", month=OCTOBER) == invoice_of(shuffled, provider="openai", month=OCTOBER)


def test_a_bill_of_another_month_is_refused_with_its_month():
    september = datetime(2026, 9, 30, tzinfo=UTC)
    with pytest.raises(WrongInvoice, match="is for 2026-09, not for 2026-10"):
        invoice_of([a_line(starts_at=september, ends_at=september)], provider="openai", month=OCTOBER)


def test_a_bill_of_another_provider_is_refused_with_its_name():
    with pytest.raises(WrongInvoice, match="is from anthropic, not from openai"):
        invoice_of([a_line(provider="anthropic")], provider="openai", month=OCTOBER)


def test_mixed_currencies_are_refused():
    with pytest.raises(WrongInvoice, match=r"EUR \(1 lines\)"):
        invoice_of([a_line(), a_line(currency="EUR"), a_line()], provider="openai", month=OCTOBER)


def test_a_total_that_the_lines_do_not_reach_is_refused_with_the_difference():
    with pytest.raises(WrongInvoice, match=r"0\.030000000 is missing"):
        invoice_of([a_line()], provider="openai", month=OCTOBER, stated_total_nanos=4 * CENT)


def test_lines_of_other_providers_and_months_are_left_out_and_told():
    november = datetime(2026, 11, 1, tzinfo=UTC)
    lines = [a_line(), a_line(provider="aws"), a_line(starts_at=november, ends_at=november)]
    invoice = invoice_of(lines, provider="openai", month=OCTOBER)
    assert invoice.total_nanos == CENT
    assert invoice.remarks == ("1 lines of aws are left out", "1 lines of 2026-11 are left out")


def test_a_correction_of_an_earlier_month_belongs_to_the_invoice_that_bills_it():
    september = datetime(2026, 9, 30, tzinfo=UTC)
    line = a_line(
        correction=True, starts_at=september, ends_at=september + timedelta(days=1),
        billing_starts_at=datetime(2026, 10, 1, tzinfo=UTC),
    )  # fmt: skip
    assert invoice_of([line], provider="openai", month=OCTOBER).lines[0].kind is LineKind.CORRECTION


def test_a_bill_knows_what_its_amounts_are_rounded_to():
    assert invoice_of([a_line(), a_line(billed_nanos=30 * CENT)], provider="openai", month=OCTOBER).rounded_to == CENT
    assert invoice_of([a_line(billed_nanos=1_234_000)], provider="openai", month=OCTOBER).rounded_to == 1_000


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"category": ChargeCategory.TAX}, LineKind.TAX),
        ({"category": ChargeCategory.CREDIT, "description": "Promotional credit"}, LineKind.CREDIT),
        ({"category": ChargeCategory.CREDIT, "description": "Volume discount"}, LineKind.DISCOUNT),
        ({"category": ChargeCategory.ADJUSTMENT, "description": "Rounding"}, LineKind.ROUNDING),
        ({"model": None, "token_class": None, "unit": None, "description": "VAT 19 %"}, LineKind.TAX),
        ({"model": None, "token_class": None, "unit": None, "description": "Private models"}, LineKind.USAGE),
        ({"description": "gpt-5.1, output (tax free)"}, LineKind.USAGE),
    ],
)
def test_a_line_is_of_the_kind_that_its_category_or_its_words_say(told: dict[str, object], kind: LineKind):
    assert kind_of(a_line(**told)) is kind


def test_cents_are_seen_by_their_magnitude():
    assert power_of_ten(101 * NANOS, NANOS) == 2
    assert power_of_ten(NANOS, 1_000_000 * NANOS) == -6
    assert power_of_ten(7 * NANOS, NANOS) is None
    problem = units_problem(101 * NANOS, NANOS)
    assert problem and "about 100 times more" in problem and "cents" in problem


def test_an_invoice_is_converted_line_by_line():
    invoice = invoice_of([a_line(currency="EUR"), a_line(currency="EUR", model="o3")], provider="openai", month=OCTOBER)
    converted = invoice.converted(Decimal("1.1"))
    assert (converted.currency, converted.total_nanos) == ("USD", 22_000_000)
