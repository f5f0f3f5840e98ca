"""Small valid blocks and views for the cases; each names only what its case is about."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def section(words: str = "Spend", **rest: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}, **rest}


def button(label: str = "Why", action_id: str = "why", **rest: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **rest}


def actions(*elements: Json, **rest: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **rest}


def options(count: int) -> list[Json]:
    return [{"text": plain(f"Option {n}"), "value": str(n)} for n in range(count)]


def input_block(element: Json, **rest: Any) -> Json:
    return {"type": "input", "block_id": "asked", "label": plain("Asked"), "element": element, **rest}


def words_input(**rest: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "words", **rest}


def modal(*blocks: Json, **rest: Any) -> Json:
    return {"type": "modal", "title": plain("Grant"), "submit": plain("Grant"), "blocks": list(blocks), **rest}


def home(*blocks: Json) -> Json:
    return {"type": "home", "blocks": list(blocks)}


def raw(words: str) -> Json:
    return {"type": "raw_text", "text": words}


def data_table(rows: int = 2, columns: int = 2, **rest: Any) -> Json:
    cells = [[raw(f"{row}/{column}") for column in range(columns)] for row in range(rows)]
    return {"type": "data_table", "caption": "Envelopes", "rows": cells, **rest}


def table(rows: int = 2, columns: int = 2) -> Json:
    return {"type": "table", "rows": [[raw("x")] * columns for _ in range(rows)]}


def line_chart(series: int = 1, points: int = 3, **rest: Any) -> Json:
    categories = [f"day {n}" for n in range(points)]
    data = [{"label": label, "value": -1.5} for label in categories]
    lines = [{"name": f"series {n}", "data": data} for n in range(series)]
    chart = {"type": "line", "series": lines, "axis_config": {"categories": categories}, **rest}
    return {"type": "data_visualization", "title": "Burn-up", "chart": chart}


def pie_chart(segments: int = 2, value: float = 1) -> Json:
    parts = [{"label": f"part {n}", "value": value} for n in range(segments)]
    return {"type": "data_visualization", "title": "Share", "chart": {"type": "pie", "segments": parts}}


def rich_text(words: str = "bold") -> Json:
    run = {"type": "text", "text": words, "style": {"bold": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [run]}]}
