"""The charts: always a picture of the promised size, never a crash, never a formula; and their alt texts."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.charts import alt_breakdown, alt_burn_up, breakdown_chart, burn_up
from bot.charts.amounts import axis_dollars, ticks
from bot.charts.labels import box_at, overlap, spread
from bot.charts.sheet import LIGHT, Sheet, legible
from core.standing import Breakdown, Detail
from tests.support.drawing import plain_figure, seconds
from tests.support.standings import HOSTILE, a_breakdown, a_detail, a_line, a_slice, an_envelope

SIZES = {
    "usual": a_detail(),
    "far above": a_detail(a_line(spent=4000, size=30), daily=170),
    "no envelope": a_detail(a_line(size=None)),
    "nothing spent": a_detail(a_line(spent=0), daily=0, previous_nanos=0),
    "nothing at all": a_detail(a_line(spent=0, size=None, run_rate_nanos=None), daily=0, previous_nanos=0, days=()),
    "first hour": a_detail(a_line(spent=3, run_rate_nanos=None), day=1, daily=3, share_elapsed=0.001),
    "month is over": a_detail(day=30, share_elapsed=1.0),
    "a billion": a_detail(a_line(spent=9e8, size=1e9), daily=37e6),
    "a nano-dollar": a_detail(a_line(spent=1e-9, size=2e-9), daily=1e-9, day=1, previous_nanos=1),
    "hard above the envelope": a_detail(envelope=an_envelope(hard_share=1.5)),
    "hard below the envelope": a_detail(envelope=an_envelope(soft_share=0.5, hard_share=0.7)),
    "thresholds close": a_detail(envelope=an_envelope(soft_share=0.99)),
}


def picture(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("detail", SIZES.values(), ids=SIZES.keys())
def test_a_burn_up_is_drawn_whatever_the_amounts(detail: Detail):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture(burn_up(detail)).size == (960, 660)
        assert picture(burn_up(detail, dark=True)).size == (960, 660)


@pytest.mark.parametrize("typed", HOSTILE)
def test_names_are_drawn_literally_and_without_warnings(typed: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        burn_up(a_detail(a_line(typed)))
        breakdown_chart(a_breakdown(a_slice(typed, 5), a_slice(None, 2)))


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_legible_words_have_a_glyph_for_every_character(typed: str):
    shown = legible(typed, "row 3 of the table")
    assert shown
    assert "\n" not in shown


def test_a_script_without_glyphs_is_replaced_by_a_reference():
    assert legible("搜索", "row 3 of the table") == "row 3 of the table"
    assert legible("search 搜索", "row 3 of the table") == "search ??"


def test_the_same_figures_give_the_same_bytes_in_any_thread():
    wanted = burn_up(a_detail())
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: burn_up(a_detail()), range(8))) == {wanted}


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    burn_up(a_detail())
    breakdown_chart(a_breakdown(a_slice("search", 1)))
    assert dict(mpl.rcParams) == before


def test_more_spend_draws_more_of_the_area():
    def blue(detail: Detail) -> int:
        pixels = np.asarray(picture(burn_up(detail))).astype(int)
        return int((pixels[..., 2] - pixels[..., 0] > 20).sum())

    assert blue(a_detail(daily=150)) > 1.5 * blue(a_detail(daily=50))


def test_spend_without_the_label_is_told_apart_without_colour():
    def bar(label: str | None) -> set[int]:
        grey = picture(breakdown_chart(a_breakdown(a_slice(label, 5)))).convert("L")
        return {grey.getpixel((x, 2 * (66 + 24))) for x in range(100, 400)}

    assert len(bar("search")) == 1
    assert len(bar(None)) > 3


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (8, 8), (9, 9), (500, 9)])
def test_a_breakdown_grows_with_its_rows_up_to_nine(count: int, rows: int):
    parts = [a_slice(f"value {place}", 1000 - place) for place in range(count)]
    assert picture(breakdown_chart(a_breakdown(*parts))).size == (960, 2 * (66 + 36 * rows + 14))


def test_an_empty_breakdown_is_drawn_too():
    assert picture(breakdown_chart(a_breakdown())).size[0] == 960


def test_a_chart_costs_little_more_than_a_plain_figure_of_its_size():
    """`benchmarks.charts` has the times; here only what our drawing adds to matplotlib's own."""
    parts = [
        a_slice(f"customer {place} with a long name that has to be cut somewhere" * 2, 1000 - place)
        for place in range(40)
    ]
    breakdown = a_breakdown(*parts)
    plain = seconds(plain_figure)
    assert seconds(lambda: burn_up(a_detail())) < 3 * plain
    assert seconds(lambda: breakdown_chart(breakdown)) < 4 * plain


