"""The forms of a grant, of `/budget request` and of `/budget holdback`."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block
from bot.slack.views.mrkdwn import name, person
from bot.slack.views.plans import input_block, text_field
from core.approval import MAX_REASON, most_grantable
from core.envelope import Envelope
from core.escalation import Escalation
from core.money import usd

View = dict[str, Any]


def grant_modal(asked: Escalation, envelope: Envelope, spent_nanos: int, *, today: date) -> View:
    """Amount, until, reason; what can be granted is said where it is typed."""
    cycle = asked.cycle
    size = envelope.size(cycle)
    most = most_grantable(envelope.lasting(cycle), size, spent_nanos)
    said = f"*{name(envelope.workload)}* has spent {usd(spent_nanos)} of {usd(size)}."
    if asked.asked_nanos:
        said += f" {person(asked.asked_by)} asks for *{usd(asked.asked_nanos)}*: “{name(asked.reason, 300)}”"
    suggested = usd(asked.asked_nanos) if asked.asked_nanos else None
    starts: Block = {
        "type": "datepicker", "action_id": "value", "initial_date": max(today, cycle.last_on).isoformat(),
    }  # fmt: skip
    over = max(0, spent_nanos - size)
    hint = f"Up to {usd(most)}." + (f" The first {usd(over)} cover what is overspent." if over else "")
    return _modal(
        ids.GRANT_MODAL, "Grant more", "Grant", {"escalation": asked.id},
        blocks.section(said),
        input_block(ids.BLOCK_MORE_AMOUNT, "Amount", text_field(suggested, "400", limit=40), hint=hint),
        input_block(
            ids.BLOCK_MORE_UNTIL, "Until the end of", starts,
            hint=f"At the latest {cycle.last_on.isoformat()}. It reverts by itself.",
        ),
        _reason("What is it for? The owner and the audit read it."),
    )  # fmt: skip


def request_modal(envelope: Envelope, spent_nanos: int, size_nanos: int) -> View:
    """The owner's question: how much more, and why."""
    said = (
        f"*{name(envelope.workload)}* has spent {usd(spent_nanos)} of {usd(size_nanos)}. "
        f"{person(envelope.terms.people.sponsor)} decides."
    )
    return _modal(
        ids.REQUEST_MODAL, "Ask for more", "Ask", {"workload": envelope.workload},
        blocks.section(said),
        input_block(ids.BLOCK_MORE_AMOUNT, "How much more", text_field(None, "400", limit=40), hint="For this month, on top."),
        _reason("What happened, and what follows without it?"),
    )  # fmt: skip


def holdback_modal(envelope: Envelope, holdback_nanos: int) -> View:
    """Drawing the reserve: once a month, the whole of it."""
    said = (
        f"The holdback of *{name(envelope.workload)}* is *{usd(holdback_nanos)}*. It is drawn once a month and whole; finance "
        "and sponsor are told."
    )
    return _modal(
        ids.HOLDBACK_MODAL, "Draw the holdback", "Draw", {"workload": envelope.workload},
        blocks.section(said), _reason("Why now?"),
    )  # fmt: skip


def _reason(hint: str) -> Block:
    element = text_field(None, "Launch week: traffic doubled", limit=MAX_REASON)
    return input_block(ids.BLOCK_MORE_REASON, "Reason", element | {"multiline": True}, hint=hint)


def _modal(callback: str, title: str, submit: str, private: dict[str, object], *shown: Block) -> View:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": blocks.plain(title, 24),
        "submit": blocks.plain(submit, 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": json.dumps(private),
        "blocks": list(shown),
    }
