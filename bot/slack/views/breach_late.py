"""Late usage took a month that is over past a threshold: said once, with what it means, and no button that could undo it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name, when
from core.breach import BreachKind
from core.money import apart, usd
from core.period import Cycle


def late_line(facts: Mapping[str, Any]) -> str:
    """One sentence, also for the notification and for a line among several."""
    spent, size = int(facts["spent"]), int(facts["size"])
    passed = f"its {share(int(facts['threshold_bp']) / 10_000)} of {usd(size)}"
    if facts["kind"] == BreachKind.HARD and spent >= size:
        passed = f"its envelope of {usd(size)}"
    return f"Late usage of {_cycle(facts).title} took *{name(str(facts['workload']))}* past {passed}: *{usd(spent)}*"


def late_message(facts: Mapping[str, Any], *, reader: ZoneInfo) -> Message:
    cycle, spent, size = _cycle(facts), int(facts["spent"]), int(facts["size"])
    late = spent - int(facts["known"])
    lines = [
        f"{late_line(facts)}, {share(spent / size)} of it.",
        f"{apart(spent, int(facts['known'])) if late else usd(0)} came in or was counted after the month ended. "
        f"Nothing is slowed down or stopped for it, and {cycle.next.title} has its whole envelope.",
    ]
    why = code(f"/budget why-told {facts['workload']}")
    return blocks.message(
        late_line(facts),
        blocks.section("\n".join(lines)),
        blocks.context(
            f"{cycle.title} takes late usage until {when(datetime.fromisoformat(facts['frozen_from']), reader)}; then its close "
            f"begins. As of {when(datetime.fromisoformat(facts['as_of']), reader)} · {why}"
        ),
        blocks.actions(status_button(facts)),
    )


def status_button(facts: Mapping[str, Any]) -> Block:
    return blocks.button("Status", ids.SHOW_STATUS, str(facts["workload"]))


def _cycle(facts: Mapping[str, Any]) -> Cycle:
    return Cycle.read(str(facts["cycle"]))