@given(st.lists(st.floats(0, 300), max_size=6))
def test_labels_at_the_edge_never_overlap_and_stay_inside(wanted: list[float]):
    placed = spread(wanted, gap=30, low=40, high=270)
    ordered = sorted(placed)
    assert all(after - before >= 30 - 1e-6 for before, after in pairwise(ordered))
    assert all(height <= 270 + 1e-6 for height in placed)


def test_a_box_lies_on_the_side_that_its_words_are_aligned_to():
    assert box_at((100, 50, "right", "bottom"), 40) == (60, 50, 100, 72)
    assert box_at((100, 50, "left", "top"), 40) == (100, 28, 140, 50)


def test_boxes_that_only_touch_do_not_overlap():
    assert overlap((0, 0, 10, 10), (9, 9, 20, 20))
    assert not overlap((0, 0, 10, 10), (10, 0, 20, 10))


def test_labels_with_room_stay_where_they_belong():
    assert spread([50, 200], gap=30, low=40, high=270) == [50, 200]


@pytest.mark.parametrize(
    ("dollars_", "shown"),
    [(0, "$0"), (0.5, "$0.50"), (250, "$250"), (2500, "$2.5k"), (1_200_000, "$1.2M"), (1e9, "$1B"), (0.002, "$0.002")],
)
def test_an_axis_says_dollars_shortly(dollars_: float, shown: str):
    assert axis_dollars(dollars_) == shown


@given(st.floats(1e-9, 1e10))
def test_an_axis_has_two_to_six_round_ticks_from_zero(top: float):
    found = ticks(top)
    assert found[0] == 0
    assert 2 <= len(found) <= 6


def test_words_are_cut_to_the_room_they_have():
    sheet = Sheet(100, LIGHT)
    cut = sheet.shortened("a rather long label that does not fit", 120)
    assert cut.endswith("…")
    assert sheet.width_of(cut) <= 120


def test_the_alt_text_of_a_burn_up_says_its_finding():
    assert alt_burn_up(a_detail(a_line())) == (
        "Burn-up chart: search-answers has spent $3,210 of $4,000 (80%), 78% into November 2026. "
        "A straight line ends the month at $4,115, $115 over the envelope. October 2026 came to $3,900."
    )


def test_the_alt_text_knows_a_missing_envelope_and_a_month_that_is_over():
    assert "without an envelope" in alt_burn_up(a_detail(a_line(size=None)))
    assert "straight line" not in alt_burn_up(replace(a_detail(), share_elapsed=1.0))


def test_the_alt_text_of_a_breakdown_names_the_largest_and_the_coverage():
    breakdown = a_breakdown(a_slice("search", 60), a_slice("chat", 30), a_slice(None, 10))
    assert alt_breakdown(breakdown) == (
        "Bar chart of spend by feature in November 2026: search $60 (60%), chat $30 (30%). 90% of $100 carries a feature."
    )


@pytest.mark.parametrize(
    ("breakdown", "says"),
    [
        (a_breakdown(), "nothing was spent"),
        (a_breakdown(a_slice(None, 5)), "no feature at all. 0% of $5 carries a feature."),
    ],
)
def test_the_alt_text_of_an_empty_breakdown_says_so(breakdown: Breakdown, says: str):
    assert says in alt_breakdown(breakdown)
