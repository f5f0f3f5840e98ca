"""Modals around the form of `/budget set`: while something is read or saved, with a refusal on top, with what came of it."""

from __future__ import annotations

from typing import Any

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.refusal import refusal_message
from core.errors import BudgetError

View = dict[str, Any]


def waiting_modal(title: str, text: str) -> View:
    return _plain_modal(title, [blocks.section(text)], close="Close")


def outcome_modal(title: str, message: Message) -> View:
    """What a message would say; its buttons are left out, because they would open modals over this one."""
    shown = [block for block in message["blocks"] if block["type"] != "actions"]
    return _plain_modal(title, shown, close="Done")


def with_refusal(form: View, refusal: BudgetError) -> View:
    """The form as it was filled in, with the reason above it. The line to paste is left out: the form is at hand."""
    reason = refusal_message(type(refusal)(refusal.message))["blocks"]
    return form | {"blocks": [*reason, *form["blocks"]]}


def _plain_modal(title: str, shown: list[Any], *, close: str) -> View:
    return {"type": "modal", "title": blocks.plain(title, 24), "close": blocks.plain(close, 24), "blocks": shown}
