"""CSV exports of OpenAI's dashboard: costs and usage, read by their header (usage-formats §3.4; not documented by OpenAI).

Empty days are rows with blank cells, counts are written `10.0`, and columns depend on the chosen grouping. Names are taken in
any case, with blanks or underscores, since spreadsheets and people retype them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from core.intake.openai import take_row
from core.intake.record import Taken
from core.intake.tables import table_rows
from core.intake.values import moment


def is_export(header: Iterable[str]) -> bool:
    """Whether a header is one of these exports'."""
    names = {_plain(name) for name in header}
    spans = names & {"start_time", "start_time_iso"} and names & {"end_time", "end_time_iso"}
    return bool(spans and names & {"amount_value", "num_model_requests", "input_tokens"})


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def read(lines: Iterable[str]) -> Taken:
    """Read an export. Rows without counts or amount are days without use, counted in `ignored`."""
    taken = Taken()
    for index, row in table_rows(lines):
        if isinstance(row, str):
            taken.refused.append((index, row))
            continue
        told = {_plain(name): value for name, value in row.items() if value != ""}
        starts_at = moment(told.get("start_time")) or moment(told.get("start_time_iso"))
        ends_at = moment(told.get("end_time")) or moment(told.get("end_time_iso"))
        if starts_at is None or ends_at is None:
            taken.refused.append((index, "the row has no start_time and end_time that can be read"))
        elif _is_empty(told):
            taken.ignored += 1
        else:
            take_row(_as_result(told), starts_at, ends_at, taken=taken, index=index)
    return taken


def _is_empty(told: Mapping[str, str]) -> bool:
    return not any(
        name.endswith(("_tokens", "_requests")) or name in ("amount_value", "images", "characters", "seconds", "num_sessions")
        for name in told
    )  # fmt: skip


def _as_result(told: Mapping[str, str]) -> dict[str, object]:
    row: dict[str, object] = dict(told)
    if "amount_value" in told:
        row["amount"] = {"value": told["amount_value"], "currency": told.get("amount_currency", "usd")}
    return row
