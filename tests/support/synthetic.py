"""Notices of a made-up kind, for tests of delivery that are not about what is said."""

from __future__ import annotations

from bot.composed import Composed, Line
from bot.slack.views import blocks
from core.store.outbox import Notice

SAID = "said"
"""A kind that may share a message; its facts are {"says": words, "urgency": number}."""
ALONE = "alone"
"""The same in a kind that may not."""


async def said(notice: Notice) -> Composed:
    text = str(notice.facts["says"])
    message = blocks.message(text, blocks.section(text))
    return Composed(lambda _: message)


def said_line(notice: Notice) -> Line:
    return Line(int(notice.facts.get("urgency", 0)), str(notice.facts["says"]), blocks.button("Why", "test", "1"))


COMPOSERS = {SAID: said, ALONE: said}
LINES = {SAID: said_line}
