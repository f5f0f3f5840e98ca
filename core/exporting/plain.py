"""The month as a plain table: one row a day, workload, model and token class, with dollars and the named tags."""

from __future__ import annotations

from typing import Final

from core.exporting.cells import decimal_cell, dollars, words
from core.exporting.lines import ExportLine
from core.usage import DIMENSIONS

HEADER: Final = (
    "date", "workload", *DIMENSIONS, "provider", "model", "tier", "token_class", "quantity", "cost_usd", "requests",
    "unpriced_requests",
)  # fmt: skip


def plain_row(line: ExportLine) -> list[str]:
    """One line's cells in the order of `HEADER`."""
    day, tags = line.day, dict(line.day.tags)
    return [
        day.on.isoformat(), words(day.workload), *(words(tags.get(name)) for name in DIMENSIONS), words(day.provider),
        words(day.model), words(day.tier), line.kind, str(line.quantity), decimal_cell(dollars(line.nanos)),
        str(line.requests), str(line.unpriced_requests),
    ]  # fmt: skip
