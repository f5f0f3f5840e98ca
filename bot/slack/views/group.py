"""Several things to tell in one channel at once: one message, a line each, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.composed import Line
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import fitted

_LINE = 400
"""Characters of one line: twenty of them stay below what Slack takes in a message."""


def group_message(lines: Sequence[Line]) -> Message:
    """A heading with the number, then the lines with a way to each; the notification says the most urgent."""
    ordered = sorted(lines, key=lambda line: -line.urgency)
    count = f"{len(ordered)} budget alerts at once"
    return blocks.message(
        f"{count}, first: {ordered[0].text}",
        blocks.header(count),
        *(blocks.section(fitted(line.text, _LINE), accessory=line.way) for line in ordered),
        blocks.context("They came together, so they share a message. Each line is kept up to date here."),
    )
