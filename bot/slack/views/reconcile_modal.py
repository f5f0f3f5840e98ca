"""The form of `/budget reconcile`: a file, whose it is, and for which month."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.plans import input_block, text_field
from core.period import Cycle

View = dict[str, Any]
MONTHS: Final = 13
FILE_TYPES: Final = ("csv", "json", "gz", "tsv", "txt")


def reconcile_modal(
    providers: Sequence[str], *, provider: str | None, month: Cycle, today: date, instead: str | None = None,
) -> View:  # fmt: skip
    """The form, filled in as far as it is known.

    Args:
      providers: to choose from, most spend first; `provider` is chosen even where it is none of them.
      instead: what is compared where the file is left out; None where it is needed.
    """
    names = list(dict.fromkeys([*([provider] if provider else []), *providers, "openai", "anthropic"]))[:100]
    months = [Cycle(today.year, today.month)]
    while len(months) < MONTHS or months[-1] > month:
        months.append(months[-1].previous)
    file = {"type": "file_input", "action_id": "value", "filetypes": list(FILE_TYPES), "max_files": 1}
    hint = "CSV, cost report in JSON, or FOCUS; up to 10 MB."
    if instead:
        hint += f" Without a file: {instead}."
    shown = [
        input_block(ids.BLOCK_INVOICE_FILE, "Invoice", file, hint=hint, optional=instead is not None),
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


def _select(names: Sequence[str], chosen: str) -> View:
    options = [{"text": blocks.plain(one, 75), "value": one[:150]} for one in names]
    initial = next(one for one in options if one["value"] == chosen[:150])
    return {"type": "static_select", "action_id": "value", "options": options, "initial_option": initial}


def _months(months: Sequence[Cycle], chosen: Cycle) -> View:
    options = [{"text": blocks.plain(one.title, 75), "value": str(one)} for one in months[:100]]
    initial = next((one for one in options if one["value"] == str(chosen)), options[0])
    return {"type": "static_select", "action_id": "value", "options": options, "initial_option": initial}
