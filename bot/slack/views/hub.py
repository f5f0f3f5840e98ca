"""`/budget` alone: the next useful step for who asks, and the four things that people come for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.charts.foretold import chance
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.help import pasteable
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.wording import listed, plural
from core.envelope import State
from core.home import Home, MyEnvelope
from core.money import usd

WHAT: Final = "Outlay keeps an envelope for each AI workload: what it may spend this month, and who answers for it."


@dataclass(frozen=True, slots=True)
class _Step:
    """What is worth doing next, escaped, and the button that does it; None where a line to paste does."""

    text: str
    button: Block | None = None


def hub_message(home: Home) -> Message:
    """Somebody new reads what this is; whoever has an envelope knows it and reads what is next."""
    step = next_step(home)
    text = f"{WHAT} {step.text}" if home.is_new else step.text
    ways = [
        blocks.button("Status", ids.SHOW_STATUS, "", style=None if step.button else "primary"),
        blocks.button("Set an envelope", ids.OPEN_SET, ""),
        blocks.button("Spend by feature", ids.SHOW_SPEND, "feature"),
        blocks.button("Help", ids.SHOW_HELP, ""),
    ]
    (line,) = pasteable(("/budget set UNSET 4000 sponsor=@name",), (home.unset,) if home.unset else home.names[:1])
    return blocks.message(
        text,
        blocks.section(text),
        blocks.actions(*([step.button] if step.button else []), *ways),
        blocks.context(
            f"Or type it: `/budget status`, {code(line)}",
            "Is all of it there? `/budget sources` and `/budget unattributed` tell. What waits for you: `/budget approvals`.",
            "Answers are only for you; add `--share` to show one to the channel.",
        ),
    )


def next_step(home: Home) -> _Step:
    """The first of these that there is: a decision, a signature, an envelope in trouble, the rollout, a source in trouble."""
    if count := len(home.to_decide) + len(home.escalations):
        waits = "decision waits" if count == 1 else "decisions wait"
        return _Step(f"*{count:,} {waits} for you.*", _main("Decide", ids.SHOW_APPROVALS, ""))
    if home.to_sign:
        first = home.to_sign[0]
        line = code(f"/budget reconcile {first.provider} {first.month}")
        return _Step(f"*{name(first.provider)} {first.month.title} waits for your signature:* {line}")
    if troubled := [mine for mine in home.envelopes if mine.standing.needs_a_look]:
        return _trouble(troubled[0], len(troubled) - 1)
    if home.is_finance and home.rollout is None:
        start = _main("Start the 30 days", ids.OPEN_ROLLOUT, "")
        return _Step(f"{_calm(home)} *Next:* from nothing to bounded spend in four weeks, with a checklist.", start)
    if alarming := [code(one.name, 80) for one in home.sources or () if one.is_alarming]:
        needs = "needs" if len(alarming) == 1 else "need"
        look = _main("Sources", ids.SHOW_SOURCES, "")
        return _Step(
            f"{_calm(home)} *Next:* {listed(alarming)} {needs} a look, or the numbers are not all of it.", look
        )
    return _Step(_calm(home))


def _main(label: str, action: str, value: str) -> Block:
    return blocks.button(label, action, value, style="primary")


def _trouble(mine: MyEnvelope, others: int) -> _Step:
    one = mine.standing
    workload = f"*{name(one.envelope.workload)}*"
    if one.state is State.WITHIN:
        what = f"will probably pass its {usd(one.size_nanos)} ({chance(one.chance)})"
    else:
        what = f"has spent {usd(one.spent_nanos)} of {usd(one.size_nanos)}"
    more = (
        f", and {plural(others, 'more envelope')} of yours {'needs' if others == 1 else 'need'} a look"
        if others
        else ""
    )
    return _Step(f"{workload} {what}{more}.", _main("Why", ids.SHOW_WHY, one.envelope.workload))


def _calm(home: Home) -> str:
    if not home.envelopes:
        known = f"There are {len(home.names):,} workloads; Status shows them all." if len(home.names) > 1 else ""
        return known or "Nothing of it is yours yet."
    spent = sum(mine.standing.spent_nanos for mine in home.envelopes)
    size = sum(mine.standing.size_nanos for mine in home.envelopes)
    count = len(home.envelopes)
    held = "envelope is within its" if count == 1 else f"{count:,} envelopes are within their"
    return f"Your {held} thresholds: {usd(spent)} of {usd(size)} spent in {home.cycle.title}."
