"""The `data_visualization` block: pie, bar, area and line charts.

Segments and series went from 6 to 12 between June and September 2026; the lower number is kept for the reason given
in `tables`.
"""

from __future__ import annotations

from typing import Any

from sandbox.blocks.composition import DOCS
from sandbox.blocks.rules import MESSAGE, Inspection, ListOf, Need, Num, Rule, Shape, Str, Typed

DOC = f"{DOCS}/blocks/data-visualization-block"
SERIES = 6
POINTS = 20
LABEL = Str(20)


def _positive(segment: dict[str, Any], at: str, run: Inspection) -> None:
    if segment["value"] <= 0:
        run.add("must be greater than 0", f"{at}/value")


def _series_fit_the_axis(chart: dict[str, Any], at: str, run: Inspection) -> None:
    names = [one["name"] for one in chart["series"]]
    if len(set(names)) < len(names):
        run.add("series names must be unique", f"{at}/series")
    categories = sorted(chart["axis_config"]["categories"])
    for index, one in enumerate(chart["series"]):
        if sorted(point["label"] for point in one["data"]) != categories:
            run.add("data must have exactly one point for every category", f"{at}/series/{index}/data")


SEGMENT = Shape(DOC, {"label": Need(LABEL), "value": Need(Num(whole=False))}, also=_positive)
POINT = Shape(DOC, {"label": Need(LABEL), "value": Need(Num(whole=False))})
ONE_SERIES = Shape(DOC, {"name": Need(LABEL), "data": Need(ListOf(POINT, POINTS))})
AXIS = Shape(DOC, {"categories": Need(ListOf(LABEL, POINTS)), "x_label": Str(50), "y_label": Str(50)})
ON_AXES = Shape(DOC, {"series": Need(ListOf(ONE_SERIES, SERIES)), "axis_config": Need(AXIS)}, also=_series_fit_the_axis)

CHARTS: dict[str, Rule] = {
    "pie": Shape(DOC, {"segments": Need(ListOf(SEGMENT, SERIES))}),
    "bar": ON_AXES,
    "area": ON_AXES,
    "line": ON_AXES,
}
DATA_VISUALIZATION = Shape(
    DOC,
    {"title": Need(Str(50)), "chart": Need(Typed(CHARTS)), "block_id": Str(255)},
    frozenset({MESSAGE}),
)
