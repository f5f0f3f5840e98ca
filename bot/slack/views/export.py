"""What a month's file holds, and how closed that month is."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bot.slack.command_words import COMMAND
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, when
from bot.slack.views.wording import plural
from core.exporting.focus import Form
from core.money import usd
from core.services.export_spend import Exported

_NAMES: Final = {Form.FOCUS_1_2: "FOCUS 1.2", Form.FOCUS_1_4: "FOCUS 1.4", Form.CSV: "a plain table"}


def export_message(exported: Exported, *, reader: ZoneInfo) -> Message:
    """The sum, the state of the month, what lacks a price, and the other formats."""
    cycle = exported.cycle
    held = f"{plural(exported.rows, 'row')}, *{usd(exported.nanos)}*, as {_NAMES[exported.form]}"
    said = f"{cycle.title} is in your messages with Outlay: {held}."
    small = [_state(exported, reader)]
    if exported.unpriced_requests:
        small.append(f"{plural(exported.unpriced_requests, 'request')} have no known price; their rows cost 0.")
    others = [form for form in Form if form is not exported.form]
    small.append("Other formats: " + " ".join(code(f"{COMMAND} export {cycle} format={form}") for form in others))
    return blocks.message(said.replace("*", ""), blocks.section(said), blocks.context(*small))


def _state(exported: Exported, reader: ZoneInfo) -> str:
    month = exported.month
    if month.closing is not None and month.closing.frozen_at is not None:
        at = f"The estimate was frozen at {usd(month.estimate_nanos)} on {when(month.closing.frozen_at, reader)}"
        changed = month.adjusted_nanos - month.estimate_nanos
        return f"{at}, and adjusted by {usd(changed)} since; the file holds both." if month.adjustments else f"{at}."
    latest = exported.latest_usage_at
    until = f" Usage is counted up to {when(latest, reader)}." if latest else ""
    return f"The month is not closed yet; its numbers can still grow.{until}"
