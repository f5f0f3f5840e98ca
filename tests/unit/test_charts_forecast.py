"""The charts of the forecast: drawn whatever the numbers, quickly, and with alt texts that say the finding."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.charts import alt_fan, alt_trial, alt_waterfall, fan_chart, waterfall
from bot.charts.foretold import chance_sentence, days_words, signed
from bot.charts.multiples import Small, multiples
from core.scenario import Plan, VolumeChange
from tests.support.drawing import plain_figure, seconds
from tests.support.outlooks import AS_OF, a_trial, an_explanation, an_outlook, totals
from tests.support.standings import HOSTILE, NOVEMBER, an_envelope, dollars

SOON = AS_OF + timedelta(days=4)
SMALL = Small("search", (dollars(10),) * 16, dollars(250), dollars(300), dollars(380), dollars(290), 0.62)

OUTLOOKS: dict[str, dict[str, Any]] = {
    "usual": {},
    "no envelope": {"size": None},
    "passed": {"size": 20},
    "far away": {"size": 1e8},
    "no usage": {"days": 0},
    "thin": {"days": 2},
    "over": {"as_of": date(2026, 11, 30)},
    "plans": {"plans": [Plan(SOON + timedelta(days=n), (VolumeChange(1.5),), "a long note " * 8) for n in range(7)]},
    "hard above": {"envelope": an_envelope(300, hard_share=1.5)},
    "tiny": {"requests": 1},
}
"""By what is special, as arguments: a forecast takes a while, and a test makes its own."""


def size(png: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(png)).size


@pytest.mark.parametrize("special", OUTLOOKS)
def test_a_fan_is_drawn_whatever_the_amounts(special: str):
    outlook = an_outlook(**OUTLOOKS[special])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert size(fan_chart(outlook)) == (960, 660)
        assert size(fan_chart(outlook, dark=True)) == (960, 660)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_drawn_literally(name: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fan_chart(an_outlook(name, plans=[Plan(SOON, (VolumeChange(2.0),), name)]))
        waterfall(an_explanation(workload=name))
        multiples([replace(SMALL, title=name)], NOVEMBER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((totals(),), (totals(12_000, output=600),)),
        ((totals(),), (totals(),)),
        ((), (totals(),)),
        ((totals(),), ()),
        ((), ()),
        ((totals(),), (totals(10_001),)),
        ((totals(1),), (totals(10_000_000),)),
    ],
)
def test_a_waterfall_is_drawn_whatever_the_difference(before: tuple, after: tuple):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dark in (False, True):
            assert size(waterfall(an_explanation(before, after), dark=dark))[0] == 960


@pytest.mark.parametrize("count", [0, 1, 5, 12, 30])
def test_small_multiples_grow_by_rows_of_two_up_to_six(count: int):
    rows = -(-min(count, 12) // 2)
    assert size(multiples([SMALL] * count, NOVEMBER)) == (960, 2 * (62 + 132 * rows + 26))


def test_the_charts_of_the_forecast_cost_little_more_than_a_plain_figure():
    trial, planned = a_trial(VolumeChange(1.5)), an_outlook(**OUTLOOKS["plans"])
    draws = {
        "fan": lambda: fan_chart(planned),
        "beside": lambda: fan_chart(trial.now, beside=trial.then),
        "waterfall": lambda: waterfall(an_explanation()),
        "multiples": lambda: multiples([SMALL] * 12, NOVEMBER),
    }
    plain = seconds(plain_figure)
    for name, draw in draws.items():
        assert seconds(draw) < 5 * plain, name


def test_alt_texts_say_the_finding():
    outlook = an_outlook(size=240)
    assert "chance to pass $240" in alt_fan(outlook)
    assert "in four months out of five" in alt_fan(outlook)
    trial = a_trial(VolumeChange(2.0))
    assert alt_trial(trial.now, trial.then).endswith("more.")
    said = alt_waterfall(an_explanation((totals(),), (totals(12_000),)))
    assert said == "Waterfall chart: search-answers from $105 to $126, +$21: volume +$21."


def test_a_chance_names_its_days_and_what_is_passed_is_no_chance():
    days = (date(2026, 11, 19), date(2026, 11, 24))
    assert (
        chance_sentence(0.62, dollars(4000), days, spent_nanos=0) == "62% chance to pass $4,000, most likely 19–24 Nov"
    )
    assert chance_sentence(0.999, dollars(4000), None, spent_nanos=0) == "Over 99% chance to pass $4,000"
    assert "passed already" in chance_sentence(1.0, dollars(4000), None, spent_nanos=dollars(4001))
    assert days_words(date(2026, 11, 30), date(2026, 12, 2)) == "30 Nov–2 Dec"
    assert (signed(0), signed(dollars(5)), signed(-dollars(5))) == ("$0", "+$5", "−$5")
