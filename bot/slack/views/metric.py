"""The business metric of a workload: what is known of it, and the form to give it."""

from __future__ import annotations

import json

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.forecast import unit_figures
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.plans import View, ends_at, input_block, text_field
from bot.slack.views.wording import plural
from core.services.forecast_spend import Outlook


def metric_message(outlook: Outlook) -> Message:
    """How many days are known, what one unit costs, and where the month ends with it."""
    known, workload = outlook.month.metric, outlook.month.workload
    assert known is not None
    figures = unit_figures(outlook)
    planned = f", {plural(len(known.planned), 'planned day')}" if known.planned else ""
    text = (
        f"*{name(workload)}* is tied to its {name(known.unit)}s: {plural(len(known.actual), 'day')} with a number{planned}. "
        f"{ends_at(outlook)}"
    )
    return blocks.message(
        text,
        blocks.section(text),
        blocks.fields(figures) if figures else None,
        blocks.context(
            "With numbers for 14 of the last 28 days the forecast follows the metric, and its plan.",
            f"Paste a table of days: {code(f'/budget metric {workload}')}",
        ),
        blocks.actions(
            blocks.button("Forecast", ids.SHOW_FORECAST, workload),
            blocks.button("Paste days", ids.OPEN_METRIC, workload),
        ),
    )


def metric_modal(workload: str, *, unit: str | None, typed: Block | None = None) -> View:
    """The form for a business metric: its unit, and days with numbers as they are pasted from a table."""
    known = typed or {}
    days = text_field(known.get(ids.BLOCK_METRIC_DAYS), "2026-11-01,1200", limit=3000)
    days["multiline"] = True
    return {
        "type": "modal",
        "callback_id": ids.METRIC_MODAL,
        "title": blocks.plain("Tie a metric", 24),
        "submit": blocks.plain("Save", 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": json.dumps({"workload": workload}),
        "blocks": [
            blocks.section(
                f"What the volume of *{name(workload)}* follows: active users, tickets, documents. With numbers for 14 of "
                "the last 28 days the forecast follows the metric, and its plan."
            ),
            input_block(
                ids.BLOCK_METRIC_UNIT, "Unit, in the singular",
                text_field(known.get(ids.BLOCK_METRIC_UNIT) or unit, "ticket", limit=40),
            ),
            input_block(
                ids.BLOCK_METRIC_DAYS, "Days", days,
                hint="One day a line. A day to come ends in planned: 2026-12-01,1500,planned. Commas, semicolons or tabs.",
            ),
        ],
    }  # fmt: skip
