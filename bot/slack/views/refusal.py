"""What is said when something cannot be done: a refusal with its way out, or a reference number for our own fault."""

from __future__ import annotations

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, with_mentions
from core.errors import BudgetError


def refusal_message(error: BudgetError) -> Message:
    """The refusal as a sentence and, where there is one, the corrected line to paste."""
    text = with_mentions(error.message)
    if error.correction is None:
        return blocks.message(text, blocks.section(text))
    return blocks.message(
        f"{text} Try: {code(error.correction, 300)}",
        blocks.section(f"{text} Paste this instead:"),
        blocks.paste(error.correction),
    )


def reference_message(reference: str) -> Message:
    """For a fault of ours; the reference finds its traceback in the log."""
    text = (
        f"Something went wrong on our side. Look with `/budget status` whether it took effect before you try again. "
        f"If it stays, give whoever runs Outlay this reference: {code(reference)}"
    )
    return blocks.message(text, blocks.section(text))
