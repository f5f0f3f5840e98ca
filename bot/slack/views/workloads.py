"""`/budget workload list` and `add`: what exists, and what a rule would catch before it is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import counted, day, plural
from core.money import usd
from core.standing import Catch
from core.workload import UNATTRIBUTED, quoted

if TYPE_CHECKING:
    from core.services.manage_workloads import WorkloadListing

EXAMPLES = 5
TABLE_CHARACTERS = 10_500


def listing_message(listings: Sequence[WorkloadListing], *, reader: ZoneInfo) -> Message:
    """Every workload with its owner, rules and spend this month, most spend first."""
    if not listings:
        return blocks.message(
            "There are no workloads yet.",
            blocks.section("*There are no workloads yet.* Add the first one with its rule:"),
            blocks.paste("/budget workload add search-answers feature=search environment=production"),
        )
    bare = [one for one in listings if not one.has_envelope and one.name != UNATTRIBUTED]
    count = sum(one.name != UNATTRIBUTED for one in listings)
    finding = f"{plural(count, 'workload')}, " + (
        f"{len(bare):,} without an envelope." if bare else f"{'each ' if count > 1 else ''}with an envelope."
    )
    shown = _that_fit(listings)
    hidden = len(listings) - len(shown)
    return blocks.message(
        finding,
        blocks.section(f"*{finding}* A workload is a thing that spends; its rules say which usage belongs to it."),
        tables.data_table(
            "Workloads and their rules",
            ("Workload", "Owner", "Rules", "Spent", "Requests", "Envelope"),
            [_row(one) for one in shown],
        ),
        blocks.section(f"{plural(hidden, 'smaller workload')} not shown. See one with `/budget workload rules NAME`")
        if hidden
        else None,
        blocks.context("Spend and requests of this month so far · details with `/budget workload rules NAME`"),
        blocks.actions(
            blocks.button("Set an envelope", ids.OPEN_SET, ""),
            blocks.button("Spend by workload", ids.SHOW_SPEND, "workload"),
        ),
    )


def _that_fit(listings: Sequence[WorkloadListing]) -> Sequence[WorkloadListing]:
    left = TABLE_CHARACTERS
    for place, one in enumerate(listings[: tables.ROWS]):
        left -= 30 + len(one.name[:60]) + len(_rules_text(one))
        if left < 0:
            return listings[:place]
    return listings[: tables.ROWS]


def _rules_text(one: WorkloadListing) -> str:
    if one.name == UNATTRIBUTED:
        return "whatever no rule matches"
    if not one.rules:
        return "none; named by its events"
    first = str(one.rules[0])
    return first if len(one.rules) == 1 else f"{first[:60]} (+{len(one.rules) - 1:,} more)"


def _row(one: WorkloadListing) -> list[Cell]:
    return [
        tables.words(one.name),
        tables.people("", one.owner),
        tables.words(_rules_text(one), 80),
        tables.money(one.spent_nanos),
        tables.number(one.requests),
        tables.words("yes" if one.has_envelope else "none"),
    ]


def catch_message(workload: str, pairs: Mapping[str, str], catch: Catch, *, private: str) -> Message:
    """What a rule would have caught, and the choice to add it. `private` (≤ 2 000 characters) returns with the click."""
    rule = " ".join(f"{dimension}={quoted(value)}" for dimension, value in pairs.items())
    finding = _catch_finding(catch)
    choices = [blocks.button("Add rule", ids.ADD_RULE, private, style="primary")]
    if any(source == UNATTRIBUTED for source, *_ in catch.moves) or catch.unattributed_requests:
        choices.append(_move_back(workload, private))
    if catch.unattributed_requests:
        moving = counted(catch.unattributed_requests, catch.unattributed_nanos)
        asks = blocks.confirmation(
            "Re-attribute this month?",
            f"{moving} of this month move from unattributed to {workload}. Earlier months stay as they are.",
            yes="Add and move",
            style="primary",
        )
        choices.insert(1, blocks.button("Add and re-attribute this cycle", ids.ADD_RULE_AND_MOVE, private, asks=asks))
    return blocks.message(
        f"A rule for *{name(workload)}*: {finding}",
        blocks.section(f"*A rule for {name(workload)}* {code(rule, 300)}\n{finding} Nothing has been added yet."),
        _moves(catch),
        examples(catch),
        blocks.context(
            "A rule works from now on. With it, only what is unattributed moves; the rest stays where it is until somebody "
            "re-attributes it with `/budget workload rules NAME`"
        ),
        blocks.actions(*choices),
    )


def _move_back(workload: str, private: str) -> Block:
    asks = blocks.confirmation(
        "Re-attribute three months?",
        f"Whatever matches and is unattributed since the month before last moves to {workload}. Closed months change too.",
        yes="Add and move",
        style="primary",
    )
    return blocks.button("Add and re-attribute 3 months", ids.ADD_RULE_AND_MOVE_BACK, private, asks=asks)


def _catch_finding(catch: Catch) -> str:
    since = day(catch.since)
    if not catch.requests:
        return f"It matches no usage since {since}. Check how its values are spelt, or add it before the first request."
    return f"Since {since} it matches {worth(catch)}."


def worth(catch: Catch) -> str:
    """Requests and their cost; requests without any cost most likely have a model without a price."""
    if not catch.spent_nanos and catch.requests:
        return f"{plural(catch.requests, 'request')} without a cost (is their model priced? See `/budget price MODEL`)"
    return f"{plural(catch.requests, 'request')} worth *{usd(catch.spent_nanos)}*"


def _moves(catch: Catch) -> Block | None:
    lines = [
        f"• {counted(requests, nanos)} {'counts' if requests == 1 else 'count'} to *{name(source)}* now"
        for source, requests, nanos in catch.moves[:EXAMPLES]
    ]
    if len(catch.moves) > EXAMPLES:
        lines.append(f"• and {plural(len(catch.moves) - EXAMPLES, 'more workload')}")
    if catch.unattributed_requests:
        lines.append(
            f"• {counted(catch.unattributed_requests, catch.unattributed_nanos)} of this month sit in unattributed "
            "and can be moved"
        )
    return blocks.section("\n".join(lines)) if lines else None


def examples(catch: Catch) -> Block | None:
    return (
        blocks.section("*Examples*\n" + "\n".join(f"• {name(one, 200)}" for one in catch.examples[:EXAMPLES]))
        if catch.examples
        else None
    )
