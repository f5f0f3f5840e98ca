"""The first direct message to somebody with a role: three lines on what is expected, and the way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.wording import listed

EXPECTED: Final = {
    "owner": (
        "You explain what it spends and act when it heads above its envelope",
        "Lower it at any time; for more you ask its sponsor",
        "A warning comes to its channel, with the cause. See where it stands: {status}",
    ),
    "finance partner": (
        "You see to it that prices, tags and sources can be believed",
        "At the end of the month you hold the invoice against the books and sign with the owner",
        "What is unattributed, unpriced or silent comes to you. Begin with `/budget sources`",
    ),
    "sponsor": (
        "You decide when the envelope is not enough; nobody else can, and the owner never does",
        "You get one message with cause and forecast; it takes twenty seconds",
        "Until you decide, what you agreed to holds. See where it stands: {status}",
    ),
    "deputy": (
        "You stand in for the sponsor, who did not answer for a day or has left",
        "You get the same message with cause and forecast, and decide in their place",
        "Until then there is nothing to do. See where it stands: {status}",
    ),
    "owner and finance partner": (
        "You explain what it spends, and see to it that prices and tags can be believed",
        "Lower it at any time; for more you ask its sponsor. At the end of the month you sign for both",
        "Warnings come to its channel, with the cause. See where it stands: {status}",
    ),
}


def welcome_message(role: str, workload: str, by: str, *, to: str) -> Message:
    """`to` may have taken the role themselves. Raises KeyError for a role that is none."""
    what = f"the {role} of *{name(workload)}*"
    text = f"You are {what} now." if by == to else f"{person(by)} made you {what}."
    status = code(f"/budget status {workload}")
    lines = "\n".join(f"• {line.format(status=status)}" for line in EXPECTED[role])
    return blocks.message(
        text,
        blocks.section(f"{text} What is expected of you:\n{lines}"),
        blocks.context("This comes once for each role. Everything of yours is on my Home tab."),
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, workload),
            blocks.button("How it works", ids.SHOW_HELP, ""),
        ),
    )


def departed_message(who: str, roles: Sequence[Sequence[str]]) -> Message:
    """Tells finance that somebody with a role has left; `roles` are (workload, role)."""
    held = [f"{role} of *{name(workload)}*" for workload, role in roles]
    text = f"{person(who)} is deactivated in Slack and still {listed(held, 5)}. Nobody there can answer now."
    lines = [f"/budget set {workload} {role.split()[0]}=@name" for workload, role in roles]
    return blocks.message(
        text,
        blocks.section(f"{text} Name somebody else:"),
        blocks.paste(*lines[:5]),
        blocks.context("A new sponsor is the deputy's to confirm, where one is named."),
    )
