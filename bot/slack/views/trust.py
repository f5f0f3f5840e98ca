"""The notice to finance that numbers cannot be trusted: what, since when, what it means, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import name, when
from core.money import usd
from core.source_health import Condition

_SOURCES: Final = {
    Condition.SILENT: "has fallen silent. What it would have sent is missing from every sum, so spend looks lower than it is.",
    Condition.REFUSED: "sends usage that cannot be booked. What was refused is missing from every sum.",
    Condition.GUESSING: "guesses its token counts. Sums that hold its usage are estimates.",
    Condition.LATE: "delivers usage hours late. A runaway would be told as late as its usage comes.",
}  # fmt: skip


def trust_message(facts: Mapping[str, Any], *, reader: ZoneInfo) -> Message:
    """Raises KeyError for facts that are not of this kind."""
    if facts["about"] == "unattributed":
        finding = (
            f"*{share(facts['share'])}* of last week's spend has no workload ({usd(facts['nanos'])}); "
            f"{share(facts['usual'])} was usual before."
        )
        return blocks.message(
            finding,
            blocks.header("More spend is unattributed"),
            blocks.section(f"{finding} An envelope on what is left is a guess."),
            blocks.actions(blocks.button("See what it is", ids.SHOW_UNATTRIBUTED, "")),
        )
    seen = facts["last_seen_at"]
    finding = f"The source *{name(facts['source'])}* {_SOURCES[Condition(facts['condition'])]}"
    return blocks.message(
        finding,
        blocks.header(f"A number cannot be trusted: {facts['source']}"),
        blocks.section(finding),
        blocks.context(f"Last heard {when(datetime.fromisoformat(seen), reader)}." if seen else "It was never heard."),
        blocks.actions(blocks.button("See all sources", ids.SHOW_SOURCES, "")),
    )
