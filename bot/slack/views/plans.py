"""Planned changes of a workload: the list with its buttons, and the form to add one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.wording import day, plural
from core.money import usd
from core.scenario import Plan
from core.services.forecast_spend import Outlook
from core.store.plan_rows import StoredPlan

SHOWN: Final = 20
OFFERED: Final = 100
View = dict[str, Any]


def plans_message(workload: str, plans: Sequence[StoredPlan], *, said: str | None = None) -> Message:
    """Every standing plan with a button to withdraw it; `said` is what was just done, escaped."""
    count = f"*{name(workload)}* has {plural(len(plans), 'planned change')}."
    if not plans:
        count = f"Nothing is planned for *{name(workload)}*."
    text = f"{said} {count}" if said else count
    return blocks.message(
        text,
        blocks.section(text),
        *(_row(stored) for stored in plans[:SHOWN]),
        blocks.context(
            "A plan takes part in the forecast from its day on, until the day has come and usage shows it.",
            f"By line: {code(f'/budget plan {workload} from=2026-12-01 volume=+20%')}",
        ),
        blocks.actions(
            blocks.button("Add a change", ids.OPEN_PLAN, workload),
            blocks.button("Forecast", ids.SHOW_FORECAST, workload),
        ),
    )


def ends_at(outlook: Outlook) -> str:
    """Where the month ends now, in escaped mrkdwn."""
    return f"The month now ends at about *{usd(outlook.forecast.p50_nanos)}*."


def _row(stored: StoredPlan) -> Block:
    return blocks.section(
        f"*{day(stored.plan.from_on)}*: {name(_described(stored.plan), 400)}\nplanned by {person(stored.planned_by)}",
        accessory=blocks.button(
            "Withdraw", ids.WITHDRAW_PLAN, str(stored.id), style="danger",
            asks=blocks.confirmation(
                "Withdraw this plan?", "The forecast goes on without it, at once.", yes="Withdraw", style="danger"
            ),
        ),
    )  # fmt: skip


def _described(plan: Plan) -> str:
    """The changes, and the note behind them where there is one."""
    changes = ", ".join(change.describe() for change in plan.changes)
    return f"{changes} ({plan.note})" if plan.note else changes


def plan_modal(workload: str | None, names: Sequence[str], *, today: date, typed: Block | None = None) -> View:
    """The form. `typed` is what was filled in before, by block id, where the form comes back with a reason."""
    known = typed or {}
    changes = text_field(known.get(ids.BLOCK_PLAN_CHANGES), "volume=+20%", limit=600)
    starts: Block = {
        "type": "datepicker",
        "action_id": "value",
        "initial_date": known.get(ids.BLOCK_PLAN_FROM) or today.isoformat(),
    }
    note = text_field(known.get(ids.BLOCK_PLAN_NOTE), "Launch in Germany", limit=120)
    return {
        "type": "modal",
        "callback_id": ids.PLAN_MODAL,
        "title": blocks.plain("Plan a change", 24),
        "submit": blocks.plain("Save", 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": json.dumps({"workload": workload}),
        "blocks": [
            blocks.section(f"For *{name(workload)}*") if workload else _workloads(names),
            input_block(
                ids.BLOCK_PLAN_CHANGES, "What changes", changes,
                hint="volume=+20%  cache=+20pt  input=-10%  output=-10%  move=FROM->TO:30%",
            ),
            input_block(ids.BLOCK_PLAN_FROM, "From", starts, hint="The first day on which it holds."),
            input_block(ids.BLOCK_PLAN_NOTE, "Note for the chart", note, optional=True),
        ],
    }  # fmt: skip


def _workloads(names: Sequence[str]) -> Block:
    options = [{"text": blocks.plain(one, 75), "value": one} for one in names[:OFFERED]]
    element: Block = {"type": "static_select", "action_id": "value", "options": options}
    hidden = len(names) - len(options)
    hint = f"{hidden:,} more exist; for one of them type /budget plan NAME" if hidden > 0 else None
    return input_block(ids.BLOCK_PLAN_WORKLOAD, "Workload", element, hint=hint)


def text_field(value: str | None, placeholder: str, *, limit: int) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": limit,
        "placeholder": blocks.plain(placeholder, 150),
    }
    if value:
        element["initial_value"] = value[:limit]
    return element


def input_block(block: str, label: str, element: Block, *, hint: str | None = None, optional: bool = False) -> Block:
    found: Block = {"type": "input", "block_id": block, "label": blocks.plain(label, 100), "element": element}
    if hint:
        found["hint"] = blocks.plain(hint, 150)
    if optional:
        found["optional"] = True
    return found
