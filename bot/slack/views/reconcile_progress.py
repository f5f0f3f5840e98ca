"""The one message that shows how far an invoice is read and compared, until the comparison takes its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name, person, with_mentions
from core.errors import Unreadable
from core.period import Cycle
from core.services.take_invoice import WrongUnits


@dataclass(frozen=True, slots=True)
class Order:
    """An invoice to take in: whose, for which month, from which Slack file; None takes the pulled charges.

    `rate` is the exchange rate as typed; `units_agreed` says that somebody vouched for the amounts.
    """

    provider: str
    month: Cycle
    file: str | None
    rate: str | None = None
    units_agreed: bool = False

    def packed(self) -> str:
        return json.dumps([self.provider, str(self.month), self.file, self.rate])

    @classmethod
    def unpacked(cls, value: str, *, units_agreed: bool) -> Order:
        """Raises Unreadable for what no button of ours carries."""
        try:
            provider, month, file, rate = json.loads(value)
            year, number = str(month).split("-")
            return cls(str(provider), Cycle(int(year), int(number)), file, rate, units_agreed)
        except (ValueError, TypeError) as forged:
            raise Unreadable("This button does not name an invoice. Start again with `/budget reconcile`.") from forged


def progress_message(order: Order, by: str, step: str) -> Message:
    """What is being done; `step` is escaped mrkdwn."""
    text = f"⏳ {name(order.provider)} {order.month.title}: {step}"
    return blocks.message(text, blocks.section(text), blocks.context(f"Started by {person(by)}"))


def stopped_message(order: Order, by: str, reason: str, *, refusal: Exception | None = None) -> Message:
    """Why it went no further, and the way on; nothing was stored."""
    text = f"{name(order.provider)} {order.month.title} was not compared. {with_mentions(reason)}"
    again = blocks.button("Try again", ids.OPEN_RECONCILE, f"{order.provider} {order.month}")
    vouch: list[Any] = []
    if isinstance(refusal, WrongUnits):
        asks = blocks.confirmation(
            "Are these dollars?", "Store the amounts as they stand in the file. The gap will be as large as it looks.",
            yes="They are right", style="danger",
        )  # fmt: skip
        vouch = [blocks.button("The amounts are right", ids.VOUCH_UNITS, order.packed(), asks=asks)]
    return blocks.message(
        text,
        blocks.section(text),
        blocks.actions(again, *vouch),
        blocks.context(
            f"Started by {person(by)} · by line: {code(f'/budget reconcile {order.provider} {order.month}')}"
        ),
    )


def again_message(order: Order, by: str, said: str) -> Message:
    """The end of a progress message whose comparison is shown elsewhere; `said` is escaped."""
    text = f"{name(order.provider)} {order.month.title}: {said}"
    return blocks.message(text, blocks.section(text), blocks.context(f"Started by {person(by)}"))
