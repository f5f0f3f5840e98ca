"""The form of `/budget reconcile`: a file, whose it is, and for which month."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.plans import input_block, text_field
from core.errors import Unreadable
from core.period import Cycle
from core.store.invoice_rows import Conversion

View = dict[str, Any]
MONTHS: Final = 13
FILE_TYPES: Final = ("csv", "json", "gz", "tsv", "txt")
_RATE: Final = re.compile(
    r"(?P<rate>[0-9.,]{1,20})\s+(?:on\s+)?(?P<on>\d{4}-\d{2}-\d{2})\s+(?:by\s+|from\s+)?(?P<source>\S.{0,59})"
)


def reconcile_modal(
    providers: Sequence[str], *, provider: str | None, month: Cycle, today: date, pulled_until: str | None = None,
) -> View:  # fmt: skip
    """The form, filled in as far as it is known.

    Args:
      providers: to choose from, most spend first; `provider` is chosen even where it is none of them.
      pulled_until: the last day of charges that were pulled; then the file may be left out.
    """
    names = list(dict.fromkeys([*([provider] if provider else []), *providers, "openai", "anthropic"]))[:100]
    months = [Cycle(today.year, today.month)]
    while len(months) < MONTHS or months[-1] > month:
        months.append(months[-1].previous)
    file = {"type": "file_input", "action_id": "value", "filetypes": list(FILE_TYPES), "max_files": 1}
    hint = "CSV, cost report in JSON, or FOCUS; up to 10 MB."
    if pulled_until:
        hint += f" Without a file: the charges pulled up to {pulled_until}."
    shown = [
        input_block(ids.BLOCK_INVOICE_FILE, "Invoice", file, hint=hint, optional=pulled_until is not None),
        input_block(ids.BLOCK_INVOICE_PROVIDER, "Provider", _select(names, provider or names[0])),
        input_block(ids.BLOCK_INVOICE_MONTH, "Month", _months(months, month), hint="Providers bill by UTC month."),
        input_block(
            ids.BLOCK_INVOICE_RATE, "Exchange rate, if it is not in USD", text_field(None, "1.0832 2026-10-31 ECB", limit=100),
            hint="Dollars for one unit, the day of the rate, and its source.", optional=True,
        ),
    ]  # fmt: skip
    return {
        "type": "modal", "callback_id": ids.RECONCILE_MODAL, "title": blocks.plain("Reconcile", 24),
        "submit": blocks.plain("Compare", 24), "close": blocks.plain("Cancel", 24), "private_metadata": "{}", "blocks": shown,
    }  # fmt: skip


def refuse_modal(title: str, value: str) -> View:
    """Why somebody does not sign; `value` is the button's."""
    reason = text_field(None, "Batch jobs of the research team are missing", limit=500) | {"multiline": True}
    return {
        "type": "modal", "callback_id": ids.REFUSE_MODAL, "title": blocks.plain("Not signed yet", 24),
        "submit": blocks.plain("Refuse", 24), "close": blocks.plain("Cancel", 24), "private_metadata": json.dumps({"value": value}),
        "blocks": [
            blocks.section(f"*{title}*\nYour reason goes into the thread. Sign later when it is mended."),
            input_block(ids.BLOCK_REFUSAL, "What is wrong?", reason),
        ],
    }  # fmt: skip


def read_rate(text: str | None) -> Conversion | None:
    """The exchange rate as typed; None where the field was left empty. Raises Unreadable."""
    if not text or not text.strip():
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise Unreadable("Write the rate, its day and its source, like 1.0832 2026-10-31 ECB.")
    try:
        on = date.fromisoformat(match["on"])
    except ValueError as unreal:
        raise Unreadable(f"{match['on']} is not a day. Write it like 2026-10-31.") from unreal
    return Conversion(match["rate"].replace(",", "."), on, match["source"].strip())


def _select(names: Sequence[str], chosen: str) -> View:
    options = [{"text": blocks.plain(one, 75), "value": one[:150]} for one in names]
    initial = next(one for one in options if one["value"] == chosen[:150])
    return {"type": "static_select", "action_id": "value", "options": options, "initial_option": initial}


def _months(months: Sequence[Cycle], chosen: Cycle) -> View:
    options = [{"text": blocks.plain(one.title, 75), "value": str(one)} for one in months[:100]]
    initial = next((one for one in options if one["value"] == str(chosen)), options[0])
    return {"type": "static_select", "action_id": "value", "options": options, "initial_option": initial}
