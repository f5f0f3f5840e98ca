"""The modal of `/budget set`, filled in from the proposal: four fields and the workload, the rest behind one button."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block
from bot.slack.views.set_form import Form
from core.change_request import SetOrder

if TYPE_CHECKING:
    from core.services.suggest_envelope import Proposal


def set_modal(proposal: Proposal, *, order: SetOrder | None = None, more: bool = False, naming: bool = False) -> Block:
    """The view.

    Args:
      order: what was already typed; it goes before the envelope in force, and that before the proposal.
      more: shows the optional fields; they show by themselves where `order` fills one of them.
      naming: asks for the name of a new workload in words instead of offering the existing ones.
    """
    form = Form(proposal, order or SetOrder(proposal.workload or ""))
    more = more or form.has_optional
    naming = naming or form.is_new or not (proposal.names or proposal.workload)
    view_blocks = [form.workload_block(naming), *form.main_blocks()]
    view_blocks += form.optional_blocks() if more else [form.more_button()]
    seen = {
        "workload": proposal.workload,
        "revision": proposal.envelope.revision if proposal.envelope else None,
        "more": more,
        "naming": naming,
    }
    return {
        "type": "modal",
        "callback_id": ids.SET_MODAL,
        "title": blocks.plain("Change an envelope" if proposal.envelope else "Set an envelope", 24),
        "submit": blocks.plain("Save", 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": json.dumps(seen),
        "blocks": view_blocks,
    }
