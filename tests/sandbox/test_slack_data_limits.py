"""Tables, charts and views at their limits and just past them, one case a row of the table."""

from __future__ import annotations

import pytest

from sandbox.blocks import view_problems
from sandbox.blocks.charts import CHARTS as CHART_SHAPES
from sandbox.blocks.elements import ELEMENT_SHAPES
from sandbox.blocks.layout import BLOCKS
from sandbox.blocks.layout import VIEWS as VIEW_SHAPES
from sandbox.blocks.rules import Shape
from sandbox.blocks.tables import CELLS
from tests.sandbox.cases import DOCS, Case, as_parameters
from tests.sandbox.content import (
    Json,
    data_table,
    input_block,
    line_chart,
    modal,
    pie_chart,
    plain,
    raw,
    rich_text,
    table,
    words_input,
)

TABLES = [
    Case("a table has 100 rows", "blocks/table-block", [table(100, 1)]),
    Case("not 101", "blocks/table-block", [table(101, 1)], "no more than 100"),
    Case("of 20 cells", "blocks/table-block", [table(1, 21)], "no more than 20"),
    Case(
        "a cell is not empty", "blocks/table-block", [{"type": "table", "rows": [[raw("")]]}], "more than 0 characters"
    ),
    Case(
        "columns may be left out",
        "blocks/table-block",
        [table(1, 2) | {"column_settings": [None, {"align": "right", "is_wrapped": True}]}],
    ),
    Case("one table a message", "blocks/table-block", [table(), table()], "only_one_table_allowed"),
    Case("a data table fits", "blocks/data-table-block", [data_table(101, 20, page_size=100)]),
    Case("on Home too", "blocks/data-table-block", [data_table()], surface="home"),
    Case("not in a modal", "blocks/data-table-block", [data_table()], "not allowed in a modal", "modal"),
    Case("it has a header and a row", "blocks/data-table-block", [data_table(1)], "no fewer than 2"),
    Case("and 100 rows below", "blocks/data-table-block", [data_table(102)], "no more than 101"),
    Case("a caption", "blocks/data-table-block", [data_table() | {"caption": None}], "missing required field: caption"),
    Case("pages of 100", "blocks/data-table-block", [data_table(page_size=101)], "at most 100"),
    Case(
        "rows of one length",
        "blocks/data-table-block",
        [data_table() | {"rows": [[raw("x")], [raw("x")] * 2]}],
        "same number",
    ),
    Case(
        "a plain header",
        "blocks/data-table-block",
        [data_table() | {"rows": [[rich_text()], [raw("x")]]}],
        "header cell",
    ),
    Case(
        "numbers with their text",
        "blocks/data-table-block",
        [data_table() | {"rows": [[raw("USD")], [{"type": "raw_number", "value": 4.5, "text": "$4.50"}]]}],
    ),
    Case(
        "numbers that are numbers",
        "blocks/data-table-block",
        [data_table() | {"rows": [[raw("USD")], [{"type": "raw_number", "value": "4", "text": "4"}]]}],
        "must provide a number",
    ),
    Case(
        "20 000 characters in all",
        "blocks/data-table-block",
        [data_table() | {"rows": [[raw("x" * 10_001)], [raw("x" * 10_000)]]}],
        "less than 20001",
    ),
]
CHARTS = [
    Case("a line chart fits", "blocks/data-visualization-block", [line_chart(6, 20)]),
    Case("with 6 series", "blocks/data-visualization-block", [line_chart(7)], "no more than 6"),
    Case("and 20 points", "blocks/data-visualization-block", [line_chart(1, 21)], "no more than 20"),
    Case("a pie has 6 parts", "blocks/data-visualization-block", [pie_chart(7)], "no more than 6"),
    Case("each above 0", "blocks/data-visualization-block", [pie_chart(value=0)], "greater than 0"),
    Case("a title of 50", "blocks/data-visualization-block", [pie_chart() | {"title": "x" * 51}], "less than 51"),
    Case("two in a message", "blocks/data-visualization-block", [pie_chart()] * 3, "no more than 2 data_visualization"),
    Case("only in messages", "blocks/data-visualization-block", [pie_chart()], "not allowed in a home", "home"),
    Case(
        "a point for every category",
        "blocks/data-visualization-block",
        [line_chart(axis_config={"categories": ["day 0", "day 1"]})],
        "exactly one point for every category",
    ),
    Case(
        "labels of 20",
        "blocks/data-visualization-block",
        [line_chart(axis_config={"categories": ["x" * 21]})],
        "less than 21",
    ),
]


@pytest.mark.parametrize("case", as_parameters([*TABLES, *CHARTS]))
def test_tables_and_charts_keep_the_published_limits(case: Case) -> None:
    case.judge()


VIEWS = "https://docs.slack.dev/reference/views/modal-views"
VIEW_CASES: list[tuple[str, Json, str | None]] = [
    ("a modal fits", modal(input_block(words_input())), None),
    ("a title has 24", modal(title=plain("x" * 25)), "less than 25"),
    ("so has the submit button", modal(submit=plain("x" * 25)), "less than 25"),
    ("and the close button", modal(close=plain("x" * 25)), "less than 25"),
    ("private_metadata has 3000", modal(private_metadata="x" * 3001), "less than 3001"),
    ("callback_id has 255", modal(callback_id="x" * 256), "less than 256"),
    ("inputs need a submit", modal(input_block(words_input())) | {"submit": None}, "submit is required"),
    ("a modal needs a title", {"type": "modal", "blocks": []}, "missing required field: title"),
    ("a Home tab has no title", {"type": "home", "title": plain("x"), "blocks": []}, "invalid additional property"),
    ("a view has a known type", {"type": "dialog", "blocks": []}, "unsupported type: dialog"),
    (
        "one element takes the focus",
        modal(*[input_block(words_input(focus_on_load=True), block_id=b) for b in "ab"]),
        "focus",
    ),
]


@pytest.mark.documented(VIEWS)
@pytest.mark.parametrize(("claim", "view", "problem"), VIEW_CASES, ids=[case[0] for case in VIEW_CASES])
def test_views_keep_the_published_limits(claim: str, view: Json, problem: str | None) -> None:
    found = view_problems(view)
    if problem is None:
        assert found == [], claim
    else:
        assert any(problem in one for one in found), found


@pytest.mark.documented(f"{DOCS}/blocks")
def test_every_row_of_the_table_names_its_page() -> None:
    rows = [*BLOCKS.values(), *ELEMENT_SHAPES.values(), *CHART_SHAPES.values(), *CELLS.values(), *VIEW_SHAPES.values()]
    assert all(isinstance(row, Shape) and row.doc.startswith("https://docs.slack.dev/reference/") for row in rows)
