"""Which prices are doubted, and the line that mends them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.list_prices import list_rates
from core.money import NANOS
from core.price_doubt import Doubt, PricedModel, contradicted, old_prices, price_line
from core.rates import Band, Rate
from core.usage import TokenClasses

TODAY = date(2026, 11, 24)
RATE = list_rates("openai", "gpt-4.1", "standard", TODAY)[0][1]


def used(model: str = "gpt-4.1", days: int | None = None, nanos: int = NANOS) -> PricedModel:
    confirmed = None if days is None else TODAY - timedelta(days=days)
    return PricedModel("openai", model, nanos, RATE, confirmed)


def a_result(**cause: Any) -> dict[str, Any]:
    given = {"cause": "wrong_price", "nanos": 5 * NANOS, "details": {"model": "gpt-4.1", "ratio": 1.5}} | cause
    return {"provider": "openai", "month": "2026-10", "tolerance": NANOS, "causes": [given]}


@pytest.mark.parametrize(("days", "is_old"), [(90, False), (91, True)])
def test_a_price_is_old_after_the_stated_age(days: int, is_old: bool) -> None:
    found = old_prices([used(days=days)], list_on=TODAY, today=TODAY)

    assert bool(found) is is_old


def test_an_old_list_is_one_doubt_for_all_models_of_a_provider() -> None:
    models = [used("gpt-4.1-mini", nanos=1), used("gpt-4.1", nanos=2)]
    (found,) = old_prices(models, list_on=TODAY - timedelta(days=91), today=TODAY)

    assert (found.why, found.model, found.key) == (Doubt.OLD_LIST, "gpt-4.1", "old_list/openai")


def test_the_line_holds_the_invoices_price_from_its_day() -> None:
    result = a_result(details={"model": "gpt-4.1", "ratio": 1.5, "from_on": "2026-10-12"})
    (found,) = contradicted(result, {"gpt-4.1": RATE}, mended=())

    assert (
        found.line
        == "/budget price gpt-4.1 input=3 cache_read=0.75 output=12 reasoning=12 provider=openai from=2026-10-12"
    )


def test_a_price_of_one_class_is_mended_alone() -> None:
    result = a_result(details={"model": "gpt-4.1", "ratio": 1.25, "token_class": "output"})
    (found,) = contradicted(result, {"gpt-4.1": RATE}, mended=())

    assert found.line == "/budget price gpt-4.1 input=2 cache_read=0.5 output=10 provider=openai from=2026-10-01"


def test_a_factor_over_every_model_leads_to_the_comparison() -> None:
    result = a_result(cause="discount", nanos=-5 * NANOS, details={"ratio": 0.9})
    (found,) = contradicted(result, {}, mended=())

    assert found.line == "/budget reconcile openai 2026-10"


@pytest.mark.parametrize(
    ("result", "mended"),
    [
        (a_result(nanos=NANOS), ()),
        (a_result(), ("gpt-4.1",)),
        (a_result(cause="tax", details={"ratio": 1.2}), ()),
        (a_result(details={"model": "gpt-4.1", "ratio": 1.5, "until_on": "2026-10-04"}), ()),
    ],
)
def test_what_is_small_mended_over_or_no_price_is_not_doubted(result: dict[str, Any], mended: tuple[str, ...]) -> None:
    assert contradicted(result, {"gpt-4.1": RATE}, mended=mended) == []


def test_a_model_with_long_context_prices_has_no_plain_line() -> None:
    prices = TokenClasses(input_uncached=NANOS, output=NANOS)
    banded = Rate("list", (Band(-1, prices), Band(200_000, prices)))

    assert price_line("google", "gemini-2.5-pro", banded) == "/budget price gemini-2.5-pro provider=google"
