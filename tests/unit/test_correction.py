"""What a signed invoice teaches the next forecast."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.slack.views.correction import correction_line
from bot.slack.views.forecast import forecast_message
from core.correction import HIGHEST, LOWEST, Correction, Learned, corrected, correction_of
from core.money import NANOS, usd
from core.period import Cycle
from tests.support.outlooks import a_scorecard, an_outlook
from tests.support.shown import refused
from tests.support.standings import MADRID

OCTOBER = Cycle(2026, 10)


def a_result(*causes: tuple[str, int], estimate: int = 1_000, **details: Any) -> dict[str, Any]:
    listed = [{"cause": name, "nanos": nanos, "details": details} for name, nanos in causes]
    return {"provider": "openai", "month": "2026-10", "estimate": estimate, "causes": listed}


def test_what_comes_back_every_month_is_learned() -> None:
    assert correction_of(a_result(("discount", -100), ("untracked_key", 20))) == Correction(
        "openai", OCTOBER, 920_000, False
    )


@pytest.mark.parametrize("once", ["tax", "credit", "late_data", "day_edges", "rounding"])
def test_what_happens_once_is_not_learned(once: str) -> None:
    assert correction_of(a_result((once, 190))) is None


def test_a_price_that_was_mended_since_is_not_learned_twice() -> None:
    result = a_result(("wrong_price", -100), model="gpt-4.1")

    assert correction_of(result) is not None
    assert correction_of(result, mended={"gpt-4.1"}) is None


@pytest.mark.parametrize(("nanos", "bound"), [(900, HIGHEST), (-900, LOWEST)])
def test_a_factor_is_bounded_and_says_so(nanos: int, bound: int) -> None:
    found = correction_of(a_result(("sampling", 0), ("untracked_key", nanos)))

    assert found is not None
    assert (found.millionths, found.is_bounded) == (bound, True)


def test_a_month_without_an_estimate_teaches_nothing() -> None:
    assert correction_of(a_result(("untracked_key", 5), estimate=0)) is None


def test_each_provider_has_its_own_part_and_factor() -> None:
    known = [Correction("openai", OCTOBER, 900_000, False)]

    assert corrected(1_000, {"openai": 50, "anthropic": 50}, known) == 950
    assert corrected(1_000, {}, known) == 1_000


def test_the_line_says_factor_month_and_what_it_comes_to() -> None:
    known = [Correction("openai", OCTOBER, 976_000, False)]
    foretold = 4_500 * NANOS, 5_000 * NANOS, 5_500 * NANOS
    line = correction_line(foretold, Learned({"openai": 1}, tuple(known)))

    assert (
        line
        == "*×0.976 on openai*, from October 2026's signed invoice: billed so, the month comes to about *$4,880*, in four "
        "months out of five between $4,392 and $5,368. Envelope and alerts go by the books."
    )
    assert correction_line(foretold, Learned({"openai": 1})) is None


def test_a_forecast_shows_the_factor_beside_its_own_figures() -> None:
    learned = Learned({"openai": 1}, (Correction("openai", OCTOBER, 1_040_000, False),))
    outlook, card = an_outlook(), a_scorecard()
    message = forecast_message(
        outlook, accuracy=card.whole, backtested=1.0, chart_file="F0CHART", reader=MADRID, learned=learned
    )
    made = outlook.forecast
    low, billed, high = (usd(nanos * 104 // 100) for nanos in (made.p10_nanos, made.p50_nanos, made.p90_nanos))
    said = json.dumps(dict(message), ensure_ascii=False).replace("\\n", "\n")
    assert "×1.04 on openai" in said
    assert f"As billed, ×1.04*\n{billed} ({low}–{high})" in said
    assert f"Forecast (p50)*\n{usd(made.p50_nanos)}" in said
    assert refused(dict(message)) == []


def test_a_factor_says_where_it_comes_from() -> None:
    known = (Correction("openai", OCTOBER, 1_030_000, False),)
    assert Learned({"openai": 1}, known).words == (
        "×1.03, as the signed October 2026 invoice of openai came to 3.0% more than the books"
    )
    assert Learned({"openai": 1}).words == Learned({}, known).words == ""
