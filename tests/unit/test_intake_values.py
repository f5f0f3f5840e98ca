"""Values as sources write them, read by the short way and by the long one alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.intake.values import money_nanos


@pytest.mark.parametrize("shown", ["40000000000.0000", "1000000001", "99999999999.9", "10000000000"])
def test_an_absurd_amount_is_none_however_it_is_written(shown: str) -> None:
    assert money_nanos(shown) is None
    assert money_nanos(Decimal(shown)) is None


@pytest.mark.parametrize("shown", ["0.23861375", "7", "7.", "999999999.999999999", "0.000000001"])
def test_an_amount_as_text_is_the_amount_as_a_decimal(shown: str) -> None:
    assert money_nanos(shown) == money_nanos(Decimal(shown)) is not None
