"""The two tables: `table` and `data_table`.

The published limits of `data_table` were raised between May and September 2026 (101 to 201 rows). The lower number is
kept: workspaces get such changes in stages, and what fits the lower limit is right in all of them.
"""

from __future__ import annotations

from typing import Any

from sandbox.blocks.composition import DOCS
from sandbox.blocks.rich_text import RICH_TEXT
from sandbox.blocks.rules import (
    HOME,
    MESSAGE,
    Bool,
    Inspection,
    ListOf,
    Need,
    Num,
    OneOf,
    OrNull,
    Rule,
    Shape,
    Str,
    Typed,
)

TABLE_DOC = f"{DOCS}/blocks/table-block"
DATA_TABLE_DOC = f"{DOCS}/blocks/data-table-block"

COLUMNS = 20
DATA_TABLE_ROWS = 101
CELL_CHARACTERS = {"table": 10_000, "data_table": 20_000}  # All cells of one message together, per kind of table.

CELLS: dict[str, Rule] = {
    "raw_text": Shape(DATA_TABLE_DOC, {"text": Need(Str())}),
    "raw_number": Shape(DATA_TABLE_DOC, {"value": Need(Num(whole=False)), "text": Need(Str())}),
    "rich_text": RICH_TEXT,
}
ROWS_OF_TABLE = ListOf(ListOf(Typed(CELLS), COLUMNS), 100)
ROWS_OF_DATA_TABLE = ListOf(ListOf(Typed(CELLS), COLUMNS), DATA_TABLE_ROWS, low=2)


def characters(value: Any) -> int:
    """Characters a reader sees in a cell, block or list of them: every `text` that is a string."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(characters(item) for item in value.values() if isinstance(item, dict | list))
    return 0


def _even_rows(block: dict[str, Any], at: str, run: Inspection) -> None:
    header, *rest = block["rows"]
    if any(len(row) != len(header) for row in rest):
        run.add("all rows must have the same number of cells", f"{at}/rows")
    for index, cell in enumerate(header):
        if cell["type"] == "rich_text":
            run.add("rich_text is not allowed in a header cell", f"{at}/rows/0/{index}")
    if (block.get("row_header_column_index") or 0) >= len(header):
        run.add("must be the index of a column", f"{at}/row_header_column_index")


COLUMN_SETTING = Shape(TABLE_DOC, {"align": OneOf(("left", "center", "right")), "is_wrapped": Bool()})

TABLES: dict[str, Rule] = {
    "table": Shape(
        TABLE_DOC,
        {"rows": Need(ROWS_OF_TABLE), "column_settings": ListOf(OrNull(COLUMN_SETTING), COLUMNS), "block_id": Str(255)},
        frozenset({MESSAGE}),
    ),
    "data_table": Shape(
        DATA_TABLE_DOC,
        {
            "rows": Need(ROWS_OF_DATA_TABLE),
            "caption": Need(Str()),
            "page_size": Num(1, 100),
            "row_header_column_index": Num(0, COLUMNS - 1),
            "block_id": Str(255),
        },
        frozenset({MESSAGE, HOME}),
        also=_even_rows,
    ),
}
