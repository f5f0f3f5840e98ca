"""The notice to finance that numbers cannot be trusted: what, since when, what it means, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import signed
from bot.readable import share, visible
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import name, when
from bot.slack.views.wording import day, plural, signed_percent
from core.money import usd
from core.period import Cycle
from core.price_doubt import Doubt
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
    if facts["about"] == "price":
        return _price_message(facts)
    if facts["about"] == "unpriced":
        return _unpriced_message(str(facts["model"]), int(facts["requests"]))
    seen = facts["last_seen_at"]
    finding = f"The source *{name(facts['source'])}* {_SOURCES[Condition(facts['condition'])]}"
    return blocks.message(
        finding,
        blocks.header(f"A number cannot be trusted: {facts['source']}"),
        blocks.section(finding),
        blocks.context(f"Last heard {when(datetime.fromisoformat(seen), reader)}." if seen else "It was never heard."),
        blocks.actions(blocks.button("See all sources", ids.SHOW_SOURCES, "")),
    )


def _unpriced_message(model: str, requests: int) -> Message:
    """A model that nobody priced, in spend without an envelope that would tell it."""
    finding = (
        f"*{plural(requests, 'request')}* of this month on *{name(model)}* have no price. What they cost is in no sum."
    )
    return blocks.message(
        finding,
        blocks.header(f"A model has no price: {model}"),
        blocks.section(f"{finding}\nSet what you pay for a million tokens:"),
        blocks.paste(f"/budget price {visible(model)} input=1.25 output=10"),
        blocks.actions(blocks.button("See what it is", ids.SHOW_UNATTRIBUTED, "")),
    )


def _price_message(facts: Mapping[str, Any]) -> Message:
    """What the price is, what rests on it, and the line that confirms or mends it."""
    why, provider, model = Doubt(facts["why"]), name(facts["provider"]), name(facts["model"] or "every model")
    since = date.fromisoformat(facts["since"])
    age = (datetime.fromisoformat(facts["as_of"]).date() - since).days
    if why is Doubt.INVOICE:
        year, month = (int(part) for part in facts["month"].split("-"))
        bill = Cycle(year, month).title
        off = signed_percent(facts["millionths"] / 1_000_000 - 1) if facts["millionths"] else "not priced in the books"
        finding = (
            f"*{model}* at {provider}: the {bill} invoice is *{off}* against the price in the books from {day(since)} "
            f"({signed(facts['nanos'])})."
        )
        step = "If the invoice is right, set its price:" if facts["model"] else "Open the comparison and mend it there:"
        note = "A new price holds for usage recorded from then on; past cost stays until you reprice it (`Mend…` in the comparison)."
    elif why is Doubt.OLD_LIST:
        finding = (
            f"The list prices of *{provider}* were last renewed {day(since)}, {age} days ago. {usd(facts['nanos'])} of this "
            f"month rests on the one of {model}, and more on others."
        )
        step = "Update Outlay for the newest list, or confirm what you pay:"
        note = "Prices that changed since are wrong in every sum and forecast."
    else:
        finding = (
            f"The negotiated price of *{model}* at {provider} was last confirmed {day(since)}, {age} days ago. "
            f"{usd(facts['nanos'])} of this month rests on it."
        )
        step = "Correct it where the contract says otherwise, or confirm it as it is:"
        note = "Pasting the same prices confirms them."
    return blocks.message(
        finding,
        blocks.header(f"A price cannot be trusted: {facts['model'] or facts['provider']}"),
        blocks.section(f"{finding}\n{step}"),
        blocks.paste(facts["line"]),
        blocks.context(note),
    )
