"""Money: exact nanos, amounts as people write them, halves to the even neighbour."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BudgetError, OutOfRange, Unreadable
from core.money import (
    MAX_NANOS,
    NANOS,
    Money,
    apart,
    as_shown,
    decimal_string,
    divide_half_even,
    nanos_from_decimal,
    parse_amount,
    parse_share,
    usd,
)

ANY_NANOS = st.integers(-MAX_NANOS, MAX_NANOS)


@given(ANY_NANOS)
def test_printed_for_machines_and_read_back_is_the_same(nanos: int) -> None:
    assert nanos_from_decimal(Decimal(decimal_string(nanos))) == nanos


@given(st.integers(1, MAX_NANOS))
def test_nine_digits_typed_by_a_person_are_read_exactly(nanos: int) -> None:
    assert parse_amount(decimal_string(nanos)) == nanos


@given(st.integers(1, MAX_NANOS))
def test_what_is_shown_can_be_typed_back_as_the_same_amount(nanos: int) -> None:
    typed = parse_amount(usd(nanos))

    assert parse_amount(usd(typed)) == typed


@given(st.integers(0, MAX_NANOS))
def test_what_is_shown_is_within_half_of_its_last_digit(nanos: int) -> None:
    shown = Fraction(usd(nanos).replace("$", "").replace(",", "")) * NANOS

    assert abs(shown - nanos) <= max(nanos // 20, NANOS // 2 if nanos >= 1000 * NANOS else NANOS // 200)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**15))
def test_division_agrees_with_decimal_half_even(amount: int, divisor: int) -> None:
    exact = Fraction(amount, divisor)
    ours = divide_half_even(amount, divisor)

    assert ours == round(exact)  # Python rounds fractions half to even
    assert abs(ours - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("amount", "quotient"), [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (-25, -2), (26, 3), (24, 2)]
)
def test_halves_go_to_the_even_neighbour(amount: int, quotient: int) -> None:
    assert divide_half_even(amount, 10) == quotient


@given(st.decimals(-(10**9), 10**9, places=15))
def test_fractions_of_a_nano_round_half_to_even(dollars: Decimal) -> None:
    assert nanos_from_decimal(dollars) == int((dollars * NANOS).quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("4000", "4000"), ("$4k", "4000"), ("4,000.50 USD", "4000.5"), ("1.5m", "1500000"), ("4 000", "4000"),
        ("$ 12.34", "12.34"), ("US$7", "7"), ("usd 7", "7"), ("7 dollars", "7"), ("1'000", "1000"), ("1\u202f000", "1000"),
        ("1.234.567", "1234567"), ("1.234,50", "1234.5"), ("0.000000001", "0.000000001"), ("1,234,567.89", "1234567.89"),
        ("2K", "2000"), ("1000000000", "1000000000"), ("  9  ", "9"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, dollars: str) -> None:
    assert parse_amount(text) == int(Decimal(dollars) * NANOS)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("", Unreadable, "not an amount"), ("abc", Unreadable, "not an amount"), ("4,00", Unreadable, "two ways"),
        ("4.000,5.0", Unreadable, "two ways"), ("1e9", Unreadable, "not an amount"), ("٤٠٠", Unreadable, "not an amount"),
        ("€4000", Unreadable, "kept in USD"), ("4000 eur", Unreadable, "kept in USD"), ("-5", OutOfRange, "above zero"),
        ("0", OutOfRange, "above zero"), ("$0.00", OutOfRange, "above zero"), ("0.0000000001", OutOfRange, "above zero"),
        ("1000000001", OutOfRange, "1 billion"), ("9999m", OutOfRange, "1 billion"), ("NaN", Unreadable, "not an amount"),
        ("inf", Unreadable, "not an amount"), ("1" * 60, Unreadable, "not an amount"), ("<!channel>", Unreadable, "not an amount"),
        ("4000\u202e", Unreadable, "not an amount"),
    ],
)  # fmt: skip
def test_amounts_that_cannot_be_read_are_refused_with_the_reason(text: str, kind: type[BudgetError], says: str) -> None:
    with pytest.raises(kind, match=says):
        parse_amount(text)


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_a_refusal(text: str) -> None:
    try:
        nanos = parse_amount(text)
    except BudgetError as refused:
        assert len(refused.message) < 250
    else:
        assert 0 < nanos <= MAX_NANOS


@pytest.mark.parametrize(
    ("text", "share"),
    [("80", 0.8), ("80%", 0.8), ("0.8", 0.8), ("1", 1.0), ("1%", 0.01), ("150", 1.5), ("12,5 %", 0.125), ("0", 0.0)],
)
def test_shares_as_people_write_them(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "many", "-5", "80%%", "1e2", "99999", "0.8.8", "NaN"])
def test_shares_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a share"):
        parse_share(text)


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (0, "$0"), (4000 * NANOS, "$4,000"), (12 * NANOS + 340_000_000, "$12.34"), (4_200_000, "$0.0042"), (1, "$0.000000001"),
        (-5 * NANOS, "-$5"), (999_995_000_000, "$1,000.00"), (1_234_567 * NANOS + 1, "$1,234,567"), (123_456_789, "$0.12"),
        (12_345, "$0.000012"), (9_999_999, "$0.01"),
    ],
)  # fmt: skip
def test_dollars_are_shown_with_the_digits_that_help(nanos: int, shown: str) -> None:
    assert usd(nanos) == shown


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="EUR"):
        Money(1) + Money(1, "EUR")


@given(ANY_NANOS, ANY_NANOS)
def test_money_adds_and_subtracts_exactly(one: int, other: int) -> None:
    assert Money(one) + Money(other) - Money(other) == Money(one)
    assert -Money(one) == Money(-one)


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_a_difference_is_what_a_reader_gets_by_subtracting_what_is_shown(one: int, other: int):
    told = apart(one, other)
    assert told == apart(other, one)
    if as_shown(one) != as_shown(other):
        assert told == usd(abs(as_shown(one) - as_shown(other)))
    else:
        assert told == usd(abs(one - other))


def test_the_difference_agrees_with_the_two_amounts_beside_it():
    assert (usd(13_649_600_000_000), usd(12_445_400_000_000)) == ("$13,650", "$12,445")
    assert apart(13_649_600_000_000, 12_445_400_000_000) == "$1,205"
